package org.trlm.job.waves;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.trlm.job.JobConfig.OtherConfiguration;
import org.trlm.job.JobConfig.OutputOptions;
import org.trlm.job.JobException;
import org.trlm.job.waves.OutputConfiguration.Accepted;

/**
 * The {@link OutputConfiguration} of an output as it is written down there: what a run accepts, and
 * how far it is with what it replaces. Changed by the holder of the lease alone. Driver only.
 */
final class ConfigurationFile {
  private final OutputFiles output;
  private OutputConfiguration current;

  private ConfigurationFile(OutputFiles output, OutputConfiguration current) {
    this.output = output;
    this.current = current;
  }

  static ConfigurationFile read(OutputFiles output) throws IOException {
    return new ConfigurationFile(
        output, output.readState(OutputConfiguration.FILE, OutputConfiguration.class).orElse(null));
  }

  /** As it stands in the output; null before a run has written one. */
  OutputConfiguration current() {
    return current;
  }

  void change(OutputConfiguration changed) throws IOException {
    output.writeState(OutputConfiguration.FILE, changed);
    current = changed;
  }

  /**
   * {@link WaveOutput#accept}, for a run with these options.
   *
   * @throws JobException naming the differences, unless the options say what becomes of them
   */
  List<Retry> accept(OutputOptions options, Map<String, Object> settings, Retry retry)
      throws IOException {
    boolean retrying = !options.waves().retry().isEmpty();
    if (current == null) {
      if (!output.waves().isEmpty()) {
        throw new JobException(
            "--output %s holds answers, but its file %s/%s is missing, which says with what they were made. Put it back, or choose another directory."
                .formatted(output, OutputFiles.STATE, OutputConfiguration.FILE));
      }
      change(OutputConfiguration.of(options.format().word(), settings));
    }
    Optional<Accepted> known = current.find(settings);
    boolean sameFormat = current.format().equals(options.format().word());
    if (retrying && sameFormat) {
      if (known.isEmpty()) {
        change(current.withRetry(retry));
      }
      return List.of();
    }
    if (known.isPresent() && sameFormat) {
      return known.get().retries();
    }
    if (options.waves().otherConfiguration() == OtherConfiguration.REPLACE) {
      change(current.replacedBy(options.format().word(), settings, output.waves()));
      return List.of();
    }
    if (options.waves().otherConfiguration() == OtherConfiguration.KEEP_BOTH && sameFormat) {
      change(current.keeping(settings));
      return List.of();
    }
    throw otherConfiguration(options, settings, sameFormat);
  }

  private JobException otherConfiguration(
      OutputOptions options, Map<String, Object> settings, boolean sameFormat) {
    List<String> differences = new ArrayList<>();
    if (!sameFormat) {
      differences.add(
          "output_format (%s there, %s now)".formatted(current.format(), options.format().word()));
    }
    differences.addAll(
        OutputConfiguration.differences(
            current.accepted().get(current.accepted().size() - 1).settings(), settings));
    return new JobException(
        "--output %s was written with another configuration: %s. Give the same as then, or --replace (all rows are answered anew, then the old answers go)%s, or another directory."
            .formatted(
                output,
                String.join(", ", differences),
                sameFormat ? ", --keep-both (old and new answers stand beside each other)" : ""));
  }
}
