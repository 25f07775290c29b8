package org.trlm.engine.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.trlm.engine.constraint.RegexParser.Match;
import org.trlm.engine.request.StructuredOutputs;
import org.trlm.engine.request.StructuredOutputs.Kind;

/** Regular expressions against those of Java, and what is refused. */
class RegexTest {
  private static final long SEED = Long.getLong("trlm.seed", 20260213);

  @Test
  void randomExpressionsAcceptWhatJavaMatches() throws ConstraintException {
    System.out.println("seed " + SEED);
    int matches = 0;
    for (int i = 0; i < 1500; i++) {
      Random random = new Random(SEED + i);
      String regex = RandomRegex.expression(random, 3);
      Pattern java = Pattern.compile(regex);
      Dfa dfa = whole(regex);
      for (int j = 0; j < 60; j++) {
        String text = RandomRegex.text(random);
        boolean expected = java.matcher(text).matches();
        matches += expected ? 1 : 0;
        assertThat(accepts(dfa, text)).as("'%s' and '%s'", regex, text).isEqualTo(expected);
      }
      if (dfa.start() != Dfa.DEAD) {
        for (int j = 0; j < 10; j++) {
          String text = DfaWalks.random(dfa, random, 12);
          assertThat(java.matcher(text).matches()).as("'%s' and '%s'", regex, text).isTrue();
        }
      }
    }
    assertThat(matches).isGreaterThan(3000);
  }

