package org.trlm.engine.constraint;

/**
 * What the class escapes of regular expressions stand for. Dialects disagree on characters beyond
 * ASCII, so each class holds only what Python, ECMAScript, Java and Rust all take for a member:
 * whatever is generated matches in any of them.
 */
final class RegexClasses {
  static final CodePoints DIGIT = CodePoints.of('0', '9');
  static final CodePoints WORD = CodePoints.of('0', '9', 'A', 'Z', 'a', 'z', '_', '_');
  static final CodePoints SPACE = CodePoints.ofCharacters(" \t\n\r\f\u000b");

  /** White space of JSON. */
  static final CodePoints JSON_SPACE = CodePoints.ofCharacters(" \t\n\r");

  private static final CodePoints ASCII = CodePoints.of(0, 0x7f);

  /** Blocks without decimal digits of any script. */
  private static final CodePoints WITHOUT_DIGITS =
      CodePoints.of(
          0xa1, 0x65f, 0x2010, 0x2027, 0x2030, 0x205e, 0x2070, 0x2bff, 0x3001, 0xa4cf, 0xac00,
          0xd7a3, 0x1f300, 0x1faff);

  /** Blocks of punctuation and pictures: no letters, digits or connectors of any script. */
  private static final CodePoints WITHOUT_WORDS =
      CodePoints.of(
          0xa1, 0xa9, 0xab, 0xac, 0x2010, 0x2027, 0x2030, 0x203e, 0x20a0, 0x20bf, 0x2190, 0x21ff,
          0x2200, 0x22ff, 0x3001, 0x3003, 0x3008, 0x3011, 0x1f300, 0x1f5ff);

  /** White space beyond ASCII, of any dialect. */
  private static final CodePoints OTHER_SPACE =
      CodePoints.of(
          0x1c, 0x1f, 0x85, 0x85, 0xa0, 0xa0, 0x1680, 0x1680, 0x180e, 0x180e, 0x2000, 0x200b,
          0x2028, 0x2029, 0x202f, 0x202f, 0x205f, 0x205f, 0x3000, 0x3000, 0xfeff, 0xfeff);

  static final CodePoints NOT_DIGIT = DIGIT.complement().common(ASCII.union(WITHOUT_DIGITS));
  static final CodePoints NOT_WORD = WORD.complement().common(ASCII.union(WITHOUT_WORDS));
  static final CodePoints NOT_SPACE = SPACE.union(OTHER_SPACE).complement();

  /** What the dot matches: all but the ends of lines. */
  static final CodePoints DOT =
      CodePoints.of('\n', '\n', '\r', '\r', 0x85, 0x85, 0x2028, 0x2029).complement();

  private RegexClasses() {}
}
