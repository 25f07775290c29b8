package org.trlm.job;

import java.io.IOException;
import java.io.Serializable;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.trlm.engine.EngineSizing;
import org.trlm.engine.kernel.KvCacheDtype;
import org.trlm.job.inference.BalancedPartitions;
import org.trlm.job.inference.Generation;
import org.trlm.job.inference.PartitionInference;
import org.trlm.job.inference.RequestKeys;
import org.trlm.job.inference.RowKeys;
import org.trlm.job.inference.RunContext;
import org.trlm.job.inference.Workload;
import org.trlm.job.input.Causes;
import org.trlm.job.input.PromptRowReader;
import org.trlm.job.input.PromptTable;
import org.trlm.job.model.ModelBundle;
import org.trlm.job.output.Publication;
import org.trlm.job.output.RunManifest;
import org.trlm.job.progress.ExecutorLosses;
import org.trlm.job.progress.Progress;
import org.trlm.job.progress.RunCounters;
import org.trlm.job.progress.RunCounters.Counts;
import org.trlm.job.waves.Pending;
import org.trlm.job.waves.Retry;
import org.trlm.job.waves.WaveOutput;

/**
 * The run of a workload: a table of prompts in, a table of answers out. Driver only; one instance a
 * run.
 */
public final class BatchInference {
  private static final int SLOT_ROUNDS_PER_PARTITION = 4;
  private static final int PARTITIONS_PER_CORE = 6;

  /** A wave's commit takes some tenths of a second, whatever is in it. */
  private static final long LEAST_ROWS_PER_WAVE = 2000;

  private static final int ROWS_PER_SHUFFLE_PARTITION = 20_000;
  private static final int MOST_SHUFFLE_PARTITIONS = 1000;

  private static final String MORE_MEMORY =
      "The heap is set by TRLM_DRIVER_MEMORY (submit/local.sh) or --driver-memory (spark-submit),"
          + " the number of tasks by --master local[N].";

  private final SparkSession spark;
  private final JobConfig config;
  private final ComputeChoice compute;
  private final ModelBundle bundle;
  private final RunCounters counters;
  private final Instant start = Instant.now();
  private final String runId;

  private BatchInference(
      SparkSession spark, JobConfig config, ComputeChoice compute, ModelBundle bundle) {
    this.spark = spark;
    this.config = compute.applyTo(config);
    this.compute = compute;
    this.bundle = bundle;
    this.counters = new RunCounters(spark.sparkContext());
    this.runId = RunIds.next(spark, config.output().path());
  }

  /** {@link #run(SparkSession, JobConfig, ModelBundle, Workload.Factory)} that generates text. */
  public static RunSummary run(SparkSession session, JobConfig config, ModelBundle bundle) {
    return run(session, config, bundle, Generation::of);
  }

  /**
   * Answers every row of the input. Row errors are rows of the output.
   *
   * @param session whose Spark application runs the job; its settings are left alone
   * @param workload what is done with the rows
   * @throws JobException when input or parameters cannot be used, or executors cannot compute as
   *     asked, before any work
   * @throws RunFailedException when the job fails while it runs; the manifest says so
   */
  public static RunSummary run(
      SparkSession session, JobConfig config, ModelBundle bundle, Workload.Factory workload) {
    return run(session, config, bundle, workload, Publication.NONE);
  }

  /**
   * The same with a place that the answers are carried over to.
   *
   * @param publication used under the lease of the output alone
   */
  static RunSummary run(
      SparkSession session,
      JobConfig config,
      ModelBundle bundle,
      Workload.Factory workload,
      Publication publication) {
    ComputeChoice compute = ComputeChoice.of(session.sparkContext(), config.engine());
    return new BatchInference(session.newSession(), config, compute, bundle)
        .run(workload, publication);
  }

  private RunSummary run(Workload.Factory factory, Publication publication) {
    OwnSession.prepare(spark);
    PromptTable table = PromptTable.open(spark, config.input());
    Workload workload = factory.of(table, context(config, KeySettings.of(config, bundle)));
    publication.check(workload.columns());
    checkThatEnginesFit();
    long rows = count(table);
    spark.conf().set("spark.sql.shuffle.partitions", Long.toString(shufflePartitions(rows)));
    if (isSmall(rows)) {
      OwnSession.interpret(spark);
    }
    workload.warnings().forEach(warning -> System.err.println("Warning: " + warning));
    if (config.engine().kvCacheDtype() != KvCacheDtype.FLOAT32) {
      System.err.println("Key/value cache: " + config.engine().kvCacheDtype().spelling());
    }
    try (StopSignal signal = StopSignal.listen();
        ExecutorLosses losses = ExecutorLosses.watch(spark.sparkContext());
        WaveOutput output = WaveOutput.open(spark, config.output(), runId, publication)) {
      signal.onStop(output::stop);
      FailureReport report =
          new FailureReport(spark, config.output().path(), runId, losses, signal);
      Dataset<Row> keyed = RowKeys.addTo(isSmall(rows) ? table.inOnePartition() : table);
      List<RequestKeys> asked = new ArrayList<>(List.of(workload.requestKeys()));
      for (Retry retry : output.accept(settings(workload), retryOf())) {
        asked.add(factory.of(table, context(retry)).requestKeys());
      }
      Dataset<Row> identified = RowKeys.addAnswerKeys(keyed, table.reader(), asked);
      Run run = new Run(workload, table.reader(), identified, asked.size(), rows);
      answer(run, output, report);
      return summary();
    } catch (IOException e) {
      throw new JobException(
          "--output %s cannot be used: %s. Give a directory that this user may read and write.%s"
              .formatted(
                  config.output().path(),
                  Causes.chain(e),
                  FailureReport.obstacle(spark, config.output().path())),
          e);
    }
  }

