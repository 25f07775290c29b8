package org.trlm.tokenizer.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Real templates and single constructs, character by character as the reference renders them,
 * errors included.
 */
class ChatTemplateGoldenTest {
  @TestFactory
  Stream<DynamicTest> realTemplates() {
    return tests("/golden/chat_templates.jsonl");
  }

  @TestFactory
  Stream<DynamicTest> constructs() {
    return tests("/golden/chat_constructs.jsonl");
  }

  @Test
  void noGoldenIsLost() {
    assertThat(Goldens.read("/golden/chat_templates.jsonl")).hasSize(63);
    assertThat(Goldens.read("/golden/chat_constructs.jsonl")).hasSizeGreaterThan(300);
  }

  private static Stream<DynamicTest> tests(String resource) {
    List<Goldens.Golden> goldens = Goldens.read(resource);
    return goldens.stream()
        .map(golden -> DynamicTest.dynamicTest(golden.name(), () -> check(golden)));
  }

  private static void check(Goldens.Golden golden) {
    if (golden.errorType() == null) {
      assertThat(golden.render().text()).isEqualTo(golden.expected());
      return;
    }
    assertThatThrownBy(golden::render)
        .as(golden.template())
        .isInstanceOfSatisfying(
            TemplateException.class,
            e -> {
              assertThat(e.kind()).as(e.getMessage()).isEqualTo(Goldens.kind(golden.errorType()));
              assertThat(e.line()).isPositive();
            });
  }
}
