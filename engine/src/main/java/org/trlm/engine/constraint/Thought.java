package org.trlm.engine.constraint;

import org.trlm.engine.request.ThoughtTags;
import org.trlm.engine.request.ThoughtTags.State;

/**
 * Where one answer stands with its thought: nothing begun, inside it, or after it. Stop strings,
 * constraints and the thinking budget ask it what they apply to. Moves with each token; the first
 * thought counts, tags after its end are content.
 */
public final class Thought {
  private final ThoughtTags tags;
  private final TagMatcher open;
  private final TagMatcher close;
  private State state;
  private int numTokens;

  /**
   * @param start {@link State#OPEN} when the prompt ends inside a thought
   */
  public Thought(ThoughtTags tags, State start) {
    this.tags = tags;
    this.state = start;
    boolean byText = tags.exist() && !tags.areTokens();
    open = byText ? new TagMatcher(tags.open()) : null;
    close = byText ? new TagMatcher(tags.close()) : null;
  }

  public State state() {
    return state;
  }

  /** Generated tokens of the thought, without its tags where these are tokens. */
  int numTokens() {
    return numTokens;
  }

  /**
   * Goes on by one token.
   *
   * @param text the bytes that it adds to the answer
   * @return how many of them belong to the thought or its tags; the content goes on after them
   */
  public int append(int token, byte[] text) {
    if (state == State.CLOSED || !tags.exist()) {
      return 0;
    }
    return tags.areTokens() ? appendById(token, text.length) : appendByText(text);
  }

  private int appendById(int token, int length) {
    if (token == tags.closeId()) {
      state = State.CLOSED;
      return length;
    }
    if (token == tags.openId() && (state == State.NONE || numTokens == 0)) {
      state = State.OPEN;
      return length;
    }
    if (state == State.OPEN) {
      numTokens++;
      return length;
    }
    return 0;
  }

  private int appendByText(byte[] text) {
    boolean inside = state == State.OPEN;
    for (int i = 0; i < text.length; i++) {
      if (state == State.NONE && open.append(text[i])) {
        state = State.OPEN;
        inside = true;
      }
      if (close.append(text[i])) {
        state = State.CLOSED;
        return i + 1;
      }
    }
    numTokens += inside ? 1 : 0;
    return inside ? text.length : 0;
  }

  /**
   * Whether a token would end the thought and go on with content, where the tag is found by its
   * text.
   */
  boolean closesBeforeEnd(byte[] text) {
    int last = close.lastByte();
    int matched = close.matched();
    for (int i = 0; i < text.length - 1; i++) {
      matched = close.matchedAfter(matched, text[i]);
      if (text[i] == last && matched == close.length()) {
        return true;
      }
    }
    return false;
  }
}
