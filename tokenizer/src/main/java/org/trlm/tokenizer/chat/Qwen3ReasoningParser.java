package org.trlm.tokenizer.chat;

import java.nio.charset.StandardCharsets;
import org.trlm.tokenizer.RenderedText;

/**
 * The habits of the Qwen3 family, as vLLM's parser of that name splits them. Immutable.
 *
 * <ul>
 *   <li>A thought needs no opening tag: where thinking is on, the answer is a thought until it is
 *       closed. What stands before an opening tag is in neither part.
 *   <li>{@code <tool_call>} ends a thought that has no closing tag, and begins the content.
 *   <li>Where thinking is off and no closing tag comes, all is content.
 * </ul>
 */
public final class Qwen3ReasoningParser implements ReasoningParser {
  private static final byte[] TOOL_CALL = "<tool_call>".getBytes(StandardCharsets.US_ASCII);

  private final ThinkTags tags;
  private final boolean thinks;

  private Qwen3ReasoningParser(ThinkTags tags, boolean thinks) {
    this.tags = tags;
    this.thinks = thinks;
  }

  /** For prompts whose {@code enable_thinking} is true or not given. */
  public static Qwen3ReasoningParser thinking(ThinkTags tags) {
    return new Qwen3ReasoningParser(tags, true);
  }

  /** For prompts whose {@code enable_thinking} is false. */
  public static Qwen3ReasoningParser notThinking(ThinkTags tags) {
    return new Qwen3ReasoningParser(tags, false);
  }

  @Override
  public boolean promptOpensThought(RenderedText prompt, int[] promptIds) {
    return tags.promptOpensThought(prompt, promptIds);
  }

  @Override
  public Split parse(GeneratedText answer, boolean startsInsideThought) {
    Span opening = tags.firstOpening(answer);
    int start = opening == null ? 0 : opening.end();
    int end = answer.bytes().length;
    Span closing = tags.firstClosing(answer, start);
    if (closing != null) {
      return Split.closed(new Span(start, closing.start()), new Span(closing.end(), end));
    }
    if (!thinks && !startsInsideThought) {
      return new Split(ThinkState.NONE, null, java.util.List.of(new Span(start, end)));
    }
    Span call = answer.first(TOOL_CALL, start);
    return call == null
        ? Split.unclosed(new Span(start, end))
        : Split.closed(new Span(start, call.start()), new Span(call.start(), end));
  }
}
