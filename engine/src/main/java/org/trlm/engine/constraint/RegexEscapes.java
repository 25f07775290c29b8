package org.trlm.engine.constraint;

/** Reads what a backslash begins in a regular expression. */
final class RegexEscapes {
  private final String source;
  private int at;

  RegexEscapes(String source) {
    this.source = source;
  }

  /** After the escape that was read last. */
  int end() {
    return at;
  }

  /**
   * @param begin where the backslash stands
   */
  CodePoints read(int begin) throws ConstraintException {
    if (begin + 1 == source.length()) {
      throw failure(source, begin, "a backslash at the end; write \\\\ for the character");
    }
    int c = source.codePointAt(begin + 1);
    at = begin + 1 + Character.charCount(c);
    return switch (c) {
      case 'd' -> RegexClasses.DIGIT;
      case 'D' -> RegexClasses.NOT_DIGIT;
      case 'w' -> RegexClasses.WORD;
      case 'W' -> RegexClasses.NOT_WORD;
      case 's' -> RegexClasses.SPACE;
      case 'S' -> RegexClasses.NOT_SPACE;
      case 'n' -> one('\n');
      case 't' -> one('\t');
      case 'r' -> one('\r');
      case 'f' -> one('\f');
      case 'v' -> one(0x0b);
      case 'x' -> one(hexadecimal(begin, 2));
      case 'u' -> one(unicode(begin));
      default -> {
        if (c < 0x80 && Character.isLetterOrDigit(c)) {
          throw failure(
              source,
              begin,
              ("\\" + (char) c + " is not supported; supported: \\d \\D \\w \\W \\s \\S \\n \\t")
                  + " \\r \\f \\v \\xHH \\uHHHH and escaped punctuation");
        }
        yield one(c);
      }
    };
  }

  private static CodePoints one(int codePoint) {
    return CodePoints.of(codePoint, codePoint);
  }

  private int unicode(int begin) throws ConstraintException {
    int unit = hexadecimal(begin, 4);
    if (Character.isHighSurrogate((char) unit) && source.startsWith("\\u", at)) {
      at += 2;
      int low = hexadecimal(begin, 4);
      if (Character.isLowSurrogate((char) low)) {
        return Character.toCodePoint((char) unit, (char) low);
      }
    }
    if (Character.isSurrogate((char) unit)) {
      throw failure(source, begin, "half of a surrogate pair is no character");
    }
    return unit;
  }

  private int hexadecimal(int begin, int digits) throws ConstraintException {
    String text = source.substring(at, Math.min(source.length(), at + digits));
    if (!text.matches("[0-9A-Fa-f]{" + digits + "}")) {
      throw failure(source, begin, "needs " + digits + " hexadecimal digits");
    }
    at += digits;
    return Integer.parseInt(text, 16);
  }

  static ConstraintException failure(String source, int at, String what) {
    String near = source.substring(Math.min(at, source.length()));
    near = near.length() > 20 ? near.substring(0, 20) + "…" : near;
    return new ConstraintException(
        "the regular expression, at character "
            + ((at + 1) + (near.isEmpty() ? " (its end)" : " ('" + near + "')"))
            + (": " + what));
  }
}
