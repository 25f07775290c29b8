package org.trlm.job.waves;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.hadoop.conf.Configuration;
import org.trlm.job.waves.Lease.Holder;

/** An output that another run is writing, whose heart beats so fast that nobody waits for it. */
public final class HeldLease implements AutoCloseable {
  private static final Duration PERIOD = Duration.ofMillis(50);

  private final Lease lease;

  private HeldLease(Lease lease) {
    this.lease = lease;
  }

  public static HeldLease take(Path output, String runId) throws IOException {
    OutputFiles files = OutputFiles.of(output.toUri().toString(), new Configuration());
    return new HeldLease(Lease.take(files, Holder.self(runId), PERIOD));
  }

  @Override
  public void close() throws IOException {
    lease.close();
  }
}
