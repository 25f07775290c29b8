package org.trlm.tokenizer.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.trlm.tokenizer.chat.TemplateException.Kind;

/** Templates that would eat stack, time or memory end with a message. */
class TemplateLimitsTest {
  static List<String> greedy() {
    return List.of(
        "{{ 'a' * 1000000000 }}",
        "{{ 'a' * 9223372036854775807 }}",
        "{{ [0] * 1000000000 }}",
        "{{ (' ' * 60000000) ~ (' ' * 60000000) }}",
        "{{ ('a' * 100000)|replace('a', 'a' * 100000) }}",
        "{{ ('a' * 5000)|replace('', 'b' * 50000) }}",
        "{{ ('\n' * 1000000)|indent(1000000, true, true) }}",
        "{{ ''|center(10000000000) }}",
        "{{ '%999999999999d' % 1 }}",
        "{{ '{:999999999999}'.format(1) }}",
        "{{ 'a'.ljust(99999999999) }}",
        "{{ [[1]]|tojson(indent=99999999999) }}",
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
        "{% for i in range(100000) %}{% for j in range(100000) %}{{ i }}{% endfor %}{% endfor %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% macro f() %}{% for i in [1] %}{{ f() }}{% endfor %}{% endmacro %}{{ f() }}",
        "{% macro f(x) %}{{ f(x=f(x)) }}{% endmacro %}{{ f(1) }}",
        "{% macro f(x=f()) %}{% endmacro %}{{ f() }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
        "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x|tojson }}",
        "{% set n = namespace(x=[1], y=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% set n.y = [n.y, n.y] %}{% endfor %}"
            + "{{ n.x == n.y }}",
        "{% set n = namespace(x=[1]) %}{% for i in range(5000) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x }}",
        "{% set n = namespace() %}{% set n.x = n %}{{ n }}",
        "{% set n = namespace(x=['a']) %}{% for i in range(5000) %}{% set n.x = n.x|map('upper') %}{% endfor %}{{ n.x|list }}",
        "{% set n = namespace(x='ab') %}{% for i in range(100) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
        "{% set n = namespace(x=(1,)) %}{% for i in range(300) %}{% set n.x = (n.x, n.x) %}{% endfor %}{{ {n.x: 1} }}",
        "{% set a = 'a' * 1000000 %}{% for i in range(100000) %}{{ (a ~ 'b') in a }}{% endfor %}",
        "{% set a = 'a' * 4000000 %}{{ ('a' * 1000000 ~ 'b') in a }}",
        "{{ " + "(".repeat(5000) + "1" + ")".repeat(5000) + " }}",
        "{{ " + "[".repeat(100000) + " }}",
        "{{ " + "not ".repeat(5000) + "1 }}",
        "{{ " + "-".repeat(5000) + "1 }}",
        "{{ a" + ".b".repeat(5000) + " }}",
        "{{ a" + "|upper".repeat(5000) + " }}",
        "{{ 1" + " if 1 else 1".repeat(5000) + " }}",
        "{{ 1" + " if 1".repeat(5000) + " }}",
        "{% if 1 %}".repeat(5000),
        "{% for x in y %}".repeat(5000) + "{% endfor %}".repeat(5000),
        "{% set " + "(".repeat(5000) + "a" + ")".repeat(5000) + " = 1 %}",
        "{{ 10 ** 100 }}",
        "{{ 9223372036854775807 + 1 }}",
        "{{ 99999999999999999999 }}",
        "{{ range(1000000000) }}",
        "{{ '%.999999f' % 1.5 }}");
  }

  @ParameterizedTest
  @MethodSource("greedy")
  void endsWithAMessage(String template) {
    Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () ->
            assertThatThrownBy(() -> Goldens.render(template, List.of()))
                .isInstanceOfSatisfying(
                    TemplateException.class,
                    e -> {
                      assertThat(e.kind())
                          .isIn(Kind.LIMIT, Kind.OVERFLOW, Kind.UNSUPPORTED, Kind.SYNTAX);
                      assertThat(e.line()).isPositive();
                      assertThat(e.getMessage()).hasSizeLessThan(400);
                    }));
  }

  @org.junit.jupiter.api.Test
  void whatRealTemplatesDoStaysFarFromTheLimits() {
    String long1 = "x ".repeat(500_000);
    String template =
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content|trim + '<|im_end|>\n' }}{% endfor %}{{ 1"
            + " + 1".repeat(300)
            + " }}{{ 'a'"
            + " ~ 'b'".repeat(1000)
            + " }}";
    assertThat(Goldens.render(template, List.of(Map.of("role", "user", "content", long1))).text())
        .hasSizeGreaterThan(999_999);
    String nested =
        "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{% endif %}x{% endmacro %}{{ f(100) }}";
    assertThat(Goldens.render(nested, List.of()).text()).hasSize(101);
  }
}
