package org.trlm.engine.constraint;

import java.util.Map;
import java.util.TreeMap;

/**
 * The formats of strings, as regular expressions that are never wider than the format, sometimes
 * narrower: real days of the years 1000 to 9999, hosts and addresses of moderate length.
 */
final class StringFormats {
  private static final String YEAR = "[1-9]\\d{3}";
  private static final String DATE =
      "(?:"
          + (YEAR + "-(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])")
          + ("|" + YEAR + "-(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)")
          + ("|" + YEAR + "-02-(?:0[1-9]|1\\d|2[0-8])")
          + "|(?:[1-9]\\d(?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)-02-29)";
  private static final String TIME =
      "(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,6})?(?:Z|[+-](?:0\\d|1[0-4]):[0-5]\\d)";
  private static final String LABEL = "[A-Za-z0-9]{1,20}(?:-[A-Za-z0-9]{1,20}){0,2}";
  private static final String TOP_LABEL = "[A-Za-z]{2,12}";
  private static final String HOST = "(?:" + LABEL + "\\.){1,5}" + TOP_LABEL;

  /** Validators look the last label up; these are the most common ones. */
  private static final String MAIL_HOST =
      "(?:"
          + LABEL
          + "\\.){1,3}(?:com|org|net|edu|gov|info|io|de|fr|uk|us|ca|au|jp|cn|in|br|it|es|nl|se|no|fi|dk"
          + "|pl|ch|at|be|ie|nz|kr|eu)";

  private static final String BYTE = "(?:\\d|[1-9]\\d|1\\d\\d|2[0-4]\\d|25[0-5])";

  private static final Map<String, String> EXPRESSIONS =
      new TreeMap<>(
          Map.of(
              "date",
              DATE,
              "time",
              TIME,
              "date-time",
              DATE + "T" + TIME,
              "email",
              "[A-Za-z0-9_+-]{1,20}(?:\\.[A-Za-z0-9_+-]{1,20}){0,2}@" + MAIL_HOST,
              "uuid",
              "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
              "ipv4",
              BYTE + "(?:\\." + BYTE + "){3}",
              "ipv6",
              "[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){7}",
              "hostname",
              "(?:" + LABEL + "\\.){0,5}" + TOP_LABEL,
              "uri",
              "https?://" + HOST + "(?:/[A-Za-z0-9_.~-]{1,60}){0,10}/?",
              "duration",
              "P(?:\\d{1,4}W|\\d{1,4}D|(?:\\d{1,4}D)?T\\d{1,4}[HMS])"));

  private StringFormats() {}

  /** The expression of a format; null when it is not known. */
  static String expression(String format) {
    return EXPRESSIONS.get(format);
  }

  static String known() {
    return String.join(", ", EXPRESSIONS.keySet());
  }
}
