package org.trlm.job.input;

import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What stands for a line that is too long to be read: its length and its head. */
final class LongLine {
  /** Longest line of an input; as long as the longest field of a CSV file. */
  static final int MOST_BYTES = 16 << 20;

  /** What is kept of a longer one, for the message. */
  static final int HEAD_BYTES = 1 << 10;

  /** No line of JSON begins so. */
  private static final String MARK = "\u0000line too long\u0000";

  private static final Pattern PARTS = Pattern.compile(MARK + "(\\d+)\u0000(.*)", Pattern.DOTALL);

  private LongLine() {}

  /** The text in the place of a line. */
  static byte[] marked(long bytes, byte[] head) {
    // the head may end within a character
    String shown = new String(head, StandardCharsets.UTF_8);
    return (MARK + bytes + "\u0000" + shown).getBytes(StandardCharsets.UTF_8);
  }

  static boolean isMarked(String line) {
    return line.startsWith(MARK);
  }

  /** What is wrong with a marked line. */
  static String problem(String marked) {
    Matcher parts = PARTS.matcher(marked);
    return "is %s bytes long, more than the %d that are read"
        .formatted(parts.matches() ? parts.group(1) : "too many", MOST_BYTES);
  }

  /** The head of a marked line. */
  static String head(String marked) {
    Matcher parts = PARTS.matcher(marked);
    return parts.matches() ? parts.group(2) : marked;
  }
}
