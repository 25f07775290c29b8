package org.trlm.tokenizer;

import java.util.ArrayList;
import java.util.List;

/**
 * Reads the subset of Oniguruma's syntax that pre-tokenizers use: characters, classes, general
 * categories, groups, alternatives, repeats (greedy, lazy, possessive), look-around and {@code
 * (?i:…)} over ASCII. Anything else is refused by name. Used once, by one thread.
 */
final class SplitRegexParser {

  /** A part of a pattern. */
  sealed interface Node {
    /** Whether this can match without consuming a character. */
    boolean mayBeEmpty();

    /** How many characters every match has, or −1 when that varies. */
    int fixedLength();
  }

  /** One character of a set. */
  record Characters(CodePointSet set) implements Node {
    @Override
    public boolean mayBeEmpty() {
      return false;
    }

    @Override
    public int fixedLength() {
      return 1;
    }
  }

  /** Parts one after the other. */
  record Sequence(List<Node> items) implements Node {
    @Override
    public boolean mayBeEmpty() {
      return items.stream().allMatch(Node::mayBeEmpty);
    }

    @Override
    public int fixedLength() {
      int length = 0;
      for (Node item : items) {
        int of = item.fixedLength();
        if (of < 0) {
          return -1;
        }
        length += of;
      }
      return length;
    }
  }

  /** The first of several that leads to a match. */
  record Alternatives(List<Node> items) implements Node {
    @Override
    public boolean mayBeEmpty() {
      return items.stream().anyMatch(Node::mayBeEmpty);
    }

    @Override
    public int fixedLength() {
      int length = items.get(0).fixedLength();
      return items.stream().allMatch(item -> item.fixedLength() == length) ? length : -1;
    }
  }

  /** A part {@code min} to {@code max} times; −1 is no upper bound. */
  record Repeat(Node body, int min, int max, Mode mode) implements Node {
    enum Mode {
      GREEDY,
      LAZY,
      POSSESSIVE
    }

    @Override
    public boolean mayBeEmpty() {
      return min == 0 || body.mayBeEmpty();
    }

    @Override
    public int fixedLength() {
      int length = body.fixedLength();
      return min == max && length >= 0 ? length * min : -1;
    }
  }

  /** Look-around, or a group whose first match is final. */
  record Group(Node body, Kind kind) implements Node {
    enum Kind {
      LOOK_AHEAD,
      LOOK_AHEAD_NOT,
      LOOK_BEHIND,
      LOOK_BEHIND_NOT,
      ATOMIC
    }

    @Override
    public boolean mayBeEmpty() {
      return kind != Kind.ATOMIC || body.mayBeEmpty();
    }

    @Override
    public int fixedLength() {
      return kind == Kind.ATOMIC ? body.fixedLength() : 0;
    }
  }

  private static final int MAX_DEPTH = 50;
  private static final int MAX_COUNT = 1000;

  /** ASCII pairs that Unicode folds together with one ligature; see {@link #literal}. */
  private static final List<String> FOLDED_PAIRS = List.of("ss", "st", "ff", "fi", "fl");

  private final String source;
  private final String where;
  private final CharacterClassParser characters;
  private final PatternCursor cursor;
  private int depth;

  SplitRegexParser(String source, String where) {
    this.source = source;
    this.where = where;
    cursor = new PatternCursor(source, where);
    characters = new CharacterClassParser(cursor);
  }

  static TokenizerFormatException refused(String source, String where, String what) {
    return new TokenizerFormatException(
        where
            + ": the regular expression "
            + source
            + " uses "
            + what
            + ", which is not supported; supported are characters, classes, \\p{general category},"
            + " \\s \\S \\d \\D \\w \\W, groups, alternatives, repeats, look-around and (?i:ASCII)");
  }

  Node parse() {
    Node node = alternatives(false);
    if (!cursor.atEnd()) {
      throw refused(source, where, "a closing parenthesis without its opening one");
    }
    return node;
  }

  private Node alternatives(boolean ignoreCase) {
    if (++depth > MAX_DEPTH) {
      throw refused(source, where, "more than " + MAX_DEPTH + " nested groups");
    }
    List<Node> items = new ArrayList<>();
    do {
      items.add(sequence(ignoreCase));
    } while (cursor.skip("|"));
    depth--;
    return items.size() == 1 ? items.get(0) : new Alternatives(items);
  }

