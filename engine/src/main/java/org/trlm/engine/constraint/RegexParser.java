package org.trlm.engine.constraint;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Reads a regular expression in the syntax that Python, ECMAScript, Java and Rust share. What is
 * not regular (references back, looking around) or differs between them is refused by name.
 */
final class RegexParser {
  /** Whether the expression is the whole text or has to be found in it. */
  enum Match {
    WHOLE,
    FIND
  }

  private static final int END = -1;

  private final String source;
  private final Function<CodePoints, Language> encoding;
  private final Match match;
  private final RegexEscapes escapes;
  private int at;

  private RegexParser(String source, Match match, Function<CodePoints, Language> encoding) {
    this.source = source;
    this.match = match;
    this.encoding = encoding;
    escapes = new RegexEscapes(source);
  }

  /**
   * @param match {@link Match#WHOLE} as in Python's {@code fullmatch}; {@link Match#FIND} as the
   *     {@code pattern} of a JSON schema: anchors tie it to the text's ends
   * @param encoding how a character of a set is written
   * @throws ConstraintException with the position and what is supported
   */
  static Language parse(String source, Match match, Function<CodePoints, Language> encoding)
      throws ConstraintException {
    if (source.length() > Limits.SOURCE_CHARACTERS) {
      throw new ConstraintException(
          "the regular expression has %d characters; allowed: %d"
              .formatted(source.length(), Limits.SOURCE_CHARACTERS));
    }
    RegexParser parser = new RegexParser(source, match, encoding);
    Language language = parser.anchoredAlternatives(0);
    if (parser.peek() != END) {
      throw parser.failure("')' closes nothing; write \\) for the character");
    }
    return language;
  }

  /** Alternatives that reach from one end of the expression to the other, so may be anchored. */
  private Language anchoredAlternatives(int depth) throws ConstraintException {
    List<Language> alternatives = new ArrayList<>();
    do {
      alternatives.add(anchoredSequence(depth));
    } while (skip('|'));
    return Language.anyOf(alternatives);
  }

  private Language anchoredSequence(int depth) throws ConstraintException {
    if (isOneGroup()) {
      return group(depth, true);
    }
    boolean fromStart = skip('^') || skipText("\\A");
    Language sequence = sequence(depth);
    boolean toEnd = skip('$') || skipText("\\Z") || skipText("\\z");
    if (peek() != END && peek() != '|' && peek() != ')') {
      throw failure("something follows an anchor for the end");
    }
    if (match == Match.WHOLE) {
      return sequence;
    }
    Language anything = encoding.apply(CodePoints.ALL).repeated(0, Language.UNLIMITED);
    return Language.sequence(
        fromStart ? Language.EMPTY_STRING : anything,
        sequence,
        toEnd ? Language.EMPTY_STRING : anything);
  }

  /** Whether the alternative that begins here is one group without a quantifier. */
  private boolean isOneGroup() {
    if (peek() != '(') {
      return false;
    }
    int depth = 0;
    boolean inClass = false;
    for (int i = at; i < source.length(); i++) {
      char c = source.charAt(i);
      if (c == '\\') {
        i++;
      } else if (inClass) {
        inClass = c != ']';
      } else if (c == '[') {
        inClass = true;
      } else if (c == '(') {
        depth++;
      } else if (c == ')' && --depth == 0) {
        return i + 1 == source.length() || "|)".indexOf(source.charAt(i + 1)) >= 0;
      }
    }
    return false;
  }

  private Language alternatives(int depth) throws ConstraintException {
    List<Language> alternatives = new ArrayList<>();
    do {
      alternatives.add(sequence(depth));
    } while (skip('|'));
    return Language.anyOf(alternatives);
  }

  private Language sequence(int depth) throws ConstraintException {
    List<Language> parts = new ArrayList<>();
    while (!isSequenceEnd()) {
      parts.add(quantified(atom(depth)));
    }
    return Language.sequence(parts);
  }

  private boolean isSequenceEnd() {
    int next = peek();
    return next == END
        || next == '|'
        || next == ')'
        || next == '$'
        || source.startsWith("\\Z", at)
        || source.startsWith("\\z", at);
  }

  private Language atom(int depth) throws ConstraintException {
    int c = peek();
    switch (c) {
      case '(':
        return group(depth, false);
      case '[':
        return encoding.apply(characterClass());
      case '.':
        at++;
        return encoding.apply(RegexClasses.DOT);
      case '\\':
        return encoding.apply(escape());
      case '*', '+', '?':
        throw failure("'" + (char) c + "' has nothing to repeat");
      case '^':
        throw failure("the anchor ^ is supported at the start of the expression only");
      default:
        if (c == '{' && quantifierEnd() > 0) {
          throw failure("a quantifier has nothing to repeat; write \\{ for the character");
        }
        at += Character.charCount(c);
        return encoding.apply(CodePoints.of(c, c));
    }
  }

  private CodePoints escape() throws ConstraintException {
    CodePoints found = escapes.read(at);
    at = escapes.end();
    return found;
  }

