package org.trlm.job;

import java.io.IOException;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.trlm.engine.EngineSizing;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.job.inference.Generation;
import org.trlm.job.inference.PartitionInference;
import org.trlm.job.inference.RowKeys;
import org.trlm.job.inference.RunContext;
import org.trlm.job.inference.Workload;
import org.trlm.job.input.Causes;
import org.trlm.job.input.PromptTable;
import org.trlm.job.model.ModelBundle;
import org.trlm.job.output.RunManifest;
import org.trlm.job.output.TableWriter;
import org.trlm.job.progress.Progress;
import org.trlm.job.progress.RunCounters;
import org.trlm.job.progress.RunCounters.Counts;

/**
 * The run of a workload: a table of prompts in, a table of answers out. Driver only; one instance a
 * run.
 */
public final class BatchInference {
  private static final int SLOT_ROUNDS_PER_PARTITION = 4;
  private static final int ROWS_PER_SHUFFLE_PARTITION = 20_000;
  private static final DateTimeFormatter RUN_ID_TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

  private static final String MORE_MEMORY =
      "The heap is set by TRLM_DRIVER_MEMORY (submit/local.sh) or --driver-memory (spark-submit),"
          + " the number of tasks by --master local[N].";

  private final SparkSession spark;
  private final JobConfig config;
  private final ModelBundle bundle;
  private final RunCounters counters;
  private final Instant start = Instant.now();
  private final String runId = runId(start);

  private BatchInference(SparkSession spark, JobConfig config, ModelBundle bundle) {
    this.spark = spark;
    this.config = config;
    this.bundle = bundle;
    this.counters = new RunCounters(spark.sparkContext());
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
   * @throws JobException when input or parameters cannot be used, before any work
   * @throws RunFailedException when the job fails while it runs; the manifest says so
   */
  public static RunSummary run(
      SparkSession session, JobConfig config, ModelBundle bundle, Workload.Factory workload) {
    return new BatchInference(session.newSession(), config, bundle).run(workload);
  }

  private RunSummary run(Workload.Factory factory) {
    setUpSession();
    PromptTable table = PromptTable.open(spark, config.input());
    Workload workload = factory.of(table, context());
    checkThatEnginesFit();
    long rows = table.rows().count();
    int partitions = partitions(rows);
    Run run = new Run(table, workload, rows, partitions);
    workload.warnings().forEach(warning -> System.err.println("Warning: " + warning));
    long answers = rows * workload.answersPerRow();
    try (Progress progress = Progress.start(spark.sparkContext(), counters, answers, System.err)) {
      answer(run);
      progress.summary(
          config.output().path(), (System.currentTimeMillis() - start.toEpochMilli()) / 1000.0);
    } catch (Throwable failure) { // Spark's Scala code throws checked exceptions undeclared
      writeFailure(run, failure);
      if (failure instanceof Error error) {
        throw error;
      }
      throw failed(failure);
    }
    writeManifest(run, null);
    Counts counts = counters.counts();
    return new RunSummary(counts.rows(), counts.okRows(), counts.errorRows(), counts.skippedRows());
  }

  /** One run, once its input is known. */
  private record Run(PromptTable table, Workload workload, long rows, int partitions) {}

  private RunContext context() {
    return new RunContext(
        runId, config, bundle, KeySettings.of(config, bundle), counters, tasksPerJvm());
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

  /** Settings of this run alone: the session was made for it. */
  private void setUpSession() {
    // readers other than Spark know this timestamp type
    spark.conf().set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS");
    // created_at is made as java.sql.Timestamp
    spark.conf().set("spark.sql.datetime.java8API.enabled", "false");
    spark.conf().set("spark.sql.sources.partitionOverwriteMode", "static");
  }

  private int partitions(long rows) {
    if (config.run().partitions() != null) {
      return config.run().partitions();
    }
    int slots =
        config.engine().maxNumSeqs() != null
            ? config.engine().maxNumSeqs()
            : EngineSizing.DEFAULT_MAX_NUM_SEQS;
    int cores = spark.sparkContext().defaultParallelism();
    long balanced = Math.max(cores, rows / ((long) SLOT_ROUNDS_PER_PARTITION * slots));
    return (int) Math.max(1, Math.min(rows, Math.min(balanced, 100_000)));
  }

  private void answer(Run run) {
    // 200 by default, whatever the size
    long shuffled = Math.max(spark.sparkContext().defaultParallelism(), run.partitions);
    shuffled = Math.min(shuffled, 1 + run.rows / ROWS_PER_SHUFFLE_PARTITION);
    spark.conf().set("spark.sql.shuffle.partitions", Long.toString(shuffled));
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    Broadcast<ModelBundle> model = context.broadcast(bundle);
    try {
      Dataset<Row> balanced = RowKeys.addTo(run.table).repartition(Math.max(1, run.partitions));
      Dataset<Row> responses =
          balanced.mapPartitions(run.workload.tasks(model), Encoders.row(run.workload.columns()));
      TableWriter.write(responses, config.output().format(), config.output().path());
    } finally {
      model.destroy();
    }
  }

  /** The directory keeps the manifest, for the post-mortem, and so refuses the same command. */
  private RunFailedException failed(Throwable failure) {
    return new RunFailedException(
        "%s%nRun %s is unfinished. Remove %s before another run, or give that one another --output."
            .formatted(Causes.chain(failure), runId, config.output().path()),
        failure);
  }

  private void writeFailure(Run run, Throwable failure) {
    try {
      writeManifest(run, failure);
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  private void writeManifest(Run run, Throwable failure) {
    Counts counts = counters.counts();
    Map<String, Long> errors = new TreeMap<>();
    counts.errors().forEach((code, rows) -> errors.put(code.word(), rows));
    RunManifest manifest =
        new RunManifest(
            runId,
            failure == null ? "success" : "failed",
            failure == null ? null : Causes.chain(failure),
            start.toString(),
            Instant.now().toString(),
            config,
            run.workload.parameters(),
            new RunManifest.Model(bundle.name(), bundle.path(), bundle.fingerprint()),
            versions(),
            KernelProvider.vectorAvailable()
                ? KernelProvider.vector().name()
                : KernelProvider.scalar().name(),
            run.partitions,
            new RunManifest.Rows(
                run.rows, counts.okRows(), counts.errorRows(), counts.skippedRows(), errors),
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

  private static String runId(Instant start) {
    byte[] random = new byte[4];
    new SecureRandom().nextBytes(random);
    return RUN_ID_TIME.format(start) + "-" + HexFormat.of().formatHex(random);
  }
}
