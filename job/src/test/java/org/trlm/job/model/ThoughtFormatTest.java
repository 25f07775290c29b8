package org.trlm.job.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.trlm.job.JobConfig.EnableThinking;
import org.trlm.job.JobConfig.ModelOptions;
import org.trlm.job.JobConfig.ReasoningOptions;
import org.trlm.job.JobConfig.ReasoningPreset;
import org.trlm.job.JobException;
import org.trlm.job.Jobs;
import org.trlm.job.model.ThoughtFormat.Tags;
import org.trlm.tokenizer.chat.Qwen3ReasoningParser;
import org.trlm.tokenizer.chat.ThinkTags;

/** What a preset comes to with a model's tokens and template. */
class ThoughtFormatTest {
  private static final String PLAIN = "{{ messages }}";

  private static ThoughtFormat format(
      ReasoningPreset parser, String open, String close, String template) {
    return ThoughtFormat.of(
        options(parser, open, close, EnableThinking.AUTO), Jobs.tinyModel().tokenizer(), template);
  }

  private static ModelOptions options(
      ReasoningPreset parser, String open, String close, EnableThinking thinking) {
    return Jobs.config(Jobs.PROMPTS, Path.of("unused"))
        .model()
        .with(new ReasoningOptions(parser, open, close, thinking));
  }

  @Test
  void autoGoesByTokensThenByTheTemplate() {
    ThoughtFormat tokens = format(ReasoningPreset.AUTO, "<think>", "</think>", PLAIN);
    assertThat(tokens.tags()).isEqualTo(Tags.IDS);
    assertThat(tokens.tagIds()).containsExactly(766, 767);
    ThoughtFormat text =
        format(ReasoningPreset.AUTO, "<reason>", "</reason>", PLAIN + "Think in <reason>.");
    assertThat(text.tags()).isEqualTo(Tags.TEXT);
    assertThat(text.tagIds()).isEmpty();
    ThoughtFormat exaone =
        format(ReasoningPreset.AUTO, "<reason>", "</reason>", PLAIN + "<thought>");
    assertThat(exaone.open()).isEqualTo("<thought>");
    assertThat(exaone.tags()).isEqualTo(Tags.TEXT);
    assertThat(format(ReasoningPreset.AUTO, "<reason>", "</reason>", PLAIN).tags())
        .isEqualTo(Tags.NONE);
  }

  @Test
  void presetsAreWhatTheySay() {
    assertThat(format(ReasoningPreset.NONE, "<think>", "</think>", PLAIN).tags())
        .isEqualTo(Tags.NONE);
    assertThat(format(ReasoningPreset.THINK_TEXT, "<think>", "</think>", PLAIN).tags())
        .isEqualTo(Tags.TEXT);
    assertThat(format(ReasoningPreset.EXAONE, "<a>", "</a>", PLAIN).close())
        .isEqualTo("</thought>");
    assertThat(format(ReasoningPreset.EXAONE, "<think>", "</think>", PLAIN).close())
        .isEqualTo("</think>");
    assertThatThrownBy(() -> format(ReasoningPreset.THINK_IDS, "<a>", "</a>", PLAIN))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("<a> and </a> are not")
        .hasMessageContaining("think_text");
  }

  @Test
  void parsersFollow() {
    ModelOptions on = options(ReasoningPreset.QWEN3, "<think>", "</think>", EnableThinking.AUTO);
    ThoughtFormat qwen3 = ThoughtFormat.of(on, Jobs.tinyModel());
    assertThat(qwen3.opensByItself()).isTrue();
    assertThat(qwen3.parser(on)).isInstanceOf(Qwen3ReasoningParser.class);
    assertThat(format(ReasoningPreset.AUTO, "<think>", "</think>", PLAIN).parser(on))
        .isInstanceOf(ThinkTags.class);
    assertThat(format(ReasoningPreset.NONE, "<think>", "</think>", PLAIN).parser(on)).isNull();
  }
}
