package org.trlm.tokenizer.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.trlm.tokenizer.BoundedRead;

/**
 * Real templates and constructs, broken at random: nothing but {@link TemplateException} may come
 * out, soon. {@code -Dtrlm.fuzz.seconds} makes it longer, {@code -Dtrlm.fuzz.seed} repeats a run.
 */
class TemplateFuzzTest {
  private static final long SLOWEST_MILLIS = 15_000;

  /**
   * What {@link Budget} lets a rendering allocate at the very most, garbage included: 16 bytes for
   * each character written, and 100 for each step.
   */
  private static final long MOST_OF_A_RENDERING = 16 * Budget.MAX_TEXT + 100 * Budget.MAX_STEPS;

  private static final String[] PIECES = {
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "-%}",
    "{%-",
    "|",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "'",
    "\"",
    "\\",
    ",",
    ":",
    ".",
    "*",
    "**",
    "//",
    "%",
    "~",
    "-",
    " is ",
    " not ",
    " in ",
    " if ",
    " else ",
    " and ",
    " for x in ",
    "loop",
    "messages",
    "none",
    "namespace",
    "range(99999)",
    "9223372036854775807",
    "1e308",
    "|tojson(indent=9)",
    "|list",
    "|map('upper')",
    ".split(",
    ".format(",
    "{% endfor %}",
    "{% endif %}",
    "{% set x = x ~ x %}",
    "{% for m in messages %}",
    "{% macro m(a) %}",
    "* 99999",
    "\n",
    "\r\n",
    "\u00a0",
    "\ud83d\ude00",
    "\ud83d",
    "\u0000"
  };

  @Test
  void brokenTemplatesEndWithTheirOwnException() {
    long seconds = Long.getLong("trlm.fuzz.seconds", 6);
    long seed = Long.getLong("trlm.fuzz.seed", System.nanoTime());
    System.out.println("TemplateFuzzTest seed " + seed);
    Random random = new Random(seed);
    List<Goldens.Golden> goldens = new ArrayList<>(Goldens.read("/golden/chat_templates.jsonl"));
    goldens.addAll(Goldens.read("/golden/chat_constructs.jsonl"));
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    int rendered = 0;
    int refused = 0;
    long most = 0;
    while (System.nanoTime() < end) {
      Goldens.Golden golden = goldens.get(random.nextInt(goldens.size()));
      String template = golden.template();
      for (int i = random.nextInt(4); i >= 0; i--) {
        template = mutate(template, goldens, random);
      }
      long start = System.nanoTime();
      try {
        ChatTemplate compiled = compiled(template);
        long before = BoundedRead.allocated();
        try {
          compiled.renderPrepared(golden.messages(), golden.kwargs());
        } finally {
          long allocated = BoundedRead.allocated() - before;
          most = Math.max(most, allocated);
          assertThat(allocated).isLessThan(MOST_OF_A_RENDERING);
        }
        rendered++;
      } catch (TemplateException e) {
        assertThat(e.problem()).isNotBlank();
        refused++;
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed " + seed + ", template:\n" + template, e);
      }
      assertThat((System.nanoTime() - start) / 1_000_000)
          .as("seed %d, template:%n%s", seed, template)
          .isLessThan(SLOWEST_MILLIS);
    }
    System.out.printf(
        "%d rendered, %d refused, at most %,d bytes allocated by a rendering%n",
        rendered, refused, most);
    assertThat(rendered).isPositive();
    assertThat(refused).isPositive();
  }

  /** Compiles; garbage included, that allocates no more than the source's size and 64 MB. */
  private static ChatTemplate compiled(String template) {
    long before = BoundedRead.allocated();
    try {
      return ChatTemplate.compile(template, "fuzz");
    } finally {
      assertThat(BoundedRead.allocated() - before)
          .isLessThanOrEqualTo(template.length() + BoundedRead.EXTRA_BYTES);
    }
  }

  private static String mutate(String template, List<Goldens.Golden> goldens, Random random) {
    int from = random.nextInt(template.length() + 1);
    int to = Math.min(template.length(), from + random.nextInt(12));
    String head = template.substring(0, from);
    return switch (random.nextInt(5)) {
      case 0 -> head + template.substring(to);
      case 1 -> head + PIECES[random.nextInt(PIECES.length)] + template.substring(from);
      case 2 -> head + PIECES[random.nextInt(PIECES.length)] + template.substring(to);
      case 3 -> head + template.substring(from, to) + template.substring(from);
      default -> {
        String other = goldens.get(random.nextInt(goldens.size())).template();
        int start = random.nextInt(other.length() + 1);
        yield head
            + other.substring(start, Math.min(other.length(), start + random.nextInt(60)))
            + template.substring(from);
      }
    };
  }
}
