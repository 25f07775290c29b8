package org.trlm.job;

import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.util.ShutdownHookManager;

/**
 * Ends a run cleanly when the process is asked to end (Ctrl-C, SIGTERM): what runs is stopped, and
 * the process waits until the run has put its output in order. The exit code stays that of the
 * signal, 130 or 143. Driver only; close it when the run is over.
 */
final class StopSignal implements AutoCloseable {
  /** Above that of Spark's own hook, so that Spark is there while waves are stopped. */
  private static final int PRIORITY = 100;

  private static final long MOST_SECONDS = 60;

  private final CountDownLatch ended = new CountDownLatch(1);
  private final Runnable hook;
  private Runnable stop = () -> {};
  private volatile boolean stopped;
  private volatile boolean signalled;

  private StopSignal() {
    this.hook = this::end;
  }

  /** Begins to listen. */
  static StopSignal listen() {
    StopSignal signal = new StopSignal();
    ShutdownHookManager.get()
        .addShutdownHook(signal.hook, PRIORITY, MOST_SECONDS, TimeUnit.SECONDS);
    return signal;
  }

  /**
   * @param action makes the run end soon; called from another thread
   */
  synchronized void onStop(Runnable action) {
    stop = action;
    if (stopped) {
      action.run();
    }
  }

  private void end() {
    synchronized (this) {
      // the JVM has a thread of this name while it ends for a signal
      signalled =
          Thread.getAllStackTraces().keySet().stream()
              .anyMatch(thread -> thread.getName().matches("SIG\\w+ handler"));
      stopped = true;
      stop.run();
    }
    try {
      ended.await(MOST_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Why the process ends, for the message of the run; empty when it does not. */
  Optional<String> reason() {
    if (!stopped) {
      return Optional.empty();
    }
    return Optional.of(
        signalled
            ? "stopped by a signal"
            : "the process ended itself, for the reason above (in local mode a full heap does that: set TRLM_DRIVER_MEMORY)");
  }

  @Override
  public void close() {
    ended.countDown();
    if (!stopped) {
      ShutdownHookManager.get().removeShutdownHook(hook);
    }
  }
}
