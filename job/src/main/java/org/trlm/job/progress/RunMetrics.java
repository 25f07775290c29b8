package org.trlm.job.progress;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.spark.metrics.source.Source;
import org.trlm.job.output.RowError;

/**
 * How far a run is, for Spark's metrics system: gauges under {@code trlm-run} of the driver, with
 * the counts that the progress line shows. Read by the threads of the cluster's sinks.
 */
final class RunMetrics implements Source {
  private final MetricRegistry registry = new MetricRegistry();

  /**
   * @param shown counts by the names of {@link RunCounters}, running tasks included
   * @param tokensPerSecond generated tokens a second over the run so far
   */
  RunMetrics(long totalRows, Supplier<Map<String, Long>> shown, Supplier<Double> tokensPerSecond) {
    gauge("totalRows", () -> totalRows);
    gauge("tokensPerSecond", tokensPerSecond);
    count("rows", RunCounters.ROWS, shown);
    count("generatedTokens", RunCounters.GENERATED_TOKENS, shown);
    count("promptTokens", RunCounters.PROMPT_TOKENS, shown);
    count("cachedTokens", RunCounters.CACHED_TOKENS, shown);
    count("runningRows", RunCounters.RUNNING, shown);
    count("waitingRows", RunCounters.WAITING, shown);
    for (RowError.Code code : RowError.Code.values()) {
      count("errors." + code.word(), code.word(), shown);
    }
  }

  private void count(String name, String counter, Supplier<Map<String, Long>> shown) {
    gauge(name, () -> shown.get().getOrDefault(counter, 0L));
  }

  private <T extends Number> void gauge(String name, Supplier<T> value) {
    registry.register(name, (Gauge<T>) value::get);
  }

  @Override
  public String sourceName() {
    return "trlm-run";
  }

  @Override
  public MetricRegistry metricRegistry() {
    return registry;
  }
}
