package org.trlm.job;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;

/**
 * Keeps credentials out of what is printed and written: values of the environment and of Hadoop's
 * settings whose names say that they are secret, and what URIs carry. Any thread.
 */
public final class Secrets {
  private static final String REDACTED = "***";

  /** Shorter values are no credentials, and words of messages would be lost with them. */
  private static final int SHORTEST = 8;

  private static final Pattern NAMES =
      Pattern.compile(
          "(?i).*((secret|access|account|encryption|api)[._-]?key([._-]id)?|secret|password|passwd"
              + "|token)");

  private static final Pattern ACCOUNT_KEYS =
      Pattern.compile("fs\\.azure\\..*key.*|fs\\.azure\\.sas\\..*");

  /** {@code scheme://user:password@host} and {@code ?sig=…}. */
  private static final Pattern IN_URIS =
      Pattern.compile(
          "(?<=://)[^/@\\s\"]+@|(?i)(?<=(?:token|secret|password|signature|sig|key)=)[^&\\s\"]+");

  private static final Set<String> VALUES = ConcurrentHashMap.newKeySet();

  static {
    learn(System.getenv().entrySet());
  }

  private Secrets() {}

  /** Remembers the secret ones of these settings. */
  static void learn(Collection<Map.Entry<String, String>> settings) {
    settings.forEach(setting -> learn(setting.getKey(), setting.getValue()));
  }

  /** Remembers the secrets of Hadoop's settings; its own defaults are none. */
  static void learn(Configuration hadoop) {
    for (Map.Entry<String, String> setting : hadoop) {
      String[] sources = hadoop.getPropertySources(setting.getKey());
      boolean isDefault =
          sources != null && Arrays.stream(sources).allMatch(name -> name.endsWith("-default.xml"));
      if (!isDefault) {
        learn(setting.getKey(), setting.getValue());
      }
    }
  }

  private static void learn(String name, String value) {
    boolean secret = NAMES.matcher(name).matches() || ACCOUNT_KEYS.matcher(name).matches();
    if (secret && value != null && value.strip().length() >= SHORTEST) {
      VALUES.add(value.strip());
    }
  }

  /** The text without any secret; null stays null. */
  public static String redact(String text) {
    if (text == null) {
      return null;
    }
    String redacted = IN_URIS.matcher(text).replaceAll(REDACTED);
    // a secret may hold another one
    for (String value : VALUES.stream().sorted(LONGEST_FIRST).toList()) {
      redacted = redacted.replace(value, REDACTED);
    }
    return redacted;
  }

  private static final Comparator<String> LONGEST_FIRST =
      Comparator.comparingInt(String::length).reversed();
}
