package org.trlm.job.waves;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of a wave. Names order as the waves were begun, because run ids begin with their time.
 *
 * @param runId the run that wrote it
 * @param number of the wave within the run, from 0
 */
record WaveName(String runId, int number) {
  /** What names of directories being written begin with; readers skip them. */
  static final String OPEN = "_open-";

  private static final Pattern COMMITTED =
      Pattern.compile("wave=(\\d{8}T\\d{6}Z-[0-9a-f]{8})-(\\d{3,9})");

  /** The wave that a directory's name means; empty when it is no wave. */
  static Optional<WaveName> parse(String directory) {
    Matcher matcher = COMMITTED.matcher(directory);
    return matcher.matches()
        ? Optional.of(new WaveName(matcher.group(1), Integer.parseInt(matcher.group(2))))
        : Optional.empty();
  }

  /** Where it stands once it is committed. */
  String committed() {
    return "wave=" + suffix();
  }

  /** Where it is written; never with an equals sign, because Spark reads such directories. */
  String open() {
    return OPEN + suffix();
  }

  private String suffix() {
    return String.format(Locale.ROOT, "%s-%03d", runId, number);
  }
}
