package org.trlm.tokenizer.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReasoningParserTest {
  private final ReasoningParser parser = new ReasoningParser('(', ')');

  private static int[] ids(String text) {
    return text.chars().toArray();
  }

  private ReasoningParser.ReasonedText text(String text, boolean inside) {
    return ReasoningParser.text(
        parser.parse(ids(text), inside), span -> text.substring(span.start(), span.end()));
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "null",
      value = {
        "'a b',          false, NONE,     null,   'a b'",
        "'',             false, NONE,     null,   ''",
        "'( t ) c ',     false, CLOSED,   't',    'c'",
        "'()c',          false, CLOSED,   '',     'c'",
        "'(t',           false, UNCLOSED, 't',    null",
        "'(',            false, UNCLOSED, '',     null",
        "'p(t',          false, UNCLOSED, 't',    null",
        "'t)c',          false, CLOSED,   't',    'c'",
        "'t)c(u)d',      false, CLOSED,   't',    'c(u)d'",
        "'p(t)c',        false, CLOSED,   't',    'pc'",
        "'(t)c(u)d',     false, CLOSED,   't',    'c(u)d'",
        "'(t)c(u',       false, CLOSED,   't',    'c(u'",
        "'t)c',          true,  CLOSED,   't',    'c'",
        "'t',            true,  UNCLOSED, 't',    null",
        "'(t)c',         true,  CLOSED,   't',    'c'",
        "'a(t)c',        true,  CLOSED,   'a(t',  'c'",
        "'',             true,  UNCLOSED, '',     null"
      })
  void splits(
      String text,
      boolean inside,
      ReasoningParser.ThinkState state,
      String reasoning,
      String content) {
    assertThat(text(text, inside))
        .isEqualTo(new ReasoningParser.ReasonedText(state, reasoning, content));
  }

  @ParameterizedTest
  @CsvSource({"'abc',false", "'a(b',true", "'a(b)c',false", "'()(',true", "'',false"})
  void theLastTagOfThePromptDecides(String prompt, boolean opens) {
    assertThat(parser.promptOpensThought(ids(prompt))).isEqualTo(opens);
  }

  /** Python's white space: a no-break space and the separator U+001F belong to it, U+200B not. */
  @Test
  void bothPartsAreStrippedAsPythonDoes() {
    assertThat(text("(\u00a0\u2028t\u001f)\u3000\u0085c\u200b \u202f", false))
        .isEqualTo(
            new ReasoningParser.ReasonedText(ReasoningParser.ThinkState.CLOSED, "t", "c\u200b"));
  }

  @Test
  void tagsMustDiffer() {
    assertThatThrownBy(() -> new ReasoningParser(3, 3)).hasMessageContaining("found 3 and 3");
  }
}
