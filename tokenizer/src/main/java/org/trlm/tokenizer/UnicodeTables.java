package org.trlm.tokenizer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * The character classes as the reference tokenizer's libraries know them, from the resource {@code
 * unicode-tables.txt}. The test tool {@code UnicodeTablesGenerator} writes that file by asking the
 * reference about every code point; the JDK's own tables are never used, for they differ from one
 * release to the next.
 *
 * <p>Each line is a name and the bounds of its ranges in hexadecimal, as differences: start
 * inclusive, end exclusive, and so on.
 */
final class UnicodeTables {

  private static final String RESOURCE = "unicode-tables.txt";
  private static final Map<String, CodePointSet> SETS = load();

  /** {@code \s} of regular expressions. */
  static final CodePointSet REGEX_SPACE = SETS.get("regex-space");

  /** {@code \w} of regular expressions. */
  static final CodePointSet REGEX_WORD = SETS.get("regex-word");

  /** {@code \d} of regular expressions. */
  static final CodePointSet REGEX_DIGIT = SETS.get("regex-digit");

  /** What the pre-tokenizer {@code Digits} splits off. */
  static final CodePointSet NUMERIC = SETS.get("numeric");

  /** What makes a neighbour of a {@code single_word} token part of the same word. */
  static final CodePointSet ADDED_TOKEN_WORD = SETS.get("added-token-word");

  /** What the flags {@code lstrip} and {@code rstrip} take along. */
  static final CodePointSet ADDED_TOKEN_SPACE = SETS.get("added-token-space");

  /** What the reference's NFC leaves where and as it is, being older than these characters. */
  static final CodePointSet NFC_INERT = SETS.get("nfc-inert");

  private UnicodeTables() {}

  /** The set of a general category of one or two letters ({@code L}, {@code Lu}, …), or null. */
  static CodePointSet category(String name) {
    return name.length() <= 2 ? SETS.get(name) : null;
  }

  private static Map<String, CodePointSet> load() {
    Map<String, CodePointSet> sets = new HashMap<>();
    try (InputStream in = UnicodeTables.class.getResourceAsStream(RESOURCE);
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (!line.startsWith("#")) {
          String[] words = line.split(" ");
          int[] bounds = new int[words.length - 1];
          int at = 0;
          for (int i = 0; i < bounds.length; i++) {
            at += Integer.parseInt(words[i + 1], 16);
            bounds[i] = at;
          }
          sets.put(words[0], CodePointSet.ofBounds(bounds));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the resource " + RESOURCE, e);
    }
    Map<String, CodePointSet> all = new HashMap<>(sets);
    sets.forEach(
        (name, set) -> {
          if (name.length() == 2) {
            all.merge(name.substring(0, 1), set, CodePointSet::union);
          }
        });
    return all;
  }
}
