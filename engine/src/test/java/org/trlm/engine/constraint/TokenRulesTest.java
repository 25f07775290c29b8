package org.trlm.engine.constraint;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.trlm.engine.request.StructuredOutputs;
import org.trlm.engine.request.StructuredOutputs.Kind;
import org.trlm.engine.request.ThoughtTags;
import org.trlm.engine.request.ThoughtTags.State;

/** Which tokens may come next in an answer of a vocabulary of a dozen tokens. */
class TokenRulesTest {
  private static final List<String> WORDS =
      List.of("", "<", "think>", "</", "yes", "no", "n", "o", " ", "</think>y", "", "", "\n");
  private static final int END = 0;
  private static final int YES = 4;
  private static final int NO = 5;
  private static final int N = 6;
  private static final int O = 7;
  private static final int SPACE = 8;
  private static final int CLOSE_AND_ON = 9;
  private static final int OPEN = 10;
  private static final int CLOSE = 11;
  private static final int LINE = 12;
  private static final int[] ENDS = {END};
  private static final ThoughtTags IDS = ThoughtTags.ofIds(OPEN, CLOSE);
  private static final ThoughtTags TEXT =
      ThoughtTags.ofText(bytes("<think>"), bytes("</think>"), 3, 2);
  private static final int NO_BUDGET = TokenRules.NO_BUDGET;

  @Test
  void withoutAConstraintOrABudgetNothingIsRuledOut() {
    TokenRules rules = new TokenRules(null, NO_BUDGET, IDS, ENDS, State.OPEN);
    assertThat(rules.restrictNext()).isFalse();
    assertThat(rules.constrainContent()).isFalse();
    assertThat(rules.forced()).isNegative();
    assertThat(rules.endWithoutToken()).isFalse();
    assertThat(TokenRules.none().restrictNext()).isFalse();
  }

  @Test
  void theConstraintHoldsFromTheFirstTokenBesideTheOpeningTag() throws Exception {
    TokenRules rules = new TokenRules(yesOrNo(), NO_BUDGET, IDS, ENDS, State.NONE);
    assertThat(allowed(rules)).containsExactly(YES, NO, N, OPEN);
    append(rules, N);
    assertThat(rules.forced()).isEqualTo(O);
    append(rules, O);
    assertThat(rules.forced()).as("nothing may follow").isEqualTo(END);
    assertThat(rules.endWithoutToken()).isFalse();
  }

  @Test
  void theContentMayEndOrGoOn() throws Exception {
    TokenConstraint constraint = constraint("no(?: no)*");
    TokenRules rules = new TokenRules(constraint, NO_BUDGET, ThoughtTags.NONE, ENDS, State.NONE);
    append(rules, NO);
    assertThat(allowed(rules)).containsExactly(END, SPACE);
    assertThat(rules.forced()).as("two may follow").isNegative();
    append(rules, SPACE);
    assertThat(allowed(rules)).containsExactly(NO, N);
  }

  @Test
  void insideTheThoughtOnlyTheEndIsRuledOut() throws Exception {
    TokenRules rules = new TokenRules(yesOrNo(), NO_BUDGET, IDS, ENDS, State.NONE);
    append(rules, OPEN);
    assertThat(allowed(rules)).hasSize(WORDS.size() - 1).doesNotContain(END);
    append(rules, NO);
    append(rules, CLOSE);
    assertThat(allowed(rules)).containsExactly(YES, NO, N, SPACE, LINE);
    for (int i = 0; i < ConstraintCompiler.MOST_SPACES; i++) {
      append(rules, LINE);
    }
    assertThat(allowed(rules)).containsExactly(YES, NO, N);
    append(rules, YES);
    assertThat(allowed(rules)).containsExactly(END);
  }

