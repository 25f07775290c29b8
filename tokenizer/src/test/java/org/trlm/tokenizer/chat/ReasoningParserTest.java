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

  private static String decode(int[] ids) {
    return new String(ids, 0, ids.length);
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
    assertThat(parser.text(ids(text), inside, ReasoningParserTest::decode))
        .isEqualTo(new ReasoningParser.ReasonedText(state, reasoning, content));
  }

  @ParameterizedTest
  @CsvSource({"'abc',false", "'a(b',true", "'a(b)c',false", "'()(',true", "'',false"})
  void theLastTagOfThePromptDecides(String prompt, boolean opens) {
    assertThat(parser.promptOpensThought(ids(prompt))).isEqualTo(opens);
  }

  @Test
  void tagsMustDiffer() {
    assertThatThrownBy(() -> new ReasoningParser(3, 3)).hasMessageContaining("found 3 and 3");
  }
}