  private Language group(int depth, boolean anchored) throws ConstraintException {
    if (depth == Limits.DEPTH) {
      throw failure("more than " + Limits.DEPTH + " parentheses inside each other");
    }
    at++;
    if (skip('?')) {
      skipGroupName();
    }
    Language inner = anchored ? anchoredAlternatives(depth + 1) : alternatives(depth + 1);
    if (peek() == '$' || source.startsWith("\\Z", at) || source.startsWith("\\z", at)) {
      throw failure("the anchor $ is supported at the end of the expression only");
    }
    if (!skip(')')) {
      throw failure("a parenthesis is not closed");
    }
    return inner;
  }

  /** What may stand behind {@code (?} in a group that only groups. */
  private void skipGroupName() throws ConstraintException {
    if (skip(':')) {
      return;
    }
    boolean named = skipText("P<") || (skipText("<") && peek() != '=' && peek() != '!');
    int end = named ? source.indexOf('>', at) : -1;
    if (end < 0) {
      throw failure(
          "this group is not supported; supported: (…), (?:…), (?<name>…) and (?P<name>…), no"
              + " looking ahead or behind, no flags, no references");
    }
    at = end + 1;
  }

  private CodePoints characterClass() throws ConstraintException {
    int begin = at++;
    boolean negated = skip('^');
    List<CodePoints> items = new ArrayList<>();
    while (peek() != ']' || at == begin + (negated ? 2 : 1)) {
      if (peek() == ']') {
        throw failure("an empty character class; write \\] for the character");
      }
      items.add(classItem());
    }
    at++;
    // all at once: one by one a long list of characters would take the square of its length
    CodePoints found = CodePoints.union(items);
    return negated ? found.complement() : found;
  }

  private CodePoints classItem() throws ConstraintException {
    int first = at;
    CodePoints low = classCharacter();
    if (peek() != '-' || at + 1 >= source.length() || source.charAt(at + 1) == ']') {
      return low;
    }
    at++;
    CodePoints high = classCharacter();
    if (low.single() < 0 || high.single() < low.single()) {
      at = first;
      throw failure("a range of characters needs a first and a last one, in this order");
    }
    return CodePoints.of(low.single(), high.single());
  }

  private CodePoints classCharacter() throws ConstraintException {
    int c = peek();
    if (c == END) {
      throw failure("a character class is not closed");
    }
    if (c == '\\') {
      return escape();
    }
    at += Character.charCount(c);
    return CodePoints.of(c, c);
  }

  private Language quantified(Language atom) throws ConstraintException {
    int least;
    int most;
    if (skip('*')) {
      least = 0;
      most = Language.UNLIMITED;
    } else if (skip('+')) {
      least = 1;
      most = Language.UNLIMITED;
    } else if (skip('?')) {
      least = 0;
      most = 1;
    } else if (peek() == '{' && quantifierEnd() > 0) {
      String[] counts = source.substring(at + 1, quantifierEnd()).split(",", 2);
      least = count(counts[0]);
      most =
          counts.length == 1 ? least : counts[1].isEmpty() ? Language.UNLIMITED : count(counts[1]);
      if (most != Language.UNLIMITED && most < least) {
        throw failure("a quantifier whose second count is below the first");
      }
      at = quantifierEnd() + 1;
    } else {
      return atom;
    }
    skip('?'); // shortest or longest first: the same strings
    if (peek() == '*' || peek() == '+' || peek() == '?' || quantifierEnd() > 0) {
      throw failure("a quantifier follows another one; possessive ones are not supported");
    }
    return atom.repeated(least, most);
  }

  /** Where the braces close if a quantifier begins here, else -1: then { is a character. */
  private int quantifierEnd() throws ConstraintException {
    if (peek() != '{') {
      return -1;
    }
    int first = digitsEnd(at + 1);
    boolean two = first < source.length() && source.charAt(first) == ',';
    int end = two ? digitsEnd(first + 1) : first;
    if (end == source.length() || source.charAt(end) != '}') {
      return -1;
    }
    if (first == at + 1 && end > first + 1) {
      throw failure("{,n} means different things in different dialects; write {0,n}");
    }
    return first > at + 1 ? end : -1;
  }

  /** Looks no further than the digits go: a brace may be one of a million. */
  private int digitsEnd(int begin) {
    int end = begin;
    while (end < source.length() && source.charAt(end) >= '0' && source.charAt(end) <= '9') {
      end++;
    }
    return end;
  }

  private int count(String digits) throws ConstraintException {
    if (digits.length() > 6) {
      throw failure("a count of " + digits + "; allowed: up to 999999");
    }
    return Integer.parseInt(digits);
  }

  private int peek() {
    return at < source.length() ? source.codePointAt(at) : END;
  }

  private boolean skip(char c) {
    return skipText(String.valueOf(c));
  }

  private boolean skipText(String text) {
    boolean found = source.startsWith(text, at);
    at += found ? text.length() : 0;
    return found;
  }

  private ConstraintException failure(String what) {
    return RegexEscapes.failure(source, at, what);
  }
}