  @Test
  void anExpressionToBeFoundIsTiedByItsAnchors() throws ConstraintException {
    String[] expressions = {
      "ab",
      "^ab",
      "ab$",
      "^ab$",
      "^a|b$",
      "(^a|b$)",
      "^(a|b)$",
      "((?:^ab)|b)",
      "",
      "^",
      "$",
      "a*",
      "^(?:a|b){2}$",
      "^[^a]+$"
    };
    Random random = new Random(SEED);
    for (String regex : expressions) {
      // Java's $ also matches before a line break at the end
      Pattern java = Pattern.compile(regex.replace("$", "\\z"));
      Dfa dfa = compile(RegexParser.parse(regex, Match.FIND, set -> set));
      for (int i = 0; i < 300; i++) {
        String text = RandomRegex.text(random);
        assertThat(accepts(dfa, text))
            .as("'%s' in '%s'", regex, text)
            .isEqualTo(java.matcher(text).find());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\\d",
        "\\w",
        "\\s",
        ".",
        "[^a]",
        "[\\w.-]",
        "\\u00e9",
        "[\\u4e00-\\u9fff]",
        "[à-ü]",
        "\\x41",
        "[^\\n]",
        "[\\u0000-\\u07ff]",
        "[\\u0700-\\uffff]",
        "[a-\uD83D\uDE00]"
      })
  void everyCharacterOfAClassIsReadAsUtf8(String regex) throws ConstraintException {
    int flags = regex.equals(".") ? 0 : Pattern.UNICODE_CASE;
    Pattern java = Pattern.compile(regex, flags);
    Dfa dfa = whole(regex);
    for (int c = 0; c <= Character.MAX_CODE_POINT; c += c < 0x3000 ? 1 : 61) {
      if (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) {
        String text = Character.toString(c);
        assertThat(accepts(dfa, text)).as(text).isEqualTo(java.matcher(text).matches());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"\\D", "\\W", "\\S"})
  void negatedClassesHoldOnlyWhatAllDialectsTakeForMembers(String regex)
      throws ConstraintException {
    Pattern ascii = Pattern.compile(regex);
    Pattern unicode = Pattern.compile(regex, Pattern.UNICODE_CHARACTER_CLASS);
    Dfa dfa = whole(regex);
    for (int c = 0; c < 0x20000; c++) {
      if (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) {
        String text = Character.toString(c);
        boolean both = ascii.matcher(text).matches() && unicode.matcher(text).matches();
        if (accepts(dfa, text)) {
          assertThat(both).as("%s and U+%04X", regex, c).isTrue();
        } else if (c < 0x80) {
          assertThat(both && c >= 0x20).as("%s and U+%04X", regex, c).isFalse();
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "(?=a)b not.supported",
        "(?<!a)b not.supported",
        "(?i)a not.supported",
        "(a)\\1 \\1.is.not.supported",
        "\\bword\\b \\b.is.not.supported",
        "\\p{L} \\p.is.not.supported",
        "a++ possessive",
        "a** another.one",
        "*a nothing.to.repeat",
        "a{3,2} below.the.first",
        "a{,3} {0,n}",
        "a{9999999} 999999",
        "(a not.closed",
        "a) closes.nothing",
        "[a not.closed",
        "[] empty.character.class",
        "[z-a] first.and.a.last",
        "[\\d-z] first.and.a.last",
        "a^b start.of.the.expression",
        "a$b anchor.for.the.end",
        "(a$)b anchor",
        "a\\ backslash.at.the.end",
        "\\ud83d surrogate",
        "\\x4 hexadecimal"
      })
  void whatIsNotSupportedIsNamed(String regex, String named) {
    assertThatThrownBy(() -> whole(regex))
        .isInstanceOf(ConstraintException.class)
        .hasMessageContaining("the regular expression, at character ")
        .hasMessageContaining(named.replace('.', ' '));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(a{1000}){1000}",
        "((((a{100}){100}){100}){100}){100}",
        "(.{1,999999}){1,999999}",
        "(){999999}",
        "(((){999999}){999999}){999999}",
        "(a|b)*a(a|b){40}",
        "(.*a.{30}|.*b.{31}|.*c.{32})",
        "(x+x+)+y{50000}(z?){99999}"
      })
  void hostileExpressionsAreRefusedBeforeTheyTakeTimeOrMemory(String regex) {
    assertThatThrownBy(() -> whole(regex))
        .isInstanceOf(ConstraintException.TooLarge.class)
        .hasMessageContaining("the constraint is too large");
  }

  @Test
  void deepParenthesesAndLongExpressionsAreRefused() {
    assertThatThrownBy(() -> whole("(".repeat(100_000) + "a" + ")".repeat(100_000)))
        .hasMessageContaining("parentheses inside each other");
    assertThatThrownBy(() -> whole("a".repeat(1_000_001))).hasMessageContaining("1000001");
  }

  /** Reading them takes milliseconds; by the square of their length it would take many minutes. */
  @Test
  @Timeout(120)
  void longExpressionsAreReadInTheTimeOfTheirLength() {
    assertThatThrownBy(() -> whole("{".repeat(999_999) + "}"))
        .isInstanceOf(ConstraintException.TooLarge.class);
    StringBuilder characters = new StringBuilder("[");
    for (int c = 0x4e00; c < 0xa000; c += 2) {
      characters.append((char) c);
    }
    for (int c = 0x10000; characters.length() < 600_000; c += 2) {
      characters.appendCodePoint(c);
    }
    assertThatThrownBy(() -> whole(characters + "]{9}"))
        .isInstanceOf(ConstraintException.TooLarge.class);
  }

  private static Dfa whole(String regex) throws ConstraintException {
    return compile(RegexParser.parse(regex, Match.WHOLE, set -> set));
  }

  private static Dfa compile(Language language) throws ConstraintException {
    return new Nfa(1).compileApart(language);
  }

  private static boolean accepts(Dfa dfa, String text) {
    int state =
        dfa.start() == Dfa.DEAD
            ? Dfa.DEAD
            : dfa.next(dfa.start(), text.getBytes(StandardCharsets.UTF_8));
    return state != Dfa.DEAD && dfa.isFinal(state);
  }

  @Test
  void whatNothingSatisfiesIsRefused() {
    String regex = "a[^\\x00-\\uffff\\ud800\\udc00-\\udbff\\udfff]";
    assertThatThrownBy(() -> TokenConstraints.check(new StructuredOutputs(Kind.REGEX, regex)))
        .isInstanceOf(ConstraintException.class)
        .hasMessageContaining("no text satisfies");
  }
}
