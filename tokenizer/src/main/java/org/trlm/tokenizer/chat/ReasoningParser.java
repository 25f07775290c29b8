package org.trlm.tokenizer.chat;

import java.util.List;
import org.trlm.tokenizer.RenderedText;

/**
 * Splits an answer into the thought and what follows it. Immutable; called wherever answers are
 * assembled. Positions are byte offsets of {@link GeneratedText#bytes()}.
 *
 * @see ThinkTags
 * @see Qwen3ReasoningParser
 */
public interface ReasoningParser {
  /** Whether the answer holds a thought, and whether it came to its end. */
  enum ThinkState {
    NONE,
    CLOSED,
    UNCLOSED
  }

  /** Bytes {@code [start, end)} of the text. */
  record Span(int start, int end) {}

  /**
   * Text of an answer: {@code reasoning} null when there is none, {@code content} null when the
   * thought was not closed.
   */
  record ReasonedText(ThinkState state, String reasoning, String content) {}

  /**
   * The split of one answer.
   *
   * @param reasoning the thought without its tags; null when there is none
   * @param content the answer, in order; empty when the thought was not closed
   */
  record Split(ThinkState state, Span reasoning, List<Span> content) {
    /** The split of an answer that holds no thought. */
    public static Split withoutThought(GeneratedText answer) {
      return new Split(ThinkState.NONE, null, List.of(new Span(0, answer.bytes().length)));
    }

    static Split closed(Span reasoning, Span... content) {
      return new Split(ThinkState.CLOSED, reasoning, List.of(content));
    }

    static Split unclosed(Span reasoning) {
      return new Split(ThinkState.UNCLOSED, reasoning, List.of());
    }
  }

  /**
   * Whether generation after this prompt starts inside a thought: its last think tag is an opening
   * one. What a user or a tool wrote does not count.
   *
   * @param prompt the rendered prompt
   * @param promptIds its tokens, or the end of them that the model gets
   */
  boolean promptOpensThought(RenderedText prompt, int[] promptIds);

  /** The parts of an answer to a prompt that opened a thought or did not. */
  Split parse(GeneratedText answer, boolean startsInsideThought);

  /**
   * A split as text: the spans of the content follow each other, and both parts are stripped of
   * what Python's {@code str.strip} takes for white space.
   */
  static ReasonedText text(Split split, GeneratedText answer) {
    StringBuilder content = new StringBuilder();
    for (Span span : split.content()) {
      content.append(answer.text(span));
    }
    return new ReasonedText(
        split.state(),
        split.reasoning() == null ? null : PythonText.strip(answer.text(split.reasoning())),
        split.state() == ThinkState.UNCLOSED ? null : PythonText.strip(content.toString()));
  }
}
