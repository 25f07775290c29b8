package org.trlm.job.waves;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.trlm.job.JobException;

/**
 * The right to write an output, held by one run at a time: a file that names the run and beats
 * while it lives. The lease of a process that is gone from this host is taken over at once; that of
 * another host when its heart has not moved for two periods. Driver only.
 */
final class Lease implements AutoCloseable {
  static final String FILE = "lease.json";

  private static final Duration PERIOD = Duration.ofSeconds(5);
  private static final int PERIODS_WATCHED = 2;

  /**
   * Who holds it.
   *
   * @param processes the set of process ids that {@code pid} is one of: containers have their own
   * @param beat grows while the holder lives
   */
  record Holder(
      String runId,
      String host,
      long pid,
      String processStart,
      String processes,
      String startedAt,
      long beat) {

    static Holder self(String runId) {
      ProcessHandle process = ProcessHandle.current();
      return new Holder(
          runId,
          hostName(),
          process.pid(),
          start(process),
          processIds(),
          Instant.now().toString(),
          0);
    }

    Holder beaten() {
      return new Holder(runId, host, pid, processStart, processes, startedAt, beat + 1);
    }

    /** Whether it was a process that this one would see if it were alive, and does not see. */
    boolean isGone() {
      if (!host.equals(hostName()) || !processes.equals(processIds())) {
        return false;
      }
      Optional<ProcessHandle> process = ProcessHandle.of(pid).filter(ProcessHandle::isAlive);
      return process.isEmpty() || !start(process.get()).equals(processStart);
    }

    private static String start(ProcessHandle process) {
      return process.info().startInstant().map(Instant::toString).orElse("unknown");
    }

    private static String hostName() {
      try {
        return InetAddress.getLocalHost().getHostName();
      } catch (UnknownHostException e) {
        return "unknown";
      }
    }

    private static String processIds() {
      try {
        return Files.readSymbolicLink(Path.of("/proc/self/ns/pid")).toString();
      } catch (IOException | UnsupportedOperationException e) {
        return "host";
      }
    }
  }

  private final OutputFiles output;
  private final ScheduledExecutorService heart =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread thread = new Thread(work, "trlm-lease");
            thread.setDaemon(true);
            return thread;
          });
  private Holder self;
  private Holder thief;

  private Lease(OutputFiles output, Holder self) {
    this.output = output;
    this.self = self;
  }

  /**
   * Takes the lease; looks at that of another run for two periods where that must be.
   *
   * @throws JobException when another run holds it and lives
   */
  static Lease take(OutputFiles output, String runId) throws IOException {
    return take(output, Holder.self(runId), PERIOD);
  }

  static Lease take(OutputFiles output, Holder self, Duration period) throws IOException {
    Lease lease = new Lease(output, self);
    while (!output.createState(FILE, self)) {
      Optional<Holder> holder = read(output);
      if (holder.isPresent() && !holder.get().isGone()) {
        watch(output, holder.get(), period);
      }
      // only one newcomer can move it
      String aside = "." + FILE + "-" + self.runId();
      if (output.moveState(FILE, aside)) {
        output.deleteState(aside);
      }
    }
    long millis = period.toMillis();
    lease.heart.scheduleWithFixedDelay(lease::beat, millis, millis, TimeUnit.MILLISECONDS);
    return lease;
  }

  /** Returns when the holder does not move, or has gone; refuses when it lives. */
  private static void watch(OutputFiles output, Holder holder, Duration period) throws IOException {
    long end = System.nanoTime() + PERIODS_WATCHED * period.toNanos() + period.toNanos() / 5;
    while (System.nanoTime() < end) {
      try {
        TimeUnit.MILLISECONDS.sleep(Math.max(1, period.toMillis() / 20));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while looking at the lease of " + output, e);
      }
      Optional<Holder> now = read(output);
      if (now.isEmpty()) {
        return;
      }
      if (!now.get().equals(holder)) {
        throw new JobException(
            "--output %s is being written by run %s on host %s (process %d, since %s). Wait for it, stop it, or choose another directory."
                .formatted(
                    output,
                    now.get().runId(),
                    now.get().host(),
                    now.get().pid(),
                    now.get().startedAt()));
      }
    }
  }

  private static Optional<Holder> read(OutputFiles output) throws IOException {
    for (int attempt = 0; ; attempt++) {
      try {
        return output.readState(FILE, Holder.class);
      } catch (OutputFiles.DamagedStateException e) {
        // made a moment ago and not written yet, or never: the machine went down in between
        if (attempt == 50) {
          return Optional.empty();
        }
        try {
          TimeUnit.MILLISECONDS.sleep(20);
        } catch (InterruptedException interrupted) {
          Thread.currentThread().interrupt();
          throw e;
        }
      }
    }
  }

  private synchronized void beat() {
    try {
      Optional<Holder> found = read(output);
      if (found.isPresent() && !found.get().runId().equals(self.runId())) {
        thief = found.get();
        heart.shutdown();
        return;
      }
      self = self.beaten();
      output.writeState(FILE, self);
    } catch (IOException e) {
      // a full disk or a lost connection may pass; the next beat tries again
    }
  }

  /**
   * Called before anything becomes visible.
   *
   * @throws IOException when another run has taken the lease over
   */
  synchronized void check() throws IOException {
    Optional<Holder> found = read(output);
    if (found.isPresent() && !found.get().runId().equals(self.runId())) {
      thief = found.get();
    }
    if (thief != null) {
      throw new IOException(
          "run %s on host %s took over %s: this run did not show a sign of life for %d s or more"
              .formatted(
                  thief.runId(), thief.host(), output, PERIODS_WATCHED * PERIOD.toSeconds()));
    }
  }

  /** Gives the lease back, unless another run has it. */
  @Override
  public synchronized void close() throws IOException {
    heart.shutdownNow();
    Optional<Holder> found = read(output);
    if (found.isPresent() && found.get().runId().equals(self.runId())) {
      output.deleteState(FILE);
    }
  }
}
