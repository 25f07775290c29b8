package org.trlm.job.progress;

import java.io.Serializable;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.util.AccumulatorV2;
import org.apache.spark.util.LongAccumulator;
import org.trlm.job.output.ResponseRow.Status;
import org.trlm.job.output.ResponseRow.Usage;
import org.trlm.job.output.RowError;

/**
 * What the tasks of a run count, as named accumulators: seen in Spark's UI, sent with every
 * heartbeat, and exact once the run is over, because a partition is merged once however often it is
 * tried. Made on the driver; the executors add, each task from its own thread.
 */
public final class RunCounters implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Names under which progress shows the counters; error codes stand under their own words. */
  static final String ROWS = "rows";

  static final String PROMPT_TOKENS = "prompt tokens";
  static final String GENERATED_TOKENS = "generated tokens";
  static final String CACHED_TOKENS = "cached tokens";
  static final String RUNNING = "running";
  static final String WAITING = "waiting";

  private final LongAccumulator okRows = new LongAccumulator();
  private final LongAccumulator errorRows = new LongAccumulator();
  private final LongAccumulator skippedRows = new LongAccumulator();
  private final LongAccumulator promptTokens = new LongAccumulator();
  private final LongAccumulator generatedTokens = new LongAccumulator();
  private final LongAccumulator cachedTokens = new LongAccumulator();
  private final LongAccumulator running = new LongAccumulator();
  private final LongAccumulator waiting = new LongAccumulator();
  private final LongAccumulator modelsPacked = new LongAccumulator();
  private final EnumMap<RowError.Code, LongAccumulator> errors = new EnumMap<>(RowError.Code.class);
  private final TimeSpan timeSpan = new TimeSpan();

  /** Registers the counters with the UI. */
  public RunCounters(SparkContext context) {
    context.register(okRows, "trlm rows ok");
    context.register(errorRows, "trlm rows error");
    context.register(skippedRows, "trlm rows skipped");
    context.register(promptTokens, "trlm prompt tokens");
    context.register(generatedTokens, "trlm generated tokens");
    context.register(cachedTokens, "trlm cached tokens");
    context.register(running, "trlm rows running");
    context.register(waiting, "trlm rows waiting");
    context.register(modelsPacked, "trlm models packed");
    context.register(timeSpan, "trlm time span");
    for (RowError.Code code : RowError.Code.values()) {
      LongAccumulator counter = new LongAccumulator();
      context.register(counter, "trlm errors " + code.word());
      errors.put(code, counter);
    }
  }

  /** Executor: a row entered an engine. */
  public void rowEntered() {
    timeSpan.add(System.currentTimeMillis());
  }

  /** Executor: one step chose this many tokens. */
  public void generated(long tokens) {
    if (tokens > 0) {
      generatedTokens.add(tokens);
      ExecutorMetrics.ofThisJvm().generated(tokens);
    }
  }

  /** Executor: tokens counted by {@link #generated} are thrown away, because an engine failed. */
  public void discarded(long tokens) {
    if (tokens > 0) {
      generatedTokens.add(-tokens);
    }
  }

  /**
   * Executor: that many more (or fewer, when negative) rows run and wait in the task's engine. A
   * task takes back what it added before it ends.
   */
  public void load(int moreRunning, int moreWaiting) {
    ExecutorMetrics.ofThisJvm().load(moreRunning, moreWaiting);
    if (moreRunning != 0) {
      running.add(moreRunning);
    }
    if (moreWaiting != 0) {
      waiting.add(moreWaiting);
    }
  }

  /** Executor: this JVM packed a model's weights. */
  public void modelPacked() {
    modelsPacked.add(1);
  }

  /**
   * Executor: a row is done.
   *
   * @param error null exactly when the status is ok
   */
  public void rowDone(Status status, RowError error, Usage usage) {
    ExecutorMetrics metrics = ExecutorMetrics.ofThisJvm();
    metrics.rowDone(status);
    switch (status) {
      case OK -> okRows.add(1);
      case ERROR -> errorRows.add(1);
      case SKIPPED -> skippedRows.add(1);
    }
    if (error != null) {
      errors.get(error.code()).add(1);
    } else {
      metrics.read(usage.promptTokens(), usage.cachedTokens());
      promptTokens.add(usage.promptTokens());
      cachedTokens.add(usage.cachedTokens());
      timeSpan.add(System.currentTimeMillis());
    }
  }

  /** Driver: what is counted by now, tasks that are done only. */
  public Counts counts() {
    EnumMap<RowError.Code, Long> byCode = new EnumMap<>(RowError.Code.class);
    errors.forEach(
        (code, counter) -> {
          if (counter.sum() > 0) {
            byCode.put(code, counter.sum());
          }
        });
    return new Counts(
        okRows.sum(),
        errorRows.sum(),
        skippedRows.sum(),
        promptTokens.sum(),
        generatedTokens.sum(),
        cachedTokens.sum(),
        modelsPacked.sum(),
        timeSpan.millis(),
        byCode);
  }

  /** The counters that progress is shown from, by accumulator id. */
  Map<Long, String> shownById() {
    Map<Long, String> names = new HashMap<>();
    names.put(okRows.id(), ROWS);
    names.put(errorRows.id(), ROWS);
    names.put(skippedRows.id(), ROWS);
    names.put(promptTokens.id(), PROMPT_TOKENS);
    names.put(generatedTokens.id(), GENERATED_TOKENS);
    names.put(cachedTokens.id(), CACHED_TOKENS);
    names.put(running.id(), RUNNING);
    names.put(waiting.id(), WAITING);
    errors.forEach((code, counter) -> names.put(counter.id(), code.word()));
    return names;
  }

  /** What tasks that are done have counted, by the names of {@link #shownById}. */
  Map<String, Long> shown() {
    Map<String, Long> values = new HashMap<>();
    values.put(ROWS, okRows.sum() + errorRows.sum() + skippedRows.sum());
    values.put(PROMPT_TOKENS, promptTokens.sum());
    values.put(GENERATED_TOKENS, generatedTokens.sum());
    values.put(CACHED_TOKENS, cachedTokens.sum());
    values.put(RUNNING, running.sum());
    values.put(WAITING, waiting.sum());
    errors.forEach((code, counter) -> values.put(code.word(), counter.sum()));
    return values;
  }

  /**
   * Totals of a run.
   *
   * @param generatedTokens tokens chosen, end tokens included
   * @param cachedTokens prompt tokens that were not computed again
   * @param modelsPacked executor JVMs that packed the weights in this run
   * @param millis from the first row entering an engine to the last row out; 0 when none did
   * @param errors rows by error code, skipped ones included
   */
  public record Counts(
      long okRows,
      long errorRows,
      long skippedRows,
      long promptTokens,
      long generatedTokens,
      long cachedTokens,
      long modelsPacked,
      long millis,
      Map<RowError.Code, Long> errors) {

    /** All rows that are done. */
    public long rows() {
      return okRows + errorRows + skippedRows;
    }

    /** Generated tokens per second of {@link #millis}; 0 when nothing ran. */
    public double tokensPerSecond() {
      return millis == 0 ? 0 : generatedTokens * 1000.0 / millis;
    }

    /** Rows with an answer per hour of {@link #millis}; 0 when nothing ran. */
    public double rowsPerHour() {
      return millis == 0 ? 0 : okRows * 3_600_000.0 / millis;
    }
  }

  /** The earliest and the latest instant added, in milliseconds of the epoch. */
  private static final class TimeSpan extends AccumulatorV2<Long, List<Long>> {
    private static final long serialVersionUID = 1L;

    private long first = Long.MAX_VALUE;
    private long last = Long.MIN_VALUE;

    @Override
    public synchronized boolean isZero() {
      return first > last;
    }

    @Override
    public synchronized TimeSpan copy() {
      TimeSpan copy = new TimeSpan();
      copy.first = first;
      copy.last = last;
      return copy;
    }

    @Override
    public synchronized void reset() {
      first = Long.MAX_VALUE;
      last = Long.MIN_VALUE;
    }

    @Override
    public synchronized void add(Long instant) {
      first = Math.min(first, instant);
      last = Math.max(last, instant);
    }

    @Override
    public void merge(AccumulatorV2<Long, List<Long>> other) {
      for (Long instant : other.value()) {
        add(instant);
      }
    }

    @Override
    public synchronized List<Long> value() {
      return isZero() ? List.of() : List.of(first, last);
    }

    synchronized long millis() {
      return isZero() ? 0 : Math.max(1, last - first);
    }
  }
}
