package org.trlm.tokenizer;

/**
 * Decodes one sequence of ids as they are generated. Each {@link #push} returns the characters that
 * are complete by then; the beginning of a character is held back until the rest comes. All pieces
 * together, {@link #flush} included, are what {@link Tokenizer#decode} gives. Not thread-safe.
 */
public final class DecodeStream {

  private final Tokenizer tokenizer;
  private final boolean skipSpecialTokens;
  private final Utf8.Decoder decoder = new Utf8.Decoder();

  DecodeStream(Tokenizer tokenizer, boolean skipSpecialTokens) {
    this.tokenizer = tokenizer;
    this.skipSpecialTokens = skipSpecialTokens;
  }

  /** Takes the next id and returns the text that it completes, often empty or a few characters. */
  public String push(int id) {
    StringBuilder text = new StringBuilder();
    tokenizer.decodeInto(id, skipSpecialTokens, decoder, text);
    return text.toString();
  }

  /** Ends the sequence: a character that is not complete comes out as U+FFFD. */
  public String flush() {
    StringBuilder text = new StringBuilder();
    decoder.finish(text);
    return text.toString();
  }
}
