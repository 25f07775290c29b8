package org.trlm.tokenizer;

import java.util.Arrays;
import java.util.BitSet;
import java.util.OptionalInt;

/**
 * Text to token ids and back, equal to the Rust library {@code tokenizers} for what {@link
 * TokenizerJson} and {@link TokenizerGguf} accept.
 *
 * <p>Immutable and thread-safe. Not serializable: each JVM reads it again from the bytes of its
 * file. Truncation and padding are the caller's business.
 */
public final class Tokenizer {

  private final Vocabulary vocabulary;
  private final BytePairEncoding encoding;
  private final AddedTokens addedTokens;
  private final Normalization normalization;
  private final WordSplitter words;
  private final int[] prefix;
  private final int[] suffix;
  private final BitSet special = new BitSet();

  /**
   * @param prefix the ids that the post-processor puts before a text
   * @param suffix the ids that it puts after one
   */
  Tokenizer(
      Vocabulary vocabulary,
      BytePairEncoding encoding,
      AddedTokens addedTokens,
      Normalization normalization,
      WordSplitter words,
      int[] prefix,
      int[] suffix) {
    this.vocabulary = vocabulary;
    this.encoding = encoding;
    this.addedTokens = addedTokens;
    this.normalization = normalization;
    this.words = words;
    this.prefix = prefix.clone();
    this.suffix = suffix.clone();
    for (AddedToken token : addedTokens.tokens()) {
      if (token.special()) {
        special.set(token.id());
      }
    }
  }

  /**
   * The ids of a text all of which is trusted: added tokens are recognised everywhere, and nothing
   * is put around it. A surrogate without its other half counts as U+FFFD.
   */
  public int[] encode(String text) {
    return encode(RenderedText.trusted(text), false);
  }

  /**
   * The ids of a text. It is split as one string; an added token is not recognised where it
   * overlaps a content range, so that its spelling there becomes plain text.
   *
   * @param addSpecialTokens whether to add what the post-processor puts around a text, such as a
   *     begin-of-text token
   */
  public int[] encode(RenderedText text, boolean addSpecialTokens) {
    IntList ids = new IntList(text.text().length() / 3 + 8);
    if (addSpecialTokens) {
      ids.addAll(prefix);
    }
    int[] codePoints = Utf8.codePoints(text.text());
    encodeAsWritten(codePoints, contentPositions(text), ids);
    if (addSpecialTokens) {
      ids.addAll(suffix);
    }
    return ids.toArray();
  }

  /** The content ranges in code points, or null when there are none. */
  private static BitSet contentPositions(RenderedText text) {
    int[] ranges = text.contentRangesShared();
    if (ranges.length == 0) {
      return null;
    }
    BitSet positions = new BitSet(text.text().length());
    String string = text.text();
    int range = 0;
    int position = 0;
    for (int i = 0; i < string.length() && range < ranges.length; position++) {
      int next = i + Character.charCount(string.codePointAt(i));
      if (next > ranges[range]) {
        positions.set(position);
      }
      while (range < ranges.length && next >= ranges[range + 1]) {
        range += 2;
      }
      i = next;
    }
    return positions;
  }

  private void encodeAsWritten(int[] text, BitSet content, IntList ids) {
    IntList pieces = new IntList(16);
    addedTokens.split(text, content, AddedTokens.Pass.AS_WRITTEN, pieces);
    for (int i = 0; i < pieces.size(); i += 3) {
      int start = pieces.at(i + 1);
      int end = pieces.at(i + 2);
      if (pieces.at(i) != AddedTokens.TEXT) {
        ids.add(pieces.at(i));
      } else {
        BitSet within = content == null ? null : content.get(start, end);
        encodeNormalized(Arrays.copyOfRange(text, start, end), within, ids);
      }
    }
  }

  private void encodeNormalized(int[] piece, BitSet content, IntList ids) {
    int[] text = piece;
    BitSet marked = content;
    if (normalization != Normalization.NONE) {
      String string = new String(piece, 0, piece.length);
      if (!normalization.leavesAlone(string)) {
        BitSet markedAfter = new BitSet();
        text = normalization.apply(piece, content == null ? new BitSet() : content, markedAfter);
        marked = content == null ? null : markedAfter;
      }
    }
    IntList pieces = new IntList(16);
    addedTokens.split(text, marked, AddedTokens.Pass.NORMALIZED, pieces);
    WordEncoder encoder = new WordEncoder(ids);
    for (int i = 0; i < pieces.size(); i += 3) {
      if (pieces.at(i) != AddedTokens.TEXT) {
        ids.add(pieces.at(i));
      } else {
        words.split(text, pieces.at(i + 1), pieces.at(i + 2), encoder);
      }
    }
  }

  /** Turns words into bytes and bytes into ids. */
  private final class WordEncoder implements WordSplitter.WordSink {
    private final IntList ids;
    private byte[] bytes = new byte[64];

    WordEncoder(IntList ids) {
      this.ids = ids;
    }

    @Override
    public void word(int[] text, int start, int end) {
      int most = Math.multiplyExact(end - start, 4);
      if (bytes.length < most) {
        bytes = new byte[most];
      }
      encoding.encode(bytes, Utf8.encode(text, start, end, bytes), ids);
    }
  }

  /**
   * The text of a sequence of ids. Bytes that are not UTF-8 become U+FFFD; an id that is not in the
   * vocabulary adds nothing, as in the reference.
   *
   * @param skipSpecialTokens whether to leave special tokens out
   */
  public String decode(int[] ids, boolean skipSpecialTokens) {
    StringBuilder text = new StringBuilder(ids.length * 4);
    Utf8.Decoder decoder = new Utf8.Decoder();
    for (int id : ids) {
      decodeInto(id, skipSpecialTokens, decoder, text);
    }
    decoder.finish(text);
    return text.toString();
  }

  void decodeInto(int id, boolean skipSpecialTokens, Utf8.Decoder decoder, StringBuilder text) {
    if (vocabulary.contains(id) && !(skipSpecialTokens && isSpecial(id))) {
      vocabulary.decode(id, decoder, text);
    }
  }

  /** A decoder for one sequence whose ids come one by one. */
  public DecodeStream decodeStream(boolean skipSpecialTokens) {
    return new DecodeStream(this, skipSpecialTokens);
  }

  /**
   * The bytes that a token contributes to text, as a copy: those that it spells in the byte
   * alphabet, or the UTF-8 of its text when that holds other characters.
   *
   * @throws IllegalArgumentException if the id is not in the vocabulary
   */
  public byte[] tokenBytes(int id) {
    return vocabulary.bytes(id);
  }

  /** The highest id plus one, added tokens included. */
  public int vocabSize() {
    return vocabulary.size();
  }

  /** Whether the id is that of a special token. */
  public boolean isSpecial(int id) {
    return id >= 0 && special.get(id);
  }

  /** The id of a token as its file spells it, such as {@code <|im_end|>}. */
  public OptionalInt tokenId(String token) {
    int id = vocabulary.idOf(token);
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** The tokens by id. */
  public Vocabulary vocabulary() {
    return vocabulary;
  }
}
