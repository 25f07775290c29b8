package org.trlm.job.progress;

import com.codahale.metrics.Counter;
import com.codahale.metrics.MetricRegistry;
import org.apache.spark.SparkEnv;
import org.apache.spark.metrics.source.Source;
import org.trlm.job.output.ResponseRow;

/**
 * What the engines of one executor JVM do, for Spark's metrics system: counters under {@code trlm},
 * which go to every sink that the cluster has (Prometheus, JMX, Graphite, CSV). They count from the
 * JVM's start and over all attempts, unlike a run's accumulators. Safe from any thread.
 */
final class ExecutorMetrics implements Source {
  private static ExecutorMetrics registered;
  private static SparkEnv registeredWith;

  private final MetricRegistry registry = new MetricRegistry();
  private final Counter rows = registry.counter("rows");
  private final Counter errorRows = registry.counter("errorRows");
  private final Counter generatedTokens = registry.counter("generatedTokens");
  private final Counter promptTokens = registry.counter("promptTokens");
  private final Counter cachedTokens = registry.counter("cachedTokens");
  private final Counter running = registry.counter("runningRows");
  private final Counter waiting = registry.counter("waitingRows");

  private ExecutorMetrics() {}

  /** Those of this JVM, made and registered when the first task asks. */
  static synchronized ExecutorMetrics ofThisJvm() {
    SparkEnv env = SparkEnv.get();
    if (registered == null) {
      registered = new ExecutorMetrics();
    }
    if (env != null && env != registeredWith) {
      env.metricsSystem().registerSource(registered);
      registeredWith = env;
    }
    return registered;
  }

  void rowDone(ResponseRow.Status status) {
    rows.inc();
    if (status == ResponseRow.Status.ERROR) {
      errorRows.inc();
    }
  }

  void generated(long tokens) {
    generatedTokens.inc(tokens);
  }

  void read(long prompt, long cached) {
    promptTokens.inc(prompt);
    cachedTokens.inc(cached);
  }

  void load(int moreRunning, int moreWaiting) {
    running.inc(moreRunning);
    waiting.inc(moreWaiting);
  }

  @Override
  public String sourceName() {
    return "trlm";
  }

  @Override
  public MetricRegistry metricRegistry() {
    return registry;
  }
}
