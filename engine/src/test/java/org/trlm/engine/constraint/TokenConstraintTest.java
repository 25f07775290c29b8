package org.trlm.engine.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.trlm.engine.request.StructuredOutputs;
import org.trlm.engine.request.StructuredOutputs.Kind;

/** Which tokens a constraint allows. */
class TokenConstraintTest {
  private static final long SEED = Long.getLong("trlm.seed", 20260213);

  @Test
  void theTokensOfAStateAreThoseThatBruteForceFinds() throws ConstraintException {
    System.out.println("seed " + SEED);
    Random random = new Random(SEED);
    int many = 0;
    int few = 0;
    for (int i = 0; i < 300; i++) {
      byte[][] texts = vocabulary(random);
      String regex = RandomRegex.expression(random, 4);
      Dfa dfa = ConstraintCompiler.compile(new StructuredOutputs(Kind.REGEX, regex));
      TokenConstraint constraint =
          new TokenConstraint(dfa, new TokenTrie(texts), texts, random.nextInt(2000));
      int state = random.nextBoolean() ? constraint.start() : constraint.startAfterThought();
      for (int step = 0; step < 20; step++) {
        TokenSet allowed = constraint.allowed(state);
        List<Integer> expected = new ArrayList<>();
        for (int token = 0; token < texts.length; token++) {
          int next = texts[token].length == 0 ? Dfa.DEAD : dfa.next(state, texts[token]);
          if (next != Dfa.DEAD) {
            expected.add(token);
            assertThat(constraint.next(state, texts[token], 0)).isEqualTo(next);
          }
          assertThat(allowed.contains(token)).as(regex).isEqualTo(next != Dfa.DEAD);
        }
        assertThat(allowed.count()).isEqualTo(expected.size());
        many += allowed.count() > (texts.length + 63) / 64 ? 1 : 0;
        few += allowed.count() <= (texts.length + 63) / 64 ? 1 : 0;
        if (expected.isEmpty()) {
          assertThat(constraint.isFinal(state)).isTrue();
          break;
        }
        state = constraint.next(state, texts[expected.get(random.nextInt(expected.size()))], 0);
      }
    }
    assertThat(many).isGreaterThan(100);
    assertThat(few).isGreaterThan(100);
  }

  /** All bytes, common words of several bytes, some twice, and control tokens without text. */
  private static byte[][] vocabulary(Random random) {
    List<byte[]> texts = new ArrayList<>();
    for (int b = 0; b < 256; b++) {
      texts.add(new byte[] {(byte) b});
    }
    for (int i = 0; i < 200; i++) {
      texts.add(
          random.nextInt(10) == 0
              ? new byte[0]
              : RandomRegex.text(random).getBytes(StandardCharsets.UTF_8));
    }
    Collections.shuffle(texts, random);
    return texts.toArray(byte[][]::new);
  }

  @Test
  void aModelWithoutTheBytesDoesNotStartOnWhatItCannotEnd() throws ConstraintException {
    byte[][] texts = {{'a'}, {'b'}, {'b', 'c'}};
    TokenConstraints constraints = new TokenConstraints(texts, 1 << 20);
    TokenConstraint constraint = constraints.get(regex("ab|ac|abc"));
    int state = constraint.next(constraint.start(), texts[0], 0);
    assertThat(constraint.allowed(state).count()).isEqualTo(2);
    assertThatThrownBy(() -> constraints.get(regex("ac")))
        .isInstanceOf(ConstraintException.class)
        .hasMessageContaining("no tokens");
  }

  @Test
  void choicesEndOrGoOn() throws ConstraintException {
    byte[][] texts = {{'y'}, {'e'}, {'s'}, {'y', 'e', 's'}, {'n', 'o'}, {' '}, {'n'}, {'o'}};
    TokenConstraints constraints = new TokenConstraints(texts, 1 << 20);
    TokenConstraint constraint =
        constraints.get(new StructuredOutputs(Kind.CHOICE, "[\"yes\",\"no\",\"nos\"]"));
    assertThat(tokens(constraint, constraint.start())).containsExactly(0, 3, 4, 6);
    assertThat(tokens(constraint, constraint.startAfterThought())).containsExactly(0, 3, 4, 5, 6);
    int yes = constraint.next(constraint.start(), texts[3], 0);
    assertThat(constraint.isFinal(yes)).isTrue();
    assertThat(tokens(constraint, yes)).isEmpty();
    int no = constraint.next(constraint.start(), texts[4], 0);
    assertThat(constraint.isFinal(no)).isTrue();
    assertThat(tokens(constraint, no)).containsExactly(2);
    int spaces = constraint.startAfterThought();
    for (int i = 0; i < ConstraintCompiler.MOST_SPACES; i++) {
      spaces = constraint.next(spaces, texts[5], 0);
    }
    assertThat(tokens(constraint, spaces)).containsExactly(0, 3, 4, 6);
  }

  @Test
  void equalConstraintsAreCompiledOnce() throws ConstraintException {
    TokenConstraints constraints = new TokenConstraints(new byte[][] {{'a'}}, 1 << 20);
    assertThat(constraints.get(regex("a+"))).isSameAs(constraints.get(regex("a+")));
    TokenConstraints small = new TokenConstraints(new byte[][] {{'a'}}, 0);
    TokenConstraint first = small.get(regex("a+"));
    assertThat(small.get(regex("a+"))).isSameAs(first);
    small.get(regex("a"));
    assertThat(small.get(regex("a+"))).isNotSameAs(first);
  }

  @Test
  void listsOfChoicesThatAreNoneAreNamed() {
    for (String source : List.of("[]", "{}", "[1]", "[\"a\",null]", "[\"a\"", "\"a\"")) {
      assertThatThrownBy(() -> TokenConstraints.check(new StructuredOutputs(Kind.CHOICE, source)))
          .as(source)
          .isInstanceOf(ConstraintException.class)
          .hasMessageContaining("choice");
    }
  }

  private static StructuredOutputs regex(String source) {
    return new StructuredOutputs(Kind.REGEX, source);
  }

  private static List<Integer> tokens(TokenConstraint constraint, int state) {
    TokenSet allowed = constraint.allowed(state);
    List<Integer> tokens = new ArrayList<>();
    for (int token = 0; token < 100; token++) {
      if (allowed.contains(token)) {
        tokens.add(token);
      }
    }
    return tokens;
  }
}