  @Test
  void tagsByTextAreSpelledAndNotOverrun() throws Exception {
    TokenRules rules = new TokenRules(yesOrNo(), NO_BUDGET, TEXT, ENDS, State.NONE);
    assertThat(allowed(rules)).containsExactly(1, YES, NO, N);
    append(rules, 1);
    assertThat(allowed(rules)).containsExactly(2);
    append(rules, 2);
    assertThat(allowed(rules)).hasSize(WORDS.size() - 2).doesNotContain(END, CLOSE_AND_ON);
    append(rules, 3);
    append(rules, 2);
    assertThat(allowed(rules)).containsExactly(YES, NO, N, SPACE, LINE);
  }

  @Test
  void aSpentBudgetClosesTheThoughtAndTheAnswerFollows() {
    TokenRules rules = new TokenRules(null, 2, IDS, ENDS, State.NONE);
    assertThat(rules.restrictNext()).isFalse();
    append(rules, OPEN);
    append(rules, YES);
    assertThat(allowed(rules)).hasSize(WORDS.size() - 1).doesNotContain(END);
    append(rules, YES);
    assertThat(rules.forced()).isEqualTo(CLOSE);
    assertThat(allowed(rules)).containsExactly(CLOSE);
    append(rules, CLOSE);
    append(rules, LINE);
    assertThat(allowed(rules)).as("no word yet").doesNotContain(END).contains(OPEN, CLOSE);
    append(rules, YES);
    assertThat(rules.restrictNext()).isFalse();
  }

  @Test
  void aBudgetOfNothingLeavesNoThought() {
    TokenRules opened = new TokenRules(null, 0, IDS, ENDS, State.OPEN);
    assertThat(opened.forced()).isEqualTo(CLOSE);
    TokenRules opening = new TokenRules(null, 0, IDS, ENDS, State.NONE);
    append(opening, OPEN);
    assertThat(opening.forced()).isEqualTo(CLOSE);
  }

  @Test
  void aThoughtThatEndsBeforeItsBudgetMayBeFollowedByNothing() {
    TokenRules rules = new TokenRules(null, 2, IDS, ENDS, State.OPEN);
    append(rules, YES);
    append(rules, CLOSE);
    assertThat(rules.restrictNext()).isFalse();
  }

  @Test
  void aClosingTagByTextIsWrittenToItsEnd() {
    TokenRules rules = new TokenRules(null, 1, TEXT, ENDS, State.OPEN);
    append(rules, YES);
    assertThat(rules.forced()).isEqualTo(3);
    append(rules, 3);
    assertThat(rules.forced()).isEqualTo(2);
    append(rules, 2);
    assertThat(rules.forced()).isNegative();
    assertThat(allowed(rules)).doesNotContain(END);
  }

  @Test
  void whereTheModelHasNoEndTokenTheContentEndsWithoutOne() throws Exception {
    TokenRules rules = new TokenRules(yesOrNo(), NO_BUDGET, IDS, new int[0], State.NONE);
    assertThat(rules.endWithoutToken()).isFalse();
    append(rules, NO);
    assertThat(rules.endWithoutToken()).isTrue();
  }

  private static TokenConstraint yesOrNo() throws ConstraintException {
    return constraint("yes|no");
  }

  private static TokenConstraint constraint(String regex) throws ConstraintException {
    byte[][] texts = WORDS.stream().map(TokenRulesTest::bytes).toArray(byte[][]::new);
    return new TokenConstraints(texts, 1 << 20).get(new StructuredOutputs(Kind.REGEX, regex));
  }

  private static void append(TokenRules rules, int token) {
    rules.append(token, bytes(WORDS.get(token)));
  }

  private static List<Integer> allowed(TokenRules rules) {
    float[] logits = new float[WORDS.size()];
    rules.restrict(logits);
    List<Integer> allowed = new ArrayList<>();
    for (int token = 0; token < logits.length; token++) {
      if (logits[token] != Float.NEGATIVE_INFINITY) {
        allowed.add(token);
      }
    }
    return allowed;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