  /**
   * One run that its output has accepted.
   *
   * @param keyed the input, with the columns of {@link RowKeys#addAnswerKeys}
   * @param ways how many ways to ask its keys know
   * @param input how many rows it has
   */
  private record Run(
      Workload workload, PromptRowReader reader, Dataset<Row> keyed, int ways, long input) {}

  private RunSummary summary() {
    Counts counts = counters.counts();
    return new RunSummary(counts.rows(), counts.okRows(), counts.errorRows(), counts.skippedRows());
  }

  /** What answers depend on beside the rows, by the names of the options. */
  private Map<String, Object> settings(Workload workload) {
    Map<String, Object> settings = new TreeMap<>(KeySettings.values(config, bundle));
    settings.putAll(workload.keyParameters());
    settings.put("command", workload.command());
    settings.put("model", bundle.name() + " " + bundle.fingerprint());
    return settings;
  }

  private Retry retryOf() {
    return new Retry(new TreeMap<>(config.sampling().given()), KeySettings.of(config, bundle));
  }

  private RunContext context(Retry retry) {
    Map<String, Serializable> sampling = new TreeMap<>();
    retry.sampling().forEach((name, value) -> sampling.put(name, (Serializable) value));
    return context(config.with(JobConfig.SamplingOptions.of(sampling)), retry.keySettings());
  }

  private RunContext context(JobConfig asked, String keySettings) {
    return new RunContext(runId, asked, bundle, keySettings, counters, tasksPerJvm());
  }

  /** In local mode the tasks run in this JVM, so what it cannot hold is known before any work. */
  private void checkThatEnginesFit() {
    if (tasksPerJvm() == 0) {
      return;
    }
    try {
      PartitionInference.prepare(bundle, config, counters, tasksPerJvm());
    } catch (IllegalArgumentException e) {
      throw new JobException(e.getMessage() + ". " + MORE_MEMORY, e);
    } catch (IllegalStateException e) {
      // kernels that this JVM cannot use
      throw new JobException(e.getMessage(), e);
    } catch (OutOfMemoryError e) {
      throw new JobException(
          "the model %s does not fit into this JVM's heap of %d MiB. %s"
              .formatted(bundle.path(), Runtime.getRuntime().maxMemory() >> 20, MORE_MEMORY),
          e);
    }
  }

  /** Tasks that run at the same time in this JVM; 0 when they run in executors. */
  private int tasksPerJvm() {
    SparkContext context = spark.sparkContext();
    return context.isLocal() ? context.defaultParallelism() : 0;
  }

  private int slots() {
    return config.engine().maxNumSeqs() != null
        ? config.engine().maxNumSeqs()
        : EngineSizing.DEFAULT_MAX_NUM_SEQS;
  }

  /** Rows whose prompts and answers fill the slots of one engine several times. */
  private long rowsPerPartition() {
    return (long) SLOT_ROUNDS_PER_PARTITION * slots();
  }

  private long rowsPerWave() {
    Long asked = config.output().waves().rowsPerWave();
    return asked != null
        ? asked
        : rowsPerWave(spark.sparkContext().defaultParallelism(), rowsPerPartition());
  }

  /** As many as some partitions a core have; more where few slots would make small waves. */
  static long rowsPerWave(long cores, long rowsPerPartition) {
    return Math.max(LEAST_ROWS_PER_WAVE, cores * PARTITIONS_PER_CORE * rowsPerPartition);
  }

  private int partitions(long rows) {
    if (config.run().partitions() != null) {
      return config.run().partitions();
    }
    int cores = spark.sparkContext().defaultParallelism();
    long balanced = Math.max(cores, rows / rowsPerPartition());
    return (int) Math.max(1, Math.min(rows, Math.min(balanced, 100_000)));
  }

