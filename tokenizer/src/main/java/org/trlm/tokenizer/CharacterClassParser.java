package org.trlm.tokenizer;

/** Reads escapes, named classes and bracketed classes of a regular expression as sets. */
final class CharacterClassParser {

  private static final int MAX_DEPTH = 20;
  private static final CodePointSet ASCII = CodePointSet.range(0, 127);

  private final PatternCursor cursor;
  private int depth;

  CharacterClassParser(PatternCursor cursor) {
    this.cursor = cursor;
  }

  /** A class such as {@code \s} or {@code \p{L}} if one stands here, else null. */
  CodePointSet namedClass(boolean ignoreCase) {
    if (cursor.skip("\\s")) {
      return UnicodeTables.REGEX_SPACE;
    } else if (cursor.skip("\\S")) {
      return UnicodeTables.REGEX_SPACE.complement();
    } else if (cursor.skip("\\d")) {
      return UnicodeTables.REGEX_DIGIT;
    } else if (cursor.skip("\\D")) {
      return UnicodeTables.REGEX_DIGIT.complement();
    } else if (cursor.skip("\\w")) {
      return UnicodeTables.REGEX_WORD;
    } else if (cursor.skip("\\W")) {
      return UnicodeTables.REGEX_WORD.complement();
    } else if (cursor.startsWith("\\p") || cursor.startsWith("\\P")) {
      return property(ignoreCase);
    }
    return null;
  }

  private CodePointSet property(boolean ignoreCase) {
    cursor.next();
    boolean negated = cursor.next() == 'P';
    if (!cursor.skip("{")) {
      throw cursor.refused("a property without braces");
    }
    negated ^= cursor.skip("^");
    String name = cursor.until('}');
    CodePointSet set = name.isEmpty() ? null : UnicodeTables.category(canonical(name));
    if (set == null) {
      throw cursor.refused("the property " + name);
    }
    if (ignoreCase
        && name.length() == 2
        && "lulllt".contains(name.toLowerCase(java.util.Locale.ROOT))) {
      throw cursor.refused("the property " + name + " without regard to case");
    }
    return negated ? set.complement() : set;
  }

  private static String canonical(String name) {
    return name.substring(0, 1).toUpperCase(java.util.Locale.ROOT)
        + name.substring(1).toLowerCase(java.util.Locale.ROOT);
  }

  /** A single character, perhaps escaped. */
  int character() {
    int codePoint = cursor.next();
    if (codePoint != '\\') {
      return codePoint;
    }
    int escaped = cursor.next();
    return switch (escaped) {
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'f' -> '\f';
      case 'v' -> 0x0B;
      case 'a' -> 0x07;
      case 'e' -> 0x1B;
      case 'u' -> hexadecimal(digits(4));
      case 'x' -> hexadecimal(cursor.skip("{") ? cursor.until('}') : digits(2));
      default -> {
        if (escaped > 127 || Character.isLetterOrDigit(escaped)) {
          throw cursor.refused("the escape \\" + Character.toString(escaped));
        }
        yield escaped;
      }
    };
  }

  private String digits(int count) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      text.appendCodePoint(cursor.next());
    }
    return text.toString();
  }

  private int hexadecimal(String text) {
    int value = 0;
    for (int i = 0; i < text.length(); i++) {
      int digit = text.charAt(i) < 128 ? Character.digit(text.charAt(i), 16) : -1;
      value = value * 16 + digit;
      if (digit < 0 || value > Character.MAX_CODE_POINT) {
        value = -1;
        break;
      }
    }
    boolean surrogate = value >= Character.MIN_SURROGATE && value <= Character.MAX_SURROGATE;
    if (value < 0 || text.isEmpty() || surrogate) {
      throw cursor.refused("the character number " + text);
    }
    return value;
  }

  /** A class in brackets, with ranges, nested classes and {@code &&}. */
  CodePointSet bracketed(boolean ignoreCase) {
    if (++depth > MAX_DEPTH) {
      throw cursor.refused("more than " + MAX_DEPTH + " nested classes");
    }
    cursor.next();
    boolean negated = cursor.skip("^");
    CodePointSet intersection = null;
    CodePointSet union = CodePointSet.EMPTY;
    boolean empty = true;
    while (!cursor.skip("]")) {
      if (cursor.skip("&&")) {
        intersection = intersection == null ? union : intersection.intersection(union);
        union = CodePointSet.EMPTY;
      } else {
        union = union.union(item(ignoreCase));
      }
      empty = false;
    }
    if (empty) {
      throw cursor.refused("an empty class");
    }
    CodePointSet set = intersection == null ? union : intersection.intersection(union);
    depth--;
    return negated ? set.complement() : set;
  }

  private CodePointSet item(boolean ignoreCase) {
    if (cursor.startsWith("[:")) {
      throw cursor.refused("a POSIX class");
    }
    if (cursor.startsWith("[")) {
      return bracketed(ignoreCase);
    }
    CodePointSet named = namedClass(ignoreCase);
    if (named != null) {
      refuseRange();
      return named;
    }
    int first = character();
    CodePointSet set = CodePointSet.of(first);
    if (cursor.startsWith("-") && !cursor.startsWith("-]")) {
      cursor.next();
      if (cursor.startsWith("[") || cursor.startsWith("&&") || namedClass(ignoreCase) != null) {
        throw cursor.refused("a range that ends in a class");
      }
      int last = character();
      if (last < first) {
        throw cursor.refused("a range whose end is below its start");
      }
      set = CodePointSet.range(first, last);
    }
    return ignoreCase ? withBothCases(set) : set;
  }

  private void refuseRange() {
    if (cursor.startsWith("-") && !cursor.startsWith("-]")) {
      throw cursor.refused("a range that starts with a class");
    }
  }

  /** Adds the other case of ASCII letters, and the two characters elsewhere that fold to one. */
  CodePointSet withBothCases(CodePointSet set) {
    if (!set.intersection(ASCII).equals(set)) {
      throw cursor.refused("characters beyond ASCII without regard to case");
    }
    CodePointSet both = set;
    for (int letter = 'a'; letter <= 'z'; letter++) {
      if (set.contains(letter) || set.contains(letter - 32)) {
        both = both.union(CodePointSet.of(letter)).union(CodePointSet.of(letter - 32));
      }
    }
    if (both.contains('s')) {
      both = both.union(CodePointSet.of(0x17F)); // long s
    }
    if (both.contains('k')) {
      both = both.union(CodePointSet.of(0x212A)); // Kelvin sign
    }
    return both;
  }
}
