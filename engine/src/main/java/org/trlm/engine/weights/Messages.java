package org.trlm.engine.weights;

/** Text from files, made fit for a message. */
final class Messages {
  private static final int MAX_CHARS = 80;

  private Messages() {}

  /** In quotes, cut to a line, with control characters replaced. */
  static String quote(String text) {
    String cut = text.length() > MAX_CHARS ? text.substring(0, MAX_CHARS) + "…" : text;
    return '"' + cut.replaceAll("\\p{Cntrl}", "?") + '"';
  }
}