  /** In one stage: Spark's own count is two, with an exchange between them. */
  private long count(PromptTable table) {
    try {
      return table.rows().select(new Column[0]).javaRDD().count();
    } catch (Exception e) { // Spark's Scala code throws checked exceptions undeclared
      throw new JobException(
          "--input %s cannot be read: %s"
              .formatted(String.join(", ", config.input().paths()), Causes.chain(e)),
          e);
    }
  }

  /** Whether a query over the rows is work for one task, and less of it than planning the query. */
  private static boolean isSmall(long rows) {
    return rows < ROWS_PER_SHUFFLE_PARTITION;
  }

  private long shufflePartitions(long rows) {
    // 200 by default, whatever the size
    long cores = spark.sparkContext().defaultParallelism();
    long bySize = 1 + rows / ROWS_PER_SHUFFLE_PARTITION;
    return Math.min(bySize, Math.max(cores, MOST_SHUFFLE_PARTITIONS));
  }

  /** Finds what is pending, answers it, and tells how it went, whatever happens. */
  private void answer(Run run, WaveOutput output, FailureReport report) {
    Pending pending = null;
    try {
      pending = output.pending(run.keyed, run.input, run.ways, rowsPerWave());
      System.err.println(pending.summary(config.output().waves().retry()));
      answer(run, pending, output);
    } catch (Throwable failure) { // Spark's Scala code throws checked exceptions undeclared
      writeFailure(run, pending, failure, report);
      if (failure instanceof Error error) {
        throw error;
      }
      if (pending == null && failure instanceof JobException refusal) {
        throw refusal;
      }
      throw report.exception(failure);
    }
    writeManifest(run, pending, null);
  }

  private void answer(Run run, Pending pending, WaveOutput output) throws Throwable {
    try (Progress progress =
        Progress.start(
            spark.sparkContext(),
            counters,
            pending.rows() * run.workload.answersPerRow(),
            System.err)) {
      if (pending.rows() > 0) {
        answerWaves(run, pending, output);
      } else {
        output.writeEmpty(run.workload.columns());
      }
      output.finish(config.input().limit() == null ? run.keyed : null);
      progress.summary(
          config.output().path(), (System.currentTimeMillis() - start.toEpochMilli()) / 1000.0);
    }
  }

  private void answerWaves(Run run, Pending pending, WaveOutput output) throws Throwable {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    Broadcast<ModelBundle> model = context.broadcast(bundle);
    try {
      output.run(
          pending,
          wave ->
              BalancedPartitions.of(
                      wave.table(),
                      run.reader,
                      run.workload.expectedTokens(),
                      wave.rows(),
                      partitions(wave.rows()))
                  .mapPartitions(run.workload.tasks(model), Encoders.row(run.workload.columns())));
    } finally {
      model.destroy();
    }
  }

  private void writeFailure(Run run, Pending pending, Throwable failure, FailureReport report) {
    try {
      writeManifest(run, pending, report.reason(failure));
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  /**
   * @param pending null when the run failed before that was known
   * @param failure why the run failed; null for one that did not
   */
  private void writeManifest(Run run, Pending pending, String failure) {
    Counts counts = counters.counts();
    Map<String, Long> errors = new TreeMap<>();
    counts.errors().forEach((code, rows) -> errors.put(code.word(), rows));
    RunManifest manifest =
        new RunManifest(
            runId,
            failure == null ? "success" : "failed",
            failure,
            start.toString(),
            Instant.now().toString(),
            config,
            run.workload.parameters(),
            new RunManifest.Model(bundle.name(), bundle.path(), bundle.fingerprint()),
            versions(),
            new RunManifest.Compute(
                compute.asked().word(), compute.chosen().word(), compute.reason()),
            compute.kernels(),
            pending == null ? null : partitions(pending.rows()),
            new RunManifest.Rows(
                run.input,
                pending == null ? null : run.input - pending.rows(),
                counts.okRows(),
                counts.errorRows(),
                counts.skippedRows(),
                errors),
            new RunManifest.Tokens(
                counts.promptTokens(), counts.generatedTokens(), counts.cachedTokens()),
            new RunManifest.Throughput(
                counts.millis() / 1000.0, counts.tokensPerSecond(), counts.rowsPerHour()),
            counts.modelsPacked(),
            run.workload.warnings());
    try {
      manifest.write(config.output().path(), spark.sessionState().newHadoopConf());
    } catch (IOException e) {
      throw new IllegalStateException(
          "the run's manifest cannot be written to " + config.output().path(), e);
    }
  }

  private RunManifest.Versions versions() {
    String trlm = BatchInference.class.getPackage().getImplementationVersion();
    return new RunManifest.Versions(
        trlm == null ? "development" : trlm,
        spark.version(),
        Runtime.version().toString(),
        System.getProperty("java.vendor"));
  }
}
