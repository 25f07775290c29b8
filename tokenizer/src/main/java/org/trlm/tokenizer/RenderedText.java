package org.trlm.tokenizer;

import java.util.Arrays;
import java.util.Objects;

/**
 * Text ready to be tokenized, with the places that nobody vouches for.
 *
 * <p>{@code contentRanges} holds pairs {@code [start, end)} of UTF-16 indexes into {@code text},
 * sorted, disjoint and not empty: the characters that came from user or tool content. The text is
 * tokenized as one string, and an added token (such as {@code <|im_start|>}) is not recognised
 * where it overlaps one of these ranges. The arrays are copied on the way in and out, so that an
 * instance is immutable.
 *
 * @param text the whole text
 * @param contentRanges start and end of each untrusted range, one pair after the other
 */
public record RenderedText(String text, int[] contentRanges) {

  private static final int[] NONE = {};

  /** Checks that the ranges are pairs, sorted, disjoint and inside the text. */
  public RenderedText {
    Objects.requireNonNull(text, "text");
    contentRanges = contentRanges.clone();
    if (contentRanges.length % 2 != 0) {
      throw new IllegalArgumentException(
          "contentRanges must hold pairs [start, end), found "
              + contentRanges.length
              + " numbers, an odd count");
    }
    int previous = 0;
    for (int i = 0; i < contentRanges.length; i += 2) {
      int start = contentRanges[i];
      int end = contentRanges[i + 1];
      if (start < previous || end <= start || end > text.length()) {
        throw new IllegalArgumentException(
            "contentRanges must be sorted, disjoint, not empty and inside the text of "
                + text.length()
                + " characters, found ["
                + start
                + ", "
                + end
                + ") after "
                + previous);
      }
      previous = end;
    }
  }

  /** A text all of which may spell added tokens. */
  public static RenderedText trusted(String text) {
    return new RenderedText(text, NONE);
  }

  @Override
  public int[] contentRanges() {
    return contentRanges.clone();
  }

  /** The ranges themselves, for the tokenizer, which does not change them. */
  int[] contentRangesShared() {
    return contentRanges;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RenderedText that
        && text.equals(that.text)
        && Arrays.equals(contentRanges, that.contentRanges);
  }

  @Override
  public int hashCode() {
    return 31 * text.hashCode() + Arrays.hashCode(contentRanges);
  }

  @Override
  public String toString() {
    return "RenderedText[text=" + text + ", contentRanges=" + Arrays.toString(contentRanges) + "]";
  }
}
