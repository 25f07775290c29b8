package org.trlm.tokenizer.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.trlm.tokenizer.chat.TemplateException.Kind;

/**
 * What stands around the template: the conversation, the settings, the clock, the place in
 * messages.
 */
class ChatTemplateTest {
  private static final ZonedDateTime NOW =
      ZonedDateTime.of(2026, 2, 3, 14, 5, 6, 0, ZoneOffset.UTC);

  private static String render(String template, Map<String, ?> context, Message... messages) {
    return ChatTemplate.compile(template, "chat.jinja")
        .render(List.of(messages), context, true)
        .text();
  }

  @Test
  void anEmptyConversationIsAnError() {
    assertThatThrownBy(() -> render("x", Map.of()))
        .isInstanceOfSatisfying(
            TemplateException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CONVERSATION))
        .hasMessageContaining("no messages");
  }

  @Test
  void aTemplateThatGivesNoReasonIsStillSaidToRefuse() {
    for (String reason : List.of("''", "nothing", "'  '")) {
      assertThatThrownBy(
              () ->
                  render(
                      "{{ raise_exception(" + reason + ") }}", Map.of(), Message.of("user", "x")))
          .isInstanceOfSatisfying(
              TemplateException.class, e -> assertThat(e.kind()).isEqualTo(Kind.RAISED))
          .hasMessageContaining("raise_exception was called without a reason");
    }
  }

  @Test
  void nullFieldsAreDropped() {
    Map<String, Object> fields = new HashMap<>();
    fields.put("role", "assistant");
    fields.put("content", null);
    assertThat(
            render(
                "{{ 'content' in messages[0] }}{{ messages[0].content is defined }}",
                Map.of(),
                new Message(fields)))
        .isEqualTo("FalseFalse");
  }

  @ParameterizedTest
  @CsvSource({"reasoning_content", "thinking"})
  void reasoningContentAndThinkingAreAliases(String field) {
    Map<String, Object> fields = new LinkedHashMap<>(Map.of("role", "assistant", field, "t"));
    assertThat(
            render(
                "{{ messages[0].reasoning_content }}{{ messages[0].thinking }}",
                Map.of(),
                new Message(fields)))
        .isEqualTo("tt");
  }

  @Test
  void settingsAndDefaultsAreInTheContext() {
    assertThat(
            render(
                "{{ bos_token }}{{ enable_thinking is false }}{{ tools is none }}{{ documents is none }}{{ add_generation_prompt }}",
                Map.of("bos_token", "<s>", "enable_thinking", false),
                Message.of("user", "x")))
        .isEqualTo("<s>TrueTrueTrueTrue");
  }

  @Test
  void theClockIsTheCallers() {
    assertThat(
            render(
                "{{ strftime_now('%d %b %B %Y %m %H %M %S %A %a %j %y %I %p %%|%-d') }}",
                Map.of("strftime_now", NOW), Message.of("user", "x")))
        .isEqualTo("03 Feb February 2026 02 14 05 06 Tuesday Tue 034 26 02 PM %|3");
    assertThatThrownBy(
            () ->
                render(
                    "\n{{ strftime_now('%Q') }}",
                    Map.of("strftime_now", NOW), Message.of("user", "x")))
        .hasMessage("chat.jinja, line 2: strftime_now: the directive %Q is not supported");
  }

  @Test
  void contentIsNeverInterpretedAgain() {
    assertThat(
            render(
                "{{ messages[0].content }}", Map.of(), Message.of("user", "{{ 1 + 1 }}{% if x %}")))
        .isEqualTo("{{ 1 + 1 }}{% if x %}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "{% for m in messages %}{% for part in m['content'] %}{% endfor %}{% endfor %}; true",
        "{% for part in messages[0].content[1:] | reject('none') %}{% endfor %}; true",
        "{% if x %}{% set a = m.content %}{% set b = a %}{% for p in b %}{% endfor %}{% endif %}; true",
        "{% macro show(x, y) %}{% for p in y %}{% endfor %}{% endmacro %}{{ show(1, m.content) }}; true",
        "{% macro show(x, y) %}{% for p in y %}{% endfor %}{% endmacro %}{{ show(y=m.content) }}; true",
        "{% macro show(x, y) %}{% for p in y %}{% endfor %}{% endmacro %}{{ show(m.content) }}; false",
        "{% for m in messages %}{{ m.role + m.content }}{% endfor %}; false",
        "{% set c = m.content %}{% for t in m.tool_calls %}{{ c }}{% endfor %}; false",
        "{% for p in m.content.split('x') %}{% endfor %}; false",
        "{% set c = c %}{% for p in c %}{% endfor %}; false",
      })
  void templatesThatGoThroughPartsAreTold(String template, boolean iterates) {
    assertThat(ChatTemplate.compile(template, "chat.jinja").iteratesContent()).isEqualTo(iterates);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "{% include 'x' %}; the statement 'include' is not supported in chat templates",
        "{% extends 'x' %}; the statement 'extends' is not supported in chat templates",
        "{% block a %}{% endblock %}; the statement 'block' is not supported in chat templates",
        "{{ x|urlize }}; the filter 'urlize' is not supported in chat templates",
        "{{ x|foo }}; No filter named 'foo'.",
        "{% if x is foo %}{% endif %}{% for y in x|foo %}{% endfor %}; No filter named 'foo'.",
        "{% break %}; 'break' outside loop",
      })
  void whatIsNotSupportedIsNamedWithItsLineWhenCompiled(String template, String problem) {
    assertThatThrownBy(() -> ChatTemplate.compile("a\n\n" + template, "chat.jinja"))
        .hasMessage("chat.jinja, line 3: " + problem);
  }

  @Test
  void failuresNameTheLineTheyStandIn() {
    assertThatThrownBy(
            () ->
                render(
                    "a\n{% if true %}\n  {{ 'a'\n + messages[0].nope }}{% endif %}",
                    Map.of(), Message.of("user", "x")))
        .hasMessage("chat.jinja, line 3: 'dict object' has no attribute 'nope'");
  }
}
