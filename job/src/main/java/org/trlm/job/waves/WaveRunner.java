package org.trlm.job.waves;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * Runs waves, two at a time, so that the next one fills the cores that the tail of the last one
 * leaves idle. The first failure stops the others. Driver only.
 */
final class WaveRunner {
  private static final int IN_FLIGHT = 2;

  private final SparkSession spark;
  private final String group;
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private volatile boolean stopped;

  WaveRunner(SparkSession spark, String runId) {
    this.spark = spark;
    this.group = "trlm-" + runId;
  }

  /** One wave, from its rows to its commit. */
  interface Work {
    void run(int wave) throws Exception;
  }

  /**
   * Runs waves 0 to {@code count - 1}; returns when all are committed, throws when none is running
   * any more.
   *
   * @throws CancellationException when it was stopped before all waves had begun
   * @throws Throwable the first failure of a wave
   */
  void run(int count, Work work) throws Throwable {
    AtomicInteger next = new AtomicInteger();
    ExecutorService threads = Executors.newFixedThreadPool(IN_FLIGHT, WaveRunner::thread);
    List<Future<?>> running = new ArrayList<>();
    for (int i = 0; i < Math.min(IN_FLIGHT, count); i++) {
      running.add(threads.submit(() -> take(next, count, work)));
    }
    threads.shutdown();
    try {
      for (Future<?> thread : running) {
        thread.get();
      }
    } catch (InterruptedException e) {
      stop();
      threads.awaitTermination(1, TimeUnit.MINUTES);
      throw e;
    }
    if (failure.get() != null) {
      throw failure.get();
    }
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "trlm-wave");
    thread.setDaemon(true);
    return thread;
  }

  private void take(AtomicInteger next, int count, Work work) {
    SparkContext context = spark.sparkContext();
    context.setJobGroup(group, "trlm waves", true);
    SparkSession.setActiveSession(spark);
    try {
      for (int wave = next.getAndIncrement(); wave < count; wave = next.getAndIncrement()) {
        if (stopped) {
          throw new CancellationException(
              "stopped before wave %d of %d began".formatted(wave + 1, count));
        }
        work.run(wave);
      }
    } catch (Throwable e) { // Spark's Scala code throws checked exceptions undeclared
      if (!failure.compareAndSet(null, e) && failure.get() != e) {
        failure.get().addSuppressed(e);
      }
      stop();
    } finally {
      SparkSession.clearActiveSession();
      context.clearJobGroup();
    }
  }

  /** Begins no further wave and cancels those that run. From any thread. */
  void stop() {
    stopped = true;
    if (!spark.sparkContext().isStopped()) {
      spark.sparkContext().cancelJobGroup(group);
    }
  }
}
