package org.trlm.job.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.trlm.job.JobConfig.EnableThinking;
import org.trlm.job.JobConfig.ModelOptions;
import org.trlm.job.JobConfig.ReasoningOptions;
import org.trlm.job.JobConfig.ReasoningPreset;
import org.trlm.job.JobException;
import org.trlm.job.Jobs;

/** Thinking turned on and off: by the template's variable, else by the end of the prompt. */
class EnableThinkingTest {
  private static final int OPEN = 766;
  private static final int CLOSE = 767;
  private static final String TURNS =
      "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}";

  private static PromptEncoder encoder(
      String template, ReasoningPreset parser, EnableThinking thinking) {
    ModelOptions options = Jobs.config(Jobs.PROMPTS, Path.of("unused")).model();
    return PromptEncoder.of(
        new ModelOptions(
            options.path(),
            template,
            false,
            null,
            null,
            options.templateDate(),
            options.specialTokensInContent(),
            new ReasoningOptions(parser, "<think>", "</think>", thinking)),
        Jobs.tinyModel());
  }

  /** What stands after the question. */
  private static String end(String template, ReasoningPreset parser, EnableThinking thinking)
      throws RowRefusedException {
    String text = encode(template, parser, thinking, "Why?").text();
    return text.substring(text.lastIndexOf("Why?") + 4);
  }

  private static EncodedPrompt encode(
      String template, ReasoningPreset parser, EnableThinking thinking, String question)
      throws RowRefusedException {
    return encoder(template, parser, thinking)
        .encode(new PromptRow("id", question, null, null, "content", null));
  }

  @Test
  void theTagIsOpenedOrClosedAtTheGenerationPrompt() throws RowRefusedException {
    String turn = "<|im_end|>\n<|im_start|>assistant\n";
    ReasoningPreset auto = ReasoningPreset.AUTO;
    assertThat(end(null, auto, EnableThinking.AUTO)).isEqualTo(turn);
    assertThat(end(null, auto, EnableThinking.TRUE)).isEqualTo(turn + "<think>");
    assertThat(end(null, auto, EnableThinking.FALSE)).isEqualTo(turn + "<think></think>");
    assertThat(end(null, ReasoningPreset.QWEN3, EnableThinking.FALSE))
        .isEqualTo(turn + "<think>\n\n</think>\n\n");
    assertThat(encode(null, auto, EnableThinking.TRUE, "Why?").tokenIds()).endsWith(OPEN);
    assertThat(encode(null, auto, EnableThinking.FALSE, "Why?").tokenIds()).endsWith(OPEN, CLOSE);
  }

  @Test
  void aThoughtThatTheTemplateOpenedIsGoneOnWithOrClosed() throws RowRefusedException {
    String opens = TURNS + "[assistant]<think>\n";
    ReasoningPreset qwen3 = ReasoningPreset.QWEN3;
    // Jinja drops the last newline of a template
    assertThat(end(opens + "\n", qwen3, EnableThinking.TRUE)).isEqualTo("[assistant]<think>\n");
    assertThat(end(opens + "\n", qwen3, EnableThinking.FALSE))
        .isEqualTo("[assistant]<think>\n\n</think>\n\n");
    assertThat(end(opens, ReasoningPreset.AUTO, EnableThinking.FALSE))
        .isEqualTo("[assistant]<think></think>");
    String exaone = TURNS + "[|assistant|]<thought>\n\n";
    assertThat(end(exaone, ReasoningPreset.EXAONE, EnableThinking.TRUE))
        .as("this tokenizer has think tokens, as EXAONE 4")
        .isEqualTo("[|assistant|]<thought>\n<think>");
  }

  @Test
  void aTagThatTheUserSpelledIsNotTheTemplates() throws RowRefusedException {
    EncodedPrompt prompt = encode(TURNS, ReasoningPreset.AUTO, EnableThinking.TRUE, "Say <think>");
    assertThat(prompt.text()).isEqualTo("[user]Say <think><think>");
    assertThat(prompt.tokenIds()).endsWith(OPEN);
    assertThat(encode(TURNS, ReasoningPreset.AUTO, EnableThinking.FALSE, "</think>").text())
        .isEqualTo("[user]</think><think></think>");
  }

  @Test
  void theTemplatesVariableIsUsedWhereItHasOne() throws IOException, RowRefusedException {
    String qwen3 = template("Qwen-Qwen3-0.6B");
    String turn = "<|im_end|>\n<|im_start|>assistant\n";
    for (ReasoningPreset parser :
        new ReasoningPreset[] {ReasoningPreset.AUTO, ReasoningPreset.QWEN3}) {
      assertThat(end(qwen3, parser, EnableThinking.AUTO)).isEqualTo(turn);
      assertThat(end(qwen3, parser, EnableThinking.TRUE)).isEqualTo(turn);
      assertThat(end(qwen3, parser, EnableThinking.FALSE))
          .isEqualTo(turn + "<think>\n\n</think>\n\n");
    }
  }

  @Test
  void withoutTagsAndVariableItIsRefusedBeforeAnyWork() {
    assertThatThrownBy(() -> encoder(TURNS, ReasoningPreset.NONE, EnableThinking.FALSE))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("--enable-thinking is false")
        .hasMessageContaining("no variable enable_thinking");
  }

  private static String template(String name) throws IOException {
    Path goldens = Path.of("../tokenizer/src/test/resources/golden/chat_templates.jsonl");
    ObjectMapper json = new ObjectMapper();
    for (String line : Files.readAllLines(goldens)) {
      JsonNode golden = json.readTree(line);
      if (golden.get("template_name").asText().equals(name)) {
        return golden.get("template").asText();
      }
    }
    throw new AssertionError("no template " + name + " in " + goldens);
  }
}
