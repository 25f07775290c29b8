package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

/** What makes two runs give their rows other request ids, and what does not. */
class KeySettingsTest {
  private static final String PLAIN = "{\"dtype\":\"bfloat16\",\"max_model_len\":1024}";

  @Test
  void defaultsThatAreSpelledOutChangeNothing() throws IOException {
    assertThat(key()).isEqualTo(PLAIN);
    assertThat(key("--dtype", "auto")).isEqualTo(PLAIN);
    assertThat(key("--dtype", "bfloat16")).isEqualTo(PLAIN);
    assertThat(key("--compute", "exact")).isEqualTo(PLAIN);
    assertThat(key("--kv-cache-dtype", "float32")).isEqualTo(PLAIN);
    assertThat(key("--max-model-len", "1024")).isEqualTo(PLAIN);
    assertThat(key("--prompt-too-long", "skip")).isEqualTo(PLAIN);
    assertThat(key("--prompt-too-long", "error")).isEqualTo(PLAIN);
    assertThat(key("--chat-template-kwargs", "{}")).isEqualTo(PLAIN);
    assertThat(key("--reasoning-start", "<think>", "--reasoning-end", "</think>")).isEqualTo(PLAIN);
    assertThat(key("--template-date", "2020-01-01")).isEqualTo(PLAIN);
    assertThat(key("--enable-thinking", "auto", "--reasoning-parser", "auto")).isEqualTo(PLAIN);
    assertThat(key("--reasoning-parser", "think_ids")).isEqualTo(PLAIN);
    assertThat(key("--special-tokens-in-content", "text")).isEqualTo(PLAIN);
    java.nio.file.Path own = Files.createTempFile("own", ".jinja");
    Files.writeString(own, Jobs.tinyModel().ownChatTemplate());
    assertThat(key("--chat-template", own.toString())).isEqualTo(PLAIN);
    Files.delete(own);
  }

  @Test
  void whatDoesNotChangeAnswersIsNotInTheKey() {
    assertThat(key("--max-num-seqs", "3", "--kv-cache-memory", "8m", "--partitions", "7"))
        .isEqualTo(PLAIN);
  }

  @Test
  void whatChangesAnswersIsInTheKey() {
    assertThat(key("--dtype", "float32")).contains("\"dtype\":\"float32\"");
    assertThat(key("--compute", "bf16"))
        .isEqualTo("{\"compute\":\"bf16\",\"dtype\":\"bfloat16\",\"max_model_len\":1024}");
    assertThat(key("--kv-cache-dtype", "bfloat16")).contains("\"kv_cache_dtype\":\"bfloat16\"");
    assertThat(key("--max-model-len", "500")).contains("\"max_model_len\":500");
    assertThat(key("--prompt-too-long", "truncate_left"))
        .contains("\"prompt_too_long\":\"truncate_left\"");
    assertThat(key("--system-prompt", "null")).contains("\"system_prompt\":\"null\"");
    assertThat(key("--special-tokens-in-content", "parse"))
        .contains("\"special_tokens_in_content\":\"parse\"");
    assertThat(key("--enable-thinking", "false")).contains("\"enable_thinking\":\"false\"");
    assertThat(key("--reasoning-parser", "qwen3")).contains("\"reasoning_parser\":\"qwen3\"");
    assertThat(key("--no-chat-template")).contains("\"no_chat_template\":true");
    assertThat(key("--reasoning-end", "<|im_end|>")).contains("\"reasoning_end\":\"<|im_end|>\"");
    assertThat(key("--chat-template-kwargs", "{\"b\": 1, \"a\": {\"d\": 2, \"c\": 3}}"))
        .isEqualTo(key("--chat-template-kwargs", "{\"a\":{\"c\":3,\"d\":2},\"b\":1}"))
        .contains("\"chat_template_kwargs\":{\"a\":{\"c\":3,\"d\":2},\"b\":1}");
  }

  private static String key(String... options) {
    String[] arguments = new String[options.length + 7];
    System.arraycopy(
        new String[] {"generate", "--model", "m", "--input", "i", "--output", "o"},
        0,
        arguments,
        0,
        7);
    System.arraycopy(options, 0, arguments, 7, options.length);
    return KeySettings.of(
        Cli.parse(GenerateCommand.class, arguments).configuration(), Jobs.tinyModel());
  }
}
