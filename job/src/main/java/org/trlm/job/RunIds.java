package org.trlm.job;

import java.io.IOException;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;
import org.trlm.job.waves.WaveOutput;

/**
 * Names of runs. They order as the runs over one output began, on whichever clock, because the
 * latest answer to a row counts. Driver only.
 */
final class RunIds {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

  private RunIds() {}

  /** The id of a run that begins now. */
  static String next(SparkSession spark, String output) {
    try {
      return next(
          Instant.now(), WaveOutput.latestRun(output, spark.sessionState().newHadoopConf()));
    } catch (IOException e) {
      throw new JobException(
          "--output %s cannot be looked at: %s".formatted(output, e.getMessage()), e);
    }
  }

  static String next(Instant now, Optional<String> latest) {
    byte[] random = new byte[4];
    new SecureRandom().nextBytes(random);
    String time = TIME.format(now);
    if (latest.isPresent() && latest.get().compareTo(time) >= 0) {
      String before = latest.get().substring(0, time.length());
      time = TIME.format(TIME.parse(before, Instant::from).plusSeconds(1));
    }
    return time + "-" + HexFormat.of().formatHex(random);
  }
}
