package org.trlm.engine.request;

import java.util.Arrays;

/**
 * How a model marks its thought, such as by {@code <think>} and {@code </think>}. Arrays are not
 * copied and never written.
 *
 * @param open the opening tag's text, UTF-8
 * @param close the closing tag's text, UTF-8
 * @param openId the opening tag's token; negative where tags are found by their text
 * @param closeId the closing tag's token; negative where tags are found by their text
 * @param closeTokenIds the tokens to write where a thought is closed by force
 */
public record ThoughtTags(byte[] open, byte[] close, int openId, int closeId, int[] closeTokenIds) {

  /** Where an answer stands with its thought. */
  public enum State {
    /** No thought was begun; one may begin. */
    NONE,
    /** Inside the thought. */
    OPEN,
    /** After the thought; no other one begins. */
    CLOSED
  }

  /** A model without a thought. */
  public static final ThoughtTags NONE =
      new ThoughtTags(new byte[0], new byte[0], -1, -1, new int[0]);

  /** Tags that are one token each; their spelling by other tokens is text. */
  public static ThoughtTags ofIds(int openId, int closeId) {
    check(openId >= 0 && closeId >= 0 && openId != closeId, openId + " and " + closeId);
    return new ThoughtTags(new byte[0], new byte[0], openId, closeId, new int[] {closeId});
  }

  /**
   * Tags by their text, however many tokens spell them.
   *
   * @param closeTokenIds tokens that spell the closing tag
   */
  public static ThoughtTags ofText(byte[] open, byte[] close, int... closeTokenIds) {
    check(
        open.length > 0 && close.length > 0 && !Arrays.equals(open, close),
        Arrays.toString(open) + " and " + Arrays.toString(close));
    check(closeTokenIds.length > 0, "a closing tag without tokens");
    return new ThoughtTags(open, close, -1, -1, closeTokenIds);
  }

  private static void check(boolean valid, String found) {
    if (!valid) {
      throw new IllegalArgumentException(
          "think tags must be two different tokens or texts, found " + found);
    }
  }

  /** Whether the tags are found by their tokens. */
  public boolean areTokens() {
    return openId >= 0;
  }

  /** Whether there are any. */
  public boolean exist() {
    return areTokens() || open.length > 0;
  }
}
