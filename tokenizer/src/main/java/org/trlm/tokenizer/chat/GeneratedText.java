package org.trlm.tokenizer.chat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.IntFunction;
import org.trlm.tokenizer.chat.ReasoningParser.Span;

/** The tokens of an answer with the bytes that each adds to its text. */
public final class GeneratedText {
  private final int[] ids;
  private final int[] ends;
  private final byte[] bytes;

  /**
   * @param ids the tokens; not copied, never written
   * @param bytesAt the bytes that the token at a position (not of an id) adds; may be none
   */
  public GeneratedText(int[] ids, IntFunction<byte[]> bytesAt) {
    this.ids = ids;
    this.ends = new int[ids.length];
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    for (int i = 0; i < ids.length; i++) {
      text.writeBytes(bytesAt.apply(i));
      ends[i] = text.size();
    }
    this.bytes = text.toByteArray();
  }

  /** The whole text as UTF-8; not copied, never written. */
  public byte[] bytes() {
    return bytes;
  }

  /** A part of the text, decoded on its own; bytes that are not UTF-8 become U+FFFD. */
  public String text(Span span) {
    return new String(bytes, span.start(), span.end() - span.start(), StandardCharsets.UTF_8);
  }

  /** Tokens that begin inside a span, and those at its end that add no text. */
  public int tokensIn(Span span) {
    int tokens = 0;
    for (int i = 0; i < ids.length; i++) {
      int start = start(i);
      boolean inside = start >= span.start() && start < span.end();
      if (inside || (start == span.end() && ends[i] == start)) {
        tokens++;
      }
    }
    return tokens;
  }

  /** Where such bytes stand for the first time; null when they do not. */
  Span first(byte[] text, int from) {
    for (int at = from; at <= bytes.length - text.length; at++) {
      if (java.util.Arrays.equals(bytes, at, at + text.length, text, 0, text.length)) {
        return new Span(at, at + text.length);
      }
    }
    return null;
  }

  /** The bytes of the first such token that begins at or after a place; null without one. */
  Span firstToken(int id, int from) {
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] == id && start(i) >= from) {
        return new Span(start(i), ends[i]);
      }
    }
    return null;
  }

  private int start(int token) {
    return token == 0 ? 0 : ends[token - 1];
  }
}
