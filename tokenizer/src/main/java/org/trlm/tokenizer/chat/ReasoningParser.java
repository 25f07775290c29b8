package org.trlm.tokenizer.chat;

import java.util.List;
import java.util.function.Function;

/**
 * Splits generated token ids into the thought and the answer, by the ids of a pair of tags such as
 * {@code <think>} and {@code </think>}. Immutable; called wherever answers are assembled.
 *
 * <ul>
 *   <li>The first thought is the reasoning. Tags after its end are ordinary content and stay in it.
 *   <li>A closing tag without an opening one ends a thought that the template began: all before it
 *       is reasoning.
 *   <li>Text before an opening tag belongs to the content of a closed thought.
 *   <li>An opening tag repeated at the very start of an answer that starts inside the thought is
 *       dropped.
 * </ul>
 */
public final class ReasoningParser {
  /** Whether the answer holds a thought, and whether it came to its end. */
  public enum ThinkState {
    NONE,
    CLOSED,
    UNCLOSED
  }

  /** Token positions {@code [start, end)} of the generated ids. */
  public record Span(int start, int end) {}

  /**
   * Text of an answer: {@code reasoning} null when there is none, {@code content} null when the
   * thought was not closed.
   */
  public record ReasonedText(ThinkState state, String reasoning, String content) {}

  /**
   * The split of one answer.
   *
   * @param reasoning tokens of the thought without its tags; null when there is none
   * @param content tokens of the answer, in order; empty when the thought was not closed
   */
  public record Split(ThinkState state, Span reasoning, List<Span> content) {
    /** The split of an answer of so many tokens that holds no thought. */
    public static Split withoutThought(int tokens) {
      return new Split(ThinkState.NONE, null, List.of(new Span(0, tokens)));
    }
  }

  private final int openId;
  private final int closeId;

  public ReasoningParser(int openId, int closeId) {
    if (openId < 0 || closeId < 0 || openId == closeId) {
      throw new IllegalArgumentException(
          "think tags must be two different token ids, found " + openId + " and " + closeId);
    }
    this.openId = openId;
    this.closeId = closeId;
  }

  /**
   * Whether generation after this prompt starts inside a thought: its last think tag is an opening
   * one.
   */
  public boolean promptOpensThought(int[] promptIds) {
    for (int i = promptIds.length - 1; i >= 0; i--) {
      if (promptIds[i] == openId || promptIds[i] == closeId) {
        return promptIds[i] == openId;
      }
    }
    return false;
  }

  public Split parse(int[] ids, boolean startsInsideThought) {
    int close = indexOf(ids, closeId, 0);
    int open = indexOf(ids, openId, 0);
    boolean openedHere = !startsInsideThought && open >= 0 && (close < 0 || open < close);
    if (!startsInsideThought && open < 0 && close < 0) {
      return Split.withoutThought(ids.length);
    }
    int start = openedHere || (startsInsideThought && open == 0) ? open + 1 : 0;
    if (close < 0) {
      return new Split(ThinkState.UNCLOSED, new Span(start, ids.length), List.of());
    }
    Span after = new Span(close + 1, ids.length);
    List<Span> content =
        openedHere && open > 0 ? List.of(new Span(0, open), after) : List.of(after);
    return new Split(ThinkState.CLOSED, new Span(start, close), content);
  }

  /**
   * A split as text: the spans of the content follow each other, and both parts are stripped of
   * what Python's {@code str.strip} takes for white space.
   *
   * @param decode the text of a span; each is decoded on its own
   */
  public static ReasonedText text(Split split, Function<Span, String> decode) {
    StringBuilder content = new StringBuilder();
    for (Span span : split.content()) {
      content.append(decode.apply(span));
    }
    return new ReasonedText(
        split.state(),
        split.reasoning() == null ? null : PythonText.strip(decode.apply(split.reasoning())),
        split.state() == ThinkState.UNCLOSED ? null : PythonText.strip(content.toString()));
  }

  private static int indexOf(int[] ids, int id, int from) {
    for (int i = from; i < ids.length; i++) {
      if (ids[i] == id) {
        return i;
      }
    }
    return -1;
  }
}
