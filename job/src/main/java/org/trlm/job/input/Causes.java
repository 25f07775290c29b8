package org.trlm.job.input;

import java.util.LinkedHashSet;
import java.util.Set;

/** What an exception says, for people: the messages of its causes, without stack traces. */
public final class Causes {
  private static final int MOST = 2000;

  private Causes() {}

  /** The messages from the outermost to the innermost cause, each first paragraph once. */
  public static String chain(Throwable failure) {
    Set<String> messages = new LinkedHashSet<>();
    for (Throwable cause = failure;
        cause != null && messages.size() < 10;
        cause = cause.getCause()) {
      String message = cause.getMessage();
      String shown = message == null ? cause.getClass().getSimpleName() : firstParagraph(message);
      if (messages.stream().noneMatch(earlier -> earlier.contains(shown))) {
        messages.add(shown);
      }
    }
    String text = String.join(": ", messages);
    return text.length() <= MOST ? text : text.substring(0, MOST) + "...";
  }

  /** Spark repeats whole stack traces inside messages. */
  private static String firstParagraph(String message) {
    int end = message.indexOf("\n\tat ");
    String text = end < 0 ? message : message.substring(0, end);
    int blank = text.indexOf("\n\n");
    return (blank < 0 ? text : text.substring(0, blank)).strip();
  }
}
