package org.trlm.tokenizer;

import ai.djl.huggingface.tokenizers.Encoding;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Writes the resource {@code unicode-tables.txt} by asking the reference about every code point.
 * Run it with the path of the file to write when the reference is updated; {@link
 * ReferenceEqualityTest} then compares whole texts.
 */
final class UnicodeTablesGenerator {

  private static final int CHUNK = 16_384;

  /** The frequent ones first: a code point is asked about until one category holds it. */
  private static final List<String> CATEGORIES =
      List.of(
          "Cn", "Co", "Lo", "Ll", "Lu", "Lm", "Lt", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd",
          "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf");

  private static final int TOKEN_ID = 256;

  private UnicodeTablesGenerator() {}

  public static void main(String[] arguments) throws IOException {
    StringBuilder file = new StringBuilder();
    file.append("# Character classes of the Rust library tokenizers, as bundled by DJL.\n");
    file.append("# Written by UnicodeTablesGenerator; format: see UnicodeTables.\n");
    tables().forEach((name, set) -> file.append(name).append(bounds(set)).append('\n'));
    Files.writeString(Path.of(arguments[0]), file, StandardCharsets.US_ASCII);
  }

  static Map<String, BitSet> tables() {
    Map<String, BitSet> tables = new LinkedHashMap<>();
    BitSet all = new BitSet();
    all.set(0, CodePointSet.LIMIT);
    all.clear(Character.MIN_SURROGATE, Character.MAX_SURROGATE + 1);
    BitSet left = (BitSet) all.clone();
    for (String category : CATEGORIES) {
      BitSet members = matched("\\p{" + category + "}", left);
      tables.put(category, members);
      left.andNot(members);
    }
    if (!left.isEmpty()) {
      throw new IllegalStateException("no category holds " + left);
    }
    tables.put("regex-space", matched("\\s", all));
    tables.put("regex-word", matched("\\w", all));
    tables.put("regex-digit", matched("\\d", all));
    tables.put("numeric", numeric(all));
    tables.put("added-token-word", besideToken("single_word", all, true));
    tables.put("added-token-space", besideToken("lstrip", all, false));
    tables.put("nfc-inert", inertUnderComposition(all));
    return tables;
  }

  /**
   * The code points that the reference's NFC, of an older Unicode version, passes over: those that
   * this JDK treats otherwise, and all that this JDK does not know yet.
   */
  private static BitSet inertUnderComposition(BitSet candidates) {
    BitSet members = new BitSet();
    BitSet known = new BitSet();
    candidates.stream()
        .filter(c -> c >= 0x300)
        .forEach(c -> (Character.getType(c) == Character.UNASSIGNED ? members : known).set(c));
    markDifferences(
        known,
        c -> "a\u0345" + Character.toString(c) + "a" + Character.toString(c) + "\u0334",
        members,
        false);
    markDifferences(
        known,
        c -> Normalizer.normalize(Character.toString(c), Normalizer.Form.NFD),
        members,
        true);
    return members;
  }

  private static void markDifferences(
      BitSet candidates, IntFunction<String> text, BitSet members, boolean parts) {
    ObjectNode json = TestTokenizers.bytesOnly();
    json.putObject("normalizer").put("type", "NFC");
    eachChunk(
        json,
        candidates,
        c -> text.apply(c) + "\n",
        (codePoints, encoding) -> {
          String[] found = decoded(encoding).split("\n", -1);
          for (int i = 0; i < codePoints.length; i++) {
            String given = text.apply(codePoints[i]);
            if (!found[i].equals(Normalizer.normalize(given, Normalizer.Form.NFC))) {
              (parts ? given.codePoints() : IntStream.of(codePoints[i])).forEach(members::set);
            }
          }
        });
  }

  private static String decoded(Encoding encoding) {
    byte[] bytes = new byte[encoding.getIds().length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) encoding.getIds()[i];
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** Leaves out what a pattern matches and sees what is missing. */
  private static BitSet matched(String pattern, BitSet candidates) {
    ObjectNode json =
        TestTokenizers.withStages(
            TestTokenizers.bytesOnly(), TestTokenizers.split(pattern, "Removed", false));
    BitSet kept = new BitSet();
    eachChunk(
        json,
        candidates,
        Character::toString,
        (codePoints, encoding) -> decoded(encoding).codePoints().forEach(kept::set));
    BitSet members = (BitSet) candidates.clone();
    members.andNot(kept);
    return members;
  }

  /** Puts a letter before each and sees whether Digits starts a new word. */
  private static BitSet numeric(BitSet candidates) {
    ObjectNode json =
        TestTokenizers.withStages(
            TestTokenizers.bytesOnly(), "{'type':'Digits','individual_digits':true}");
    BitSet members = new BitSet();
    eachChunk(
        json,
        candidates,
        codePoint -> "a" + Character.toString(codePoint),
        (codePoints, encoding) -> {
          int at = 0;
          for (int codePoint : codePoints) {
            if (encoding.getWordIds()[at] != encoding.getWordIds()[at + 1]) {
              members.set(codePoint);
            }
            at += 1 + utf8Length(codePoint);
          }
        });
    return members;
  }

  /**
   * Puts each before an added token with a flag, and sees whether the token is still recognised
   * (single_word) and the character still there (lstrip).
   */
  private static BitSet besideToken(String flag, BitSet candidates, boolean tokenMissing) {
    String content = "\uE000\uE001";
    ObjectNode json = TestTokenizers.withAdded(TestTokenizers.bytesOnly(), content, flag);
    BitSet members = new BitSet();
    eachChunk(
        json,
        candidates,
        codePoint -> Character.toString(codePoint) + content + "!",
        (codePoints, encoding) -> {
          long[] ids = encoding.getIds();
          int at = 0;
          for (int codePoint : codePoints) {
            boolean characterMissing = ids[at] == TOKEN_ID;
            at += characterMissing ? 0 : utf8Length(codePoint);
            boolean recognised = ids[at] == TOKEN_ID;
            at += (recognised ? 1 : 6) + 1;
            if (tokenMissing ? !recognised : characterMissing) {
              members.set(codePoint);
            }
          }
          if (at != ids.length) {
            throw new IllegalStateException("lost count of the ids");
          }
        });
    return members;
  }

  private interface ChunkReader {
    void read(int[] codePoints, Encoding encoding);
  }

  private static void eachChunk(
      ObjectNode json, BitSet candidates, IntFunction<String> text, ChunkReader reader) {
    try (Reference reference = new Reference(TestTokenizers.bytes(json))) {
      int[] all = candidates.stream().toArray();
      for (int start = 0; start < all.length; start += CHUNK) {
        int[] chunk = java.util.Arrays.copyOfRange(all, start, Math.min(all.length, start + CHUNK));
        StringBuilder joined = new StringBuilder();
        for (int codePoint : chunk) {
          joined.append(text.apply(codePoint));
        }
        reader.read(chunk, reference.library().encode(joined.toString(), false, false));
      }
    }
  }

  private static int utf8Length(int codePoint) {
    return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
  }

  private static String bounds(BitSet set) {
    StringBuilder line = new StringBuilder();
    int previous = 0;
    for (int start = set.nextSetBit(0); start >= 0; ) {
      int end = set.nextClearBit(start);
      line.append(' ').append(Integer.toHexString(start - previous));
      line.append(' ').append(Integer.toHexString(end - start));
      previous = end;
      start = set.nextSetBit(end);
    }
    return line.toString();
  }
}
