package org.trlm.job.waves;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.job.JobException;
import org.trlm.job.faults.Fault;
import org.trlm.job.faults.FaultyFileSystem;
import org.trlm.job.waves.Lease.Holder;

/** One run at a time. */
class LeaseTest {
  /** So long that no beat of the holder falls into a test that does not want one. */
  private static final Duration NEVER = Duration.ofHours(1);

  private static final Duration SHORT = Duration.ofMillis(50);

  @TempDir Path directory;
  private OutputFiles output;

  @BeforeEach
  void open() throws IOException {
    output = OutputFiles.of(directory.toUri().toString(), new Configuration());
  }

  @Test
  void aLeaseThatWasGivenBackIsFree() throws IOException {
    Lease.take(output, Holder.self("one"), NEVER).close();
    assertThat(output.readState(Lease.FILE, Holder.class)).isEmpty();
    Lease two = Lease.take(output, Holder.self("two"), NEVER);
    two.check();
    two.close();
  }

  @Test
  void aLivingHolderIsNamed() throws IOException {
    try (Lease one = Lease.take(output, Holder.self("one"), SHORT)) {
      // the newcomer waits for minutes for a beat that comes every 50 ms
      assertThatThrownBy(() -> Lease.take(output, Holder.self("two"), Duration.ofMinutes(5)))
          .isInstanceOf(JobException.class)
          .hasMessageContaining("is being written by run one on host ")
          .hasMessageContaining("process " + ProcessHandle.current().pid());
      one.check();
    }
  }

  @Test
  void theLeaseOfAProcessThatIsGoneIsTakenAtOnce() throws IOException, InterruptedException {
    Process gone = new ProcessBuilder("true").start();
    gone.waitFor();
    leaseOf(gone.pid(), "2026-01-01T00:00:00Z", Holder.self("x").host());
    try (Lease lease = Lease.take(output, Holder.self("two"), NEVER)) {
      lease.check();
    }
  }

  @Test
  void aProcessThatGotTheSameNumberLaterIsAnother() throws IOException {
    leaseOf(ProcessHandle.current().pid(), "2001-01-01T00:00:00Z", Holder.self("x").host());
    try (Lease lease = Lease.take(output, Holder.self("two"), NEVER)) {
      lease.check();
    }
  }

  @Test
  void theLeaseOfASilentHostIsTakenAfterAWatch() throws IOException {
    leaseOf(1, "2026-01-01T00:00:00Z", "another-host");
    try (Lease lease = Lease.take(output, Holder.self("two"), SHORT)) {
      assertThatCode(lease::check).doesNotThrowAnyException();
    }
  }

  @Test
  void whoLostItMayNotCommit() throws IOException {
    Lease slept = Lease.take(output, Holder.self("one"), NEVER);
    leaseOf(1, "2026-01-01T00:00:00Z", "another-host");
    assertThatThrownBy(slept::check)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("run old on host another-host took over");
    slept.close();
    assertThat(output.readState(Lease.FILE, Holder.class)).isPresent();
  }

  @Test
  void aTornLeaseIsTaken() throws IOException {
    Files.createDirectories(directory.resolve("_trlm"));
    Files.writeString(directory.resolve("_trlm/lease.json"), "{\"run_id\": ");
    try (Lease lease = Lease.take(output, Holder.self("two"), NEVER)) {
      lease.check();
    }
  }

  @Test
  void theHeartBeatsAgainWhenTheDiskHasRoomAgain() throws IOException, InterruptedException {
    AtomicInteger refused = new AtomicInteger();
    OutputFiles faulty = OutputFiles.of(FaultyFileSystem.path(directory), new Configuration());
    try (Lease lease = Lease.take(faulty, Holder.self("one"), SHORT)) {
      FaultyFileSystem.set(
          new Fault() {
            @Override
            public void beforeWrite(org.apache.hadoop.fs.Path file, int bytes) throws IOException {
              refused.incrementAndGet();
              throw new IOException("No space left on device");
            }
          });
      await(() -> refused.get() >= 2);
      FaultyFileSystem.set(Fault.NONE);
      long beat = faulty.readState(Lease.FILE, Holder.class).orElseThrow().beat();
      await(() -> beatOf(faulty) > beat);
      lease.check();
    } finally {
      FaultyFileSystem.set(Fault.NONE);
    }
  }

  private static long beatOf(OutputFiles files) {
    try {
      return files.readState(Lease.FILE, Holder.class).orElseThrow().beat();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void await(BooleanSupplier seen) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(10);
    while (!seen.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited for the heart").isLessThan(end);
      Thread.sleep(10);
    }
  }

  private void leaseOf(long pid, String start, String host) throws IOException {
    Holder self = Holder.self("x");
    Holder old = new Holder("old", host, pid, start, self.processes(), "2026-01-01T00:00:00Z", 7);
    output.writeState(Lease.FILE, old);
  }
}
