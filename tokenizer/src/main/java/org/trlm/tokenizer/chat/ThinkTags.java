package org.trlm.tokenizer.chat;

import java.nio.charset.StandardCharsets;
import org.trlm.tokenizer.RenderedText;

/**
 * A pair of tags around the thought, such as {@code <think>} and {@code </think>}, found by their
 * token ids or by their text. Immutable.
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
public final class ThinkTags implements ReasoningParser {
  /** Not a token: the tag is looked for in the text. */
  private static final int BY_TEXT = -1;

  private final Tag open;
  private final Tag close;

  private ThinkTags(Tag open, Tag close) {
    this.open = open;
    this.close = close;
  }

  /** Tags that are one token each; their spelling by other tokens is text. */
  public static ThinkTags ofIds(int openId, int closeId) {
    if (openId < 0 || closeId < 0 || openId == closeId) {
      throw new IllegalArgumentException(
          "think tags must be two different token ids, found " + openId + " and " + closeId);
    }
    return new ThinkTags(new Tag(openId, null), new Tag(closeId, null));
  }

  /** Tags by their text, however many tokens spell them and whatever stands in the same token. */
  public static ThinkTags ofText(String open, String close) {
    if (open.isEmpty() || close.isEmpty() || open.equals(close)) {
      throw new IllegalArgumentException(
          "think tags must be two different texts, found '" + open + "' and '" + close + "'");
    }
    return new ThinkTags(new Tag(BY_TEXT, open), new Tag(BY_TEXT, close));
  }

  /** One tag; {@code text} is null when it is a token. */
  private record Tag(int id, String text) {
    Span first(GeneratedText answer, int from) {
      return id == BY_TEXT
          ? answer.first(text.getBytes(StandardCharsets.UTF_8), from)
          : answer.firstToken(id, from);
    }

    /** Where it stands for the last time outside of content; -1 when it does not. */
    int last(RenderedText prompt, int[] ids) {
      if (id != BY_TEXT) {
        for (int i = ids.length - 1; i >= 0; i--) {
          if (ids[i] == id) {
            return i;
          }
        }
        return -1;
      }
      int at = prompt.text().lastIndexOf(text);
      while (at >= 0 && overlaps(prompt.contentRanges(), at, at + text.length())) {
        at = at == 0 ? -1 : prompt.text().lastIndexOf(text, at - 1);
      }
      return at;
    }

    private static boolean overlaps(int[] ranges, int start, int end) {
      for (int i = 0; i < ranges.length; i += 2) {
        if (ranges[i] < end && start < ranges[i + 1]) {
          return true;
        }
      }
      return false;
    }
  }

  @Override
  public boolean promptOpensThought(RenderedText prompt, int[] promptIds) {
    return open.last(prompt, promptIds) > close.last(prompt, promptIds);
  }

  @Override
  public Split parse(GeneratedText answer, boolean startsInsideThought) {
    Span closing = firstClosing(answer, 0);
    Span opening = firstOpening(answer);
    if (!startsInsideThought && opening == null && closing == null) {
      return Split.withoutThought(answer);
    }
    boolean openedHere =
        !startsInsideThought
            && opening != null
            && (closing == null || opening.start() < closing.start());
    boolean repeated = startsInsideThought && opening != null && opening.start() == 0;
    int start = openedHere || repeated ? opening.end() : 0;
    if (closing == null) {
      return Split.unclosed(new Span(start, answer.bytes().length));
    }
    Span thought = new Span(start, closing.start());
    Span after = new Span(closing.end(), answer.bytes().length);
    return openedHere && opening.start() > 0
        ? Split.closed(thought, new Span(0, opening.start()), after)
        : Split.closed(thought, after);
  }

  Span firstOpening(GeneratedText answer) {
    return open.first(answer, 0);
  }

  Span firstClosing(GeneratedText answer, int from) {
    return close.first(answer, from);
  }
}