  private Node sequence(boolean ignoreCase) {
    List<Node> items = new ArrayList<>();
    int previousLiteral = -1;
    while (!cursor.atEnd() && cursor.peek() != '|' && cursor.peek() != ')') {
      int literal = -1;
      Node atom;
      switch (cursor.peek()) {
        case '(' -> atom = group(ignoreCase);
        case '[' -> atom = new Characters(characters.bracketed(ignoreCase));
        case '.' -> {
          cursor.next();
          atom = new Characters(CodePointSet.of('\n').complement());
        }
        case '^', '$' -> throw refused(source, where, "the anchor " + (char) cursor.peek());
        case '*', '+', '?', '{' ->
            throw refused(source, where, "a repeat of nothing: " + (char) cursor.peek());
        case ']', '}' -> throw refused(source, where, "an unescaped " + (char) cursor.peek());
        default -> {
          CodePointSet named = characters.namedClass(ignoreCase);
          if (named == null) {
            literal = characters.character();
            atom = literal(literal, previousLiteral, ignoreCase);
          } else {
            atom = new Characters(named);
          }
        }
      }
      previousLiteral = literal;
      items.add(repeated(atom));
    }
    return items.size() == 1 ? items.get(0) : new Sequence(items);
  }

  /**
   * One character; without regard to case, its other forms as well. Unicode also folds some pairs
   * of letters with one ligature (st with U+FB06), which a single set cannot say.
   */
  private Node literal(int codePoint, int previous, boolean ignoreCase) {
    if (!ignoreCase) {
      return new Characters(CodePointSet.of(codePoint));
    }
    if (previous >= 0) {
      String pair = new StringBuilder().appendCodePoint(previous).appendCodePoint(codePoint) + "";
      if (FOLDED_PAIRS.contains(pair.toLowerCase(java.util.Locale.ROOT))) {
        throw refused(source, where, "the letters " + pair + " without regard to case");
      }
    }
    return new Characters(characters.withBothCases(CodePointSet.of(codePoint)));
  }

  private Node group(boolean ignoreCase) {
    cursor.next();
    Group.Kind kind = null;
    boolean inside = ignoreCase;
    if (cursor.skip("?")) {
      if (cursor.skip("i:")) {
        inside = true;
      } else if (cursor.skip("=")) {
        kind = Group.Kind.LOOK_AHEAD;
      } else if (cursor.skip("!")) {
        kind = Group.Kind.LOOK_AHEAD_NOT;
      } else if (cursor.skip("<=")) {
        kind = Group.Kind.LOOK_BEHIND;
      } else if (cursor.skip("<!")) {
        kind = Group.Kind.LOOK_BEHIND_NOT;
      } else if (cursor.skip(">")) {
        kind = Group.Kind.ATOMIC;
      } else if (!cursor.skip(":")) {
        throw refused(source, where, "the group (?" + cursor.rest());
      }
    }
    Node body = alternatives(inside);
    if (!cursor.skip(")")) {
      throw refused(source, where, "a group that is not closed");
    }
    return kind == null ? body : new Group(body, kind);
  }

  private Node repeated(Node atom) {
    Node node = atom;
    boolean first = true;
    while (!cursor.atEnd() && "*+?{".indexOf(cursor.peek()) >= 0) {
      if (!first) {
        throw refused(source, where, "a repeat of a repeat");
      }
      first = false;
      if (atom instanceof Group group && group.kind() != Group.Kind.ATOMIC) {
        throw refused(source, where, "a repeated look-around");
      }
      node = cursor.peek() == '{' ? counted(atom) : starred(atom);
    }
    return node;
  }

  private Node starred(Node atom) {
    int sign = cursor.next();
    int min = sign == '+' ? 1 : 0;
    int max = sign == '?' ? 1 : -1;
    Repeat.Mode mode = Repeat.Mode.GREEDY;
    if (cursor.skip("+")) {
      mode = Repeat.Mode.POSSESSIVE;
    } else if (cursor.skip("?")) {
      mode = Repeat.Mode.LAZY;
    }
    return new Repeat(atom, min, max, mode);
  }

  /** {@code {n}}, {@code {n,}} or {@code {n,m}}; only the last two may be lazy. */
  private Node counted(Node atom) {
    cursor.next();
    int min = count();
    int max = min;
    boolean range = cursor.skip(",");
    if (range) {
      max = cursor.skip("}") ? -1 : count();
    }
    if (max >= 0 && range && !cursor.skip("}") || !range && !cursor.skip("}")) {
      throw refused(source, where, "a count that is not closed");
    }
    if (max >= 0 && max < min) {
      throw refused(source, where, "a count whose end is below its start");
    }
    if (range && cursor.skip("?")) {
      return new Repeat(atom, min, max, Repeat.Mode.LAZY);
    }
    return new Repeat(atom, min, max, Repeat.Mode.GREEDY);
  }

  private int count() {
    int value = 0;
    int digits = 0;
    while (!cursor.atEnd() && cursor.peek() >= '0' && cursor.peek() <= '9') {
      value = value * 10 + cursor.next() - '0';
      if (++digits > 4 || value > MAX_COUNT) {
        throw refused(source, where, "a count above " + MAX_COUNT);
      }
    }
    if (digits == 0) {
      throw refused(source, where, "a count without a number");
    }
    return value;
  }
}
