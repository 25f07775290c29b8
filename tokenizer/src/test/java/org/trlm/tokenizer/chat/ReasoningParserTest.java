package org.trlm.tokenizer.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.trlm.tokenizer.RenderedText;
import org.trlm.tokenizer.chat.ReasoningParser.ReasonedText;
import org.trlm.tokenizer.chat.ReasoningParser.ThinkState;

class ReasoningParserTest {
  private static final ThinkTags BRACKETS = ThinkTags.ofIds('(', ')');
  private static final ThinkTags THINK = ThinkTags.ofText("<think>", "</think>");

  /** Each character is a token. */
  private static GeneratedText characters(String text) {
    int[] ids = text.chars().toArray();
    return new GeneratedText(
        ids, at -> Character.toString(ids[at]).getBytes(StandardCharsets.UTF_8));
  }

  /** Each part is a token. */
  private static GeneratedText tokens(String... parts) {
    return new GeneratedText(
        new int[parts.length], at -> parts[at].getBytes(StandardCharsets.UTF_8));
  }

  private static ReasonedText split(ReasoningParser parser, GeneratedText answer, boolean inside) {
    return ReasoningParser.text(parser.parse(answer, inside), answer);
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
  void splits(String text, boolean inside, ThinkState state, String reasoning, String content) {
    ReasonedText expected = new ReasonedText(state, reasoning, content);
    assertThat(split(BRACKETS, characters(text), inside)).isEqualTo(expected);
    // the same rules where the tags are many tokens, and where they share tokens with other text
    String tagged = text.replace("(", "<think>").replace(")", "</think>");
    ReasonedText inTags = new ReasonedText(state, tagged(reasoning), tagged(content));
    assertThat(split(THINK, characters(tagged), inside)).isEqualTo(inTags);
    for (int size = 2; size < 9; size++) {
      List<String> parts = new ArrayList<>();
      for (int at = 0; at < tagged.length(); at += size) {
        parts.add(tagged.substring(at, Math.min(tagged.length(), at + size)));
      }
      assertThat(split(THINK, tokens(parts.toArray(String[]::new)), inside)).isEqualTo(inTags);
    }
  }

  private static String tagged(String text) {
    return text == null ? null : text.replace("(", "<think>").replace(")", "</think>");
  }

  /**
   * As vLLM's qwen3 parser splits them: where it gives None for an empty part, it is empty here.
   */
  @ParameterizedTest
  @CsvSource(
      nullValues = "null",
      value = {
        "'<think>t</think>c',            true,  CLOSED,   't',      'c'",
        "'t</think>c',                   true,  CLOSED,   't',      'c'",
        "'t',                            true,  UNCLOSED, 't',      null",
        "'<think>t',                     true,  UNCLOSED, 't',      null",
        "'p<think>t</think>c',           true,  CLOSED,   't',      'c'",
        "'</think>c',                    true,  CLOSED,   '',       'c'",
        "'t</think>c</think>d',          true,  CLOSED,   't',      'c</think>d'",
        "'t<tool_call>{}</tool_call>',   true,  CLOSED,   't',      '<tool_call>{}</tool_call>'",
        "'t</think><tool_call>{}',       true,  CLOSED,   't',      '<tool_call>{}'",
        "'t<tool_call>u</think>c',       true,  CLOSED,   't<tool_call>u', 'c'",
        "'c',                            false, NONE,     null,     'c'",
        "'c <tool_call>{}',              false, NONE,     null,     'c <tool_call>{}'",
        "'t</think>c',                   false, CLOSED,   't',      'c'",
        "'<think>t</think>c',            false, CLOSED,   't',      'c'",
        "'',                             false, NONE,     null,     ''"
      })
  void qwen3(String text, boolean thinking, ThinkState state, String reasoning, String content) {
    ReasoningParser parser =
        thinking ? Qwen3ReasoningParser.thinking(THINK) : Qwen3ReasoningParser.notThinking(THINK);
    assertThat(split(parser, characters(text), false))
        .isEqualTo(new ReasonedText(state, reasoning, content));
  }

  /** EXAONE Deep's template ends in an opened thought, which the answer closes. */
  @ParameterizedTest
  @CsvSource(
      nullValues = "null",
      value = {
        "'sum\n</thought>\n\n4',           CLOSED,   'sum', '4'",
        "'<thought>\nsum\n</thought>\n4',  CLOSED,   'sum', '4'",
        "'sum, then <think>',              UNCLOSED, 'sum, then <think>', null"
      })
  void exaone(String text, ThinkState state, String reasoning, String content) {
    ThinkTags thought = ThinkTags.ofText("<thought>", "</thought>");
    RenderedText prompt = RenderedText.trusted("[|user|]2+2\n[|assistant|]<thought>\n");
    assertThat(thought.promptOpensThought(prompt, new int[0])).isTrue();
    assertThat(split(thought, characters(text), true))
        .isEqualTo(new ReasonedText(state, reasoning, content));
  }

  @ParameterizedTest
  @CsvSource({"'abc',false", "'a(b',true", "'a(b)c',false", "'()(',true", "'',false"})
  void theLastTagOfThePromptDecides(String prompt, boolean opens) {
    RenderedText rendered = RenderedText.trusted(tagged(prompt));
    assertThat(BRACKETS.promptOpensThought(rendered, prompt.chars().toArray())).isEqualTo(opens);
    assertThat(THINK.promptOpensThought(rendered, new int[0])).isEqualTo(opens);
  }

  @Test
  void tagsThatAUserSpelledOpenAndCloseNothing() {
    String text = "<think>a</think> <think>";
    for (int[] content : new int[][] {{17, 24}, {20, 21}, {23, 24}}) {
      assertThat(THINK.promptOpensThought(new RenderedText(text, content), new int[0])).isFalse();
    }
    assertThat(THINK.promptOpensThought(new RenderedText(text, new int[] {0, 17}), new int[0]))
        .isTrue();
    assertThat(
            THINK.promptOpensThought(
                new RenderedText("<think></think>", new int[] {9, 10}), new int[0]))
        .isTrue();
  }

  @Test
  void tokensOfTheThoughtAreCounted() {
    GeneratedText byIds = characters("p(abc)de");
    assertThat(byIds.tokensIn(BRACKETS.parse(byIds, false).reasoning())).isEqualTo(3);
    // the end token adds no text: it belongs to a thought that was not closed
    GeneratedText byText = tokens("<thi", "nk>\na", "b", "", " c</", "think>x", "");
    assertThat(byText.tokensIn(THINK.parse(byText, false).reasoning())).isEqualTo(3);
    GeneratedText unclosed = tokens("<think>", "a", "b", "");
    assertThat(unclosed.tokensIn(THINK.parse(unclosed, false).reasoning())).isEqualTo(3);
    GeneratedText empty = tokens("<think>", "</think>", "");
    assertThat(empty.tokensIn(THINK.parse(empty, false).reasoning())).isZero();
  }

  /** Python's white space: a no-break space and the separator U+001F belong to it, U+200B not. */
  @Test
  void bothPartsAreStrippedAsPythonDoes() {
    assertThat(
            split(BRACKETS, characters("(\u00a0\u2028t\u001f)\u3000\u0085c\u200b \u202f"), false))
        .isEqualTo(new ReasonedText(ThinkState.CLOSED, "t", "c\u200b"));
  }

  @Test
  void tagsMustDiffer() {
    assertThatThrownBy(() -> ThinkTags.ofIds(3, 3)).hasMessageContaining("found 3 and 3");
    assertThatThrownBy(() -> ThinkTags.ofText("<a>", "<a>")).hasMessageContaining("<a>");
  }

  @Test
  void aTemplateKnowsItsVariables() {
    ChatTemplate knows =
        ChatTemplate.compile("{% if enable_thinking is defined %}x{% endif %}", "template");
    assertThat(knows.mentions("enable_thinking")).isTrue();
    ChatTemplate not =
        ChatTemplate.compile(
            "{# enable_thinking #}enable_thinking {{ messages.enable_thinking }} {{ 'enable_thinking' }}",
            "template");
    assertThat(not.mentions("enable_thinking")).isFalse();
    assertThat(not.mentions("messages")).isTrue();
  }
}
