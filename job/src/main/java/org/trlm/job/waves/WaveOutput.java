package org.trlm.job.waves;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSError;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;
import org.trlm.job.JobConfig.OutputOptions;
import org.trlm.job.JobConfig.WaveOptions;
import org.trlm.job.JobException;
import org.trlm.job.inference.CrashTrail;
import org.trlm.job.inference.RowKeys;
import org.trlm.job.input.Causes;
import org.trlm.job.output.Publication;
import org.trlm.job.output.WaveFormat;

/**
 * The output of one run: knows what is answered, lets waves become visible, and drops answers that
 * others supersede. Open it, {@link #accept} the configuration, ask for the {@link #pending} rows,
 * {@link #run} them, {@link #finish}, close. Driver only.
 */
public final class WaveOutput implements AutoCloseable {
  private static final long BYTES_PER_PARTITION = 32L << 20;
  private static final long MOST_PARTITIONS = 1000;

  private final SparkSession spark;
  private final OutputOptions options;
  private final String runId;
  private final OutputFiles output;
  private final WaveFormat format;
  private final Lease lease;
  private final Publication publication;
  private final WaveRunner runner;
  private final AtomicInteger waves = new AtomicInteger();
  private final WaveRewriting rewriting;
  private final ConfigurationFile configuration;

  private WaveOutput(
      SparkSession spark,
      OutputOptions options,
      String runId,
      OutputFiles output,
      Lease lease,
      Publication publication,
      ConfigurationFile configuration) {
    this.spark = spark;
    this.options = options;
    this.runId = runId;
    this.output = output;
    this.format = WaveFormat.of(options.format());
    this.lease = lease;
    this.publication = publication;
    this.runner = new WaveRunner(spark, runId);
    this.configuration = configuration;
    this.rewriting = new WaveRewriting(spark, output, format, lease, this::nextWave);
  }

  /**
   * Takes the output for this run, carries out what a crashed run has decided, and removes what it
   * has not committed.
   *
   * @param publication where whole waves are carried over to when the run ends
   * @throws JobException when another run is writing it, or it holds what no run has written
   */
  public static WaveOutput open(
      SparkSession spark, OutputOptions options, String runId, Publication publication)
      throws IOException {
    return open(spark, options.path(), runId, publication, found -> options);
  }

  /**
   * {@link #open} for who adds no answers: in the format that they have.
   *
   * @throws JobException as well when no run has written there
   */
  public static WaveOutput openWritten(SparkSession spark, String path, String runId)
      throws IOException {
    OutputFiles output = OutputFiles.of(path, spark.sessionState().newHadoopConf());
    if (!output.hasState(OutputConfiguration.FILE)) {
      throw new JobException(
          "--output %s holds no waves: %s. Give the --output of an earlier generate or score."
              .formatted(
                  output,
                  output.names().isEmpty()
                      ? "there is no such directory, or it is empty"
                      : "its file %s/%s is missing"
                          .formatted(OutputFiles.STATE, OutputConfiguration.FILE)));
    }
    return open(
        spark,
        path,
        runId,
        Publication.NONE,
        found -> new OutputOptions(path, found.fileFormat(), false, false, WaveOptions.DEFAULT));
  }

  private static WaveOutput open(
      SparkSession spark,
      String path,
      String runId,
      Publication publication,
      Function<OutputConfiguration, OutputOptions> options)
      throws IOException {
    OutputFiles output = OutputFiles.of(path, spark.sessionState().newHadoopConf());
    refuseForeign(output);
    Lease lease = Lease.take(output, runId);
    try {
      publication.resume();
      CleanUp.afterCrash(output);
      ConfigurationFile found = ConfigurationFile.read(output);
      return new WaveOutput(
          spark, options.apply(found.current()), runId, output, lease, publication, found);
    } catch (IOException | RuntimeException e) {
      lease.close();
      throw e;
    }
  }

  private static void refuseForeign(OutputFiles output) throws IOException {
    List<String> foreign = CleanUp.foreign(output);
    if (!foreign.isEmpty()) {
      throw new JobException(
          "--output %s holds %s%s, which no run has written as a wave. Readers would take it for answers: move it away, or choose another directory."
              .formatted(
                  output,
                  foreign.get(0),
                  foreign.size() == 1 ? "" : " and %d more".formatted(foreign.size() - 1)));
    }
  }

