package org.trlm.job.waves;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.trlm.job.JobConfig.Format;
import org.trlm.job.Words;
import org.trlm.job.input.JsonValues;

/**
 * With what the answers of an output were made: {@code _trlm/configuration.json}. Immutable.
 *
 * @param format of the files
 * @param keepBoth whether answers of several configurations stand beside each other
 * @param accepted the configurations that a command may have to go on without a word
 * @param superseding whether a run has begun to answer rows anew whose old answers may still stand
 *     there
 * @param replaced waves of another configuration, which go once all rows are answered anew
 */
record OutputConfiguration(
    String format,
    boolean keepBoth,
    List<Accepted> accepted,
    boolean superseding,
    List<String> replaced) {

  static final String FILE = "configuration.json";

  OutputConfiguration {
    accepted = List.copyOf(accepted);
    replaced = List.copyOf(replaced);
  }

  /**
   * One configuration.
   *
   * @param settings what answers depend on beside the rows, by the names of the options
   * @param retries what {@code --retry} answered single rows with: those rows are done
   */
  record Accepted(Map<String, Object> settings, List<Retry> retries) {
    Accepted {
      settings = new TreeMap<>(settings);
      retries = List.copyOf(retries);
    }
  }

  /** The configuration of an output that has none yet. */
  static OutputConfiguration of(String format, Map<String, Object> settings) {
    return new OutputConfiguration(
        format, false, List.of(new Accepted(settings, List.of())), false, List.of());
  }

  /** {@link #format} as a value. */
  Format fileFormat() {
    return Format.valueOf(format.toUpperCase(Locale.ROOT).replace('-', '_'));
  }

  /** The accepted configuration with these settings. */
  Optional<Accepted> find(Map<String, Object> settings) {
    return accepted.stream()
        .filter(known -> differences(known.settings, settings).isEmpty())
        .findFirst();
  }

  /** The keys that differ, each with the value there and the value now. */
  static List<String> differences(Map<String, Object> there, Map<String, Object> now) {
    TreeSet<String> keys = new TreeSet<>(there.keySet());
    keys.addAll(now.keySet());
    List<String> differences = new ArrayList<>();
    for (String key : keys) {
      String old = shown(there.get(key));
      String given = shown(now.get(key));
      if (!old.equals(given)) {
        // a value may be a whole chat template
        differences.add(
            "%s (%s there, %s now)".formatted(key, Words.shorten(old), Words.shorten(given)));
      }
    }
    return differences;
  }

  private static String shown(Object value) {
    return value == null ? "default" : JsonValues.canonical(value);
  }

  /** With another configuration beside the present ones. */
  OutputConfiguration keeping(Map<String, Object> settings) {
    List<Accepted> all = new ArrayList<>(accepted);
    all.add(new Accepted(settings, List.of()));
    return new OutputConfiguration(format, true, all, superseding, replaced);
  }

  /** With another configuration instead of the present ones. */
  OutputConfiguration replacedBy(
      String newFormat, Map<String, Object> settings, List<String> waves) {
    return new OutputConfiguration(
        newFormat, false, List.of(new Accepted(settings, List.of())), superseding, waves);
  }

  OutputConfiguration withRetry(Retry retry) {
    List<Accepted> all = new ArrayList<>();
    for (Accepted known : accepted) {
      List<Retry> retries = new ArrayList<>(known.retries);
      if (!retries.contains(retry)) {
        retries.add(retry);
      }
      all.add(new Accepted(known.settings, retries));
    }
    return new OutputConfiguration(format, keepBoth, all, superseding, replaced);
  }

  OutputConfiguration superseding(boolean begun) {
    return new OutputConfiguration(format, keepBoth, accepted, begun, replaced);
  }

  OutputConfiguration withoutReplaced() {
    return new OutputConfiguration(format, keepBoth, accepted, superseding, List.of());
  }

  /** Whether waves hold answers that do not count any more. */
  boolean isReplaced(String wave) {
    return replaced.stream().anyMatch(name -> Objects.equals(name, wave));
  }
}
