package org.trlm.job.input;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.trlm.job.Secrets;

/** What an exception says, for people: the messages of its causes, without stack traces. */
public final class Causes {
  private static final int MOST = 2000;

  /** Spark's words around what a task threw: attempts, host, and after its class the message. */
  private static final Pattern TASK_FAILURE =
      Pattern.compile(
          "Job aborted due to stage failure: Task \\S+ in stage \\S+ failed (\\d+) times?, most recent"
              + " failure: Lost task \\S+ in stage \\S+ \\(TID \\d+\\) \\(([^)]*)\\):"
              + " (?:(?:[\\w$]+\\.)+[\\w$]+: )?(.*)",
          Pattern.DOTALL);

  /** How Spark says that an executor's JVM had no heap left. */
  private static final String HEAP_FULL = "Command exited with code 52";

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
    String text = Secrets.redact(String.join(": ", messages));
    return text.length() <= MOST ? text : text.substring(0, MOST) + "...";
  }

  /** Spark repeats whole stack traces inside messages. */
  private static String firstParagraph(String message) {
    int end = message.indexOf("\n\tat ");
    String text = end < 0 ? message : message.substring(0, end);
    int blank = text.indexOf("\n\n");
    text = (blank < 0 ? text : text.substring(0, blank)).strip();
    text =
        text.replace(
            HEAP_FULL,
            "its heap was full (exit code 52): give executors more memory with --executor-memory");
    Matcher task = TASK_FAILURE.matcher(text);
    return task.matches()
        ? "a task failed (%s times, last on %s): %s"
            .formatted(task.group(1), task.group(2), task.group(3))
        : text;
  }
}