  /** The latest run whose answers or manifest an output holds; empty for a new one. */
  public static Optional<String> latestRun(String path, Configuration hadoop) throws IOException {
    OutputFiles output = OutputFiles.of(path, hadoop);
    return output.names().stream()
        .map(WaveName::parse)
        .flatMap(Optional::stream)
        .map(WaveName::runId)
        .max(String::compareTo);
  }

  /**
   * What a failed run may owe its end to: why nothing can be written to an output any more, with
   * the path; empty when something can.
   */
  public static Optional<String> obstacle(String path, Configuration hadoop) {
    try {
      return OutputFiles.of(path, hadoop).obstacle();
    } catch (IOException e) {
      return Optional.of(Causes.chain(e));
    }
  }

  /**
   * Checks that the answers there were made with this configuration, and writes it down.
   *
   * @param settings what answers depend on beside the rows, by the names of the options
   * @param retry the parameters of this run, should it be one with {@code --retry}
   * @return the parameters of earlier retries, whose answers stand for those of this configuration
   * @throws JobException naming the differences, unless the options say what becomes of them
   */
  public List<Retry> accept(Map<String, Object> settings, Retry retry) throws IOException {
    return configuration.accept(options, settings, retry);
  }

  /** The keys of all answers that count; null when there are none. */
  private Dataset<Row> answers() throws IOException {
    List<String> paths = new ArrayList<>();
    for (String wave : output.waves()) {
      if (!configuration.current().isReplaced(wave)) {
        paths.add(output.path(wave).toString());
      }
    }
    if (paths.isEmpty()) {
      return null;
    }
    try {
      return format.keys(spark, paths);
    } catch (Exception e) { // AnalysisException is checked, but not declared by a Scala method
      throw unreadable(e);
    }
  }

  private JobException unreadable(Exception e) {
    return new JobException(
        "the answers in %s cannot be read: %s. Remove the directory wave=… that the file lies in and run again: its rows are then answered anew."
            .formatted(output, Causes.chain(e)),
        e);
  }

  /**
   * Finds the rows without an answer, and cuts them into waves.
   *
   * @param keyed the input, with the columns of {@link RowKeys#addAnswerKeys}
   * @param input how many rows it has
   * @param ways how many ways to ask the keys know
   * @param rowsPerWave wished
   */
  public Pending pending(Dataset<Row> keyed, long input, int ways, long rowsPerWave)
      throws IOException {
    Dataset<Row> answers = answers();
    boolean retrying = !options.waves().retry().isEmpty();
    if (answers == null && retrying) {
      return new Pending(input, 0, keyed, List.of());
    }
    Dataset<Row> pending = keyed;
    if (answers != null) {
      shuffleBySize();
      pending =
          retrying
              ? Answers.toRetry(keyed, answers, options.waves().retry())
              : Answers.pending(keyed, ways, answers);
    }
    try {
      Pending found = cut(pending, input, answers == null, rowsPerWave);
      if (answers != null
          && found.rows() > 0
          && !configuration.current().superseding()
          && Answers.anyAnswered(found.all(), answers)) {
        configuration.change(configuration.current().superseding(true));
      }
      return found;
    } catch (IOException e) {
      throw e;
    } catch (Exception e) { // Spark's Scala code throws checked exceptions undeclared
      if (Causes.chain(e).contains(output + "/wave")) {
        throw unreadable(e);
      }
      if (e instanceof RuntimeException unchecked) {
        throw unchecked;
      }
      if (output.obstacle().isPresent()) {
        throw new IOException(e);
      }
      throw new IllegalStateException(
          "the input's rows cannot be read and compared with the answers in " + output, e);
    }
  }

  /** A small input can meet a large output. */
  private void shuffleBySize() throws IOException {
    String key = "spark.sql.shuffle.partitions";
    long bySize = Math.min(MOST_PARTITIONS, output.bytes() / BYTES_PER_PARTITION);
    if (bySize > Long.parseLong(spark.conf().get(key))) {
      spark.conf().set(key, Long.toString(bySize));
    }
  }

  private Pending cut(Dataset<Row> pending, long input, boolean all, long rowsPerWave) {
    if (input <= rowsPerWave) {
      long rows = all ? input : pending.count();
      return new Pending(
          input, rows, pending, rows == 0 ? List.of() : List.of(new Pending.Wave(pending, rows)));
    }
    String directory = output.path(OutputFiles.STATE) + "/" + StagedRows.DIRECTORY + runId;
    StagedRows staged = StagedRows.stage(spark, pending, input, rowsPerWave, directory);
    List<Pending.Wave> waves = new ArrayList<>();
    for (StagedRows.Wave wave : staged.waves(rowsPerWave)) {
      waves.add(new Pending.Wave(staged.read(wave), wave.rows()));
    }
    return new Pending(input, staged.rows(), staged.all(), waves);
  }

  /** Answers the rows of a wave. */
  public interface Answering {
    Dataset<Row> answer(Pending.Wave wave);
  }

  /**
   * Answers all pending rows, two waves at a time; each becomes visible as it is done.
   *
   * @throws Throwable what stopped the first wave that failed; those that are visible stay so
   */
  public void run(Pending pending, Answering answering) throws Throwable {
    output.markComplete(false);
    runner.run(pending.waves().size(), wave -> commit(answering.answer(pending.waves().get(wave))));
  }

  /** Makes an empty output readable: a wave without rows, but with the columns. */
  public void writeEmpty(StructType columns) throws IOException {
    if (output.waves().isEmpty()) {
      commit(spark.createDataFrame(List.of(), columns).coalesce(1));
    }
  }

  private WaveName nextWave() {
    return new WaveName(runId, waves.getAndIncrement());
  }

  private void commit(Dataset<Row> answers) throws IOException {
    WaveName wave = nextWave();
    try {
      format.write(answers, output.writtenTo(wave));
      lease.check();
      output.publish(wave);
    } catch (FSError e) { // how Hadoop throws what a local disk refuses
      abandon(wave, e);
      throw new IOException(output.path(wave.open()) + ": " + Causes.chain(e), e);
    } catch (IOException | RuntimeException | Error e) {
      abandon(wave, e);
      throw e;
    } catch (Throwable e) { // Spark's Scala code throws checked exceptions undeclared
      abandon(wave, e);
      throw new IOException(Causes.chain(e), e);
    }
  }

  private void abandon(WaveName wave, Throwable failure) {
    try {
      output.abandon(wave);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  /** Stops the waves that run; {@link #run} then fails. From any thread. */
  public void stop() {
    runner.stop();
  }

  /**
   * Once all pending rows are answered: drops the answers that others supersede, marks the output
   * as complete, and has its waves published.
   *
   * @param keyed the input as in {@link #pending}; null when it was not read as a whole
   */
  public void finish(Dataset<Row> keyed) throws IOException {
    lease.check();
    if (configuration.current().superseding()) {
      supersede(keyed);
      configuration.change(configuration.current().superseding(false));
    }
    if (!configuration.current().replaced().isEmpty()) {
      WaveExchange.exchange(
          output, null, null, configuration.current().replaced(), WaveExchange.Step.NONE);
      configuration.change(configuration.current().withoutReplaced());
    }
    CleanUp.openWaves(output);
    output.markComplete(true);
    lease.check();
    publication.publish();
  }

  private void supersede(Dataset<Row> keyed) throws IOException {
    Dataset<Row> answers = answers();
    if (answers == null) {
      return;
    }
    Dataset<Row> dropped = Answers.outdated(answers, configuration.current().keepBoth());
    if (keyed != null && !configuration.current().keepBoth()) {
      dropped = dropped.union(Answers.unasked(answers, keyed)).distinct();
    }
    rewriting.leaveOut(dropped.persist(StorageLevel.MEMORY_AND_DISK()), answers);
    dropped.unpersist();
  }

  /**
   * Puts all waves into one of few files.
   *
   * @return how many waves there were
   */
  public int compact() throws IOException {
    return compact(WaveExchange.Step.NONE);
  }

  int compact(WaveExchange.Step step) throws IOException {
    Dataset<Row> answers = answers();
    if (answers == null) {
      return 0;
    }
    List<String> old =
        output.waves().stream().filter(wave -> !configuration.current().isReplaced(wave)).toList();
    if (old.size() > 1) {
      Dataset<Row> dropped = Answers.outdated(answers, configuration.current().keepBoth());
      rewriting.exchange(old, dropped, answers.count() - dropped.count(), step);
    }
    return old.size();
  }

  /**
   * Removes what this run staged and gives the output back. What cannot be removed does no harm to
   * answers: the next run removes it, and takes the lease of a process that is gone.
   */
  @Override
  public void close() {
    try {
      try {
        output.deleteState(StagedRows.DIRECTORY + runId);
        output.deleteState(CrashTrail.DIRECTORY + runId);
      } finally {
        lease.close();
      }
    } catch (IOException e) {
      System.err.println(
          "Warning: %s of this run could not be removed: %s. The next run removes it."
              .formatted(output.path(OutputFiles.STATE), Causes.chain(e)));
    }
  }
}
