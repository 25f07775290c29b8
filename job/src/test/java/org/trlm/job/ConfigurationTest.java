package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.trlm.engine.kernel.KvCacheDtype;
import org.trlm.job.JobConfig.Compute;
import org.trlm.job.JobConfig.Dtype;
import org.trlm.job.JobConfig.EngineOptions;
import org.trlm.job.JobConfig.Format;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobConfig.ModelOptions;
import org.trlm.job.JobConfig.OutputOptions;
import org.trlm.job.JobConfig.PromptTooLong;
import org.trlm.job.JobConfig.ReasoningOptions;
import org.trlm.job.JobConfig.ReasoningPreset;
import org.trlm.job.JobConfig.RunOptions;
import org.trlm.job.JobConfig.SamplingOptions;
import org.trlm.job.JobConfig.SourceFormat;
import picocli.CommandLine;

/** Every option and key, their defaults, and which wins. */
class ConfigurationTest {
  @TempDir Path directory;

  /** Every key with a value that is not its default. */
  private static final Map<String, String> ALL =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("model", "some/model"),
              Map.entry("system_prompt", "Be brief: yes"),
              Map.entry("chat_template_kwargs", "{\"think\":true}"),
              Map.entry("template_date", "2026-01-31"),
              Map.entry("special_tokens_in_content", "parse"),
              Map.entry("enable_thinking", "true"),
              Map.entry("reasoning_parser", "think_text"),
              Map.entry("reasoning_start", "<a>"),
              Map.entry("reasoning_end", "</a>"),
              Map.entry("input", "in.jsonl"),
              Map.entry("input_format", "jsonl"),
              Map.entry("prompt_column", "question"),
              Map.entry("messages_column", "chat"),
              Map.entry("id_column", "key"),
              Map.entry("params_column", "p"),
              Map.entry("param_columns", "seed,top_p"),
              Map.entry("limit", "7"),
              Map.entry("output", "out"),
              Map.entry("output_format", "jsonl"),
              Map.entry("include_token_ids", "true"),
              Map.entry("include_rendered_prompt", "true"),
              Map.entry("show", "2"),
              Map.entry("temperature", "0.5"),
              Map.entry("top_p", "0.9"),
              Map.entry("top_k", "40"),
              Map.entry("min_p", "0.01"),
              Map.entry("max_tokens", "99"),
              Map.entry("seed", "-3"),
              Map.entry("stop", "END, now"),
              Map.entry("stop_token_ids", "4,5"),
              Map.entry("ignore_eos", "true"),
              Map.entry("include_stop_str_in_output", "true"),
              Map.entry("skip_special_tokens", "false"),
              Map.entry("n", "3"),
              Map.entry("min_tokens", "2"),
              Map.entry("presence_penalty", "-0.5"),
              Map.entry("frequency_penalty", "0.25"),
              Map.entry("repetition_penalty", "1.1"),
              Map.entry("logit_bias", "{\"5\":-1}"),
              Map.entry("allowed_token_ids", "6,7"),
              Map.entry("bad_words", "a b"),
              Map.entry("logprobs", "5"),
              Map.entry("prompt_logprobs", "1"),
              Map.entry("repetition_detection", "{\"max_pattern_size\":4,\"min_count\":3}"),
              Map.entry("structured_outputs", "{\"choice\":[\"yes\",\"no\"]}"),
              Map.entry("thinking_token_budget", "12"),
              Map.entry("dtype", "float32"),
              Map.entry("compute", "auto"),
              Map.entry("max_model_len", "500"),
              Map.entry("max_num_seqs", "9"),
              Map.entry("max_num_batched_tokens", "64"),
              Map.entry("kv_cache_memory", "3m"),
              Map.entry("kv_cache_dtype", "bfloat16"),
              Map.entry("enable_prefix_caching", "false"),
              Map.entry("allow_scalar", "true"),
              Map.entry("master", "local[3]"),
              Map.entry("partitions", "5"),
              Map.entry("prompt_too_long", "truncate_left"),
              Map.entry("max_error_rate", "0.25"),
              Map.entry("verbose", "true")));

  private static JobConfig expectedOfAll() {
    return new JobConfig(
        new ModelOptions(
            "some/model",
            null,
            false,
            "Be brief: yes",
            "{\"think\":true}",
            "2026-01-31T00:00",
            JobConfig.SpecialTokensInContent.PARSE,
            new ReasoningOptions(
                ReasoningPreset.THINK_TEXT, "<a>", "</a>", JobConfig.EnableThinking.TRUE)),
        new InputOptions(
            List.of(file("in.jsonl")),
            SourceFormat.JSONL,
            "question",
            "chat",
            "key",
            "p",
            List.of("seed", "top_p"),
            7L),
        new OutputOptions(file("out"), Format.JSONL, true, true),
        sampling(),
        new EngineOptions(
            Dtype.FLOAT32, Compute.AUTO, 500, 9, 64, 3L << 20, KvCacheDtype.BFLOAT16, false, true),
        new RunOptions("local[3]", 5, 0.25, PromptTooLong.TRUNCATE_LEFT, false, true));
  }

  private static SamplingOptions sampling() {
    Map<String, Serializable> given = new TreeMap<>();
    given.put("temperature", 0.5);
    given.put("top_p", 0.9);
    given.put("top_k", 40);
    given.put("min_p", 0.01);
    given.put("max_tokens", 99);
    given.put("seed", -3L);
    given.put("stop", new ArrayList<>(List.of("END, now")));
    given.put("stop_token_ids", new ArrayList<>(List.of(4, 5)));
    given.put("ignore_eos", true);
    given.put("include_stop_str_in_output", true);
    given.put("skip_special_tokens", false);
    given.put("n", 3);
    given.put("min_tokens", 2);
    given.put("presence_penalty", -0.5);
    given.put("frequency_penalty", 0.25);
    given.put("repetition_penalty", 1.1);
    given.put("logit_bias", "{\"5\":-1}");
    given.put("allowed_token_ids", new ArrayList<>(List.of(6, 7)));
    given.put("bad_words", new ArrayList<>(List.of("a b")));
    given.put("logprobs", 5);
    given.put("prompt_logprobs", 1);
    given.put("repetition_detection", "{\"max_pattern_size\":4,\"min_count\":3}");
    given.put("structured_outputs", "{\"choice\":[\"yes\",\"no\"]}");
    given.put("thinking_token_budget", 12);
    return SamplingOptions.of(given);
  }

  @Test
  void everyOptionArrives() {
    List<String> arguments = new ArrayList<>(List.of("generate"));
    ALL.forEach((key, value) -> arguments.add(option(key) + "=" + value));
    GenerateCommand command = Cli.parse(GenerateCommand.class, arguments.toArray(String[]::new));
    assertThat(command.configuration()).isEqualTo(expectedOfAll());
    assertThat(command.rows.checkedShow()).isEqualTo(2);
  }

  @Test
  void everyKeyArrives() throws IOException {
    StringBuilder yaml = new StringBuilder();
    ALL.forEach((key, value) -> yaml.append(key).append(": ").append(quoted(value)).append('\n'));
    GenerateCommand command =
        Cli.parse(GenerateCommand.class, "generate", "--config", write(yaml.toString()));
    assertThat(command.configuration()).isEqualTo(expectedOfAll());
    assertThat(command.rows.checkedShow()).isEqualTo(2);
  }

  @Test
  void defaultsArePinned() {
    JobConfig config =
        Cli.parse(
                GenerateCommand.class, "generate", "--model", "m", "--input", "i", "--output", "o")
            .configuration();
    assertThat(config.model().templateDate()).startsWith("20").hasSizeGreaterThan(15);
    assertThat(config)
        .isEqualTo(
            new JobConfig(
                new ModelOptions(
                    "m",
                    null,
                    false,
                    null,
                    null,
                    config.model().templateDate(),
                    JobConfig.SpecialTokensInContent.TEXT,
                    ReasoningOptions.DEFAULT),
                new InputOptions(
                    List.of(file("i")), null, "prompt", "messages", "id", null, List.of(), null),
                new OutputOptions(file("o"), Format.PARQUET, false, false),
                SamplingOptions.NONE,
                new EngineOptions(
                    Dtype.AUTO,
                    Compute.EXACT,
                    null,
                    null,
                    null,
                    null,
                    KvCacheDtype.FLOAT32,
                    true,
                    false),
                new RunOptions(null, null, 1, PromptTooLong.ERROR, false, false)));
  }

  @Test
  void optionWinsOverKeyAndKeyOverDefault() throws IOException {
    String file = write("model: m\ninput: i\noutput: o\ntemperature: 0.3\nstop: [a, b]\nseed: 4\n");
    SamplingOptions sampling =
        Cli.parse(
                GenerateCommand.class,
                "generate",
                "--temperature=0.7",
                "--config",
                file,
                "--stop",
                "c")
            .configuration()
            .sampling();
    assertThat(sampling.given().get("temperature")).isEqualTo(0.7);
    assertThat(sampling.given().get("stop")).isEqualTo(List.of("c"));
    assertThat(sampling.given().get("seed")).isEqualTo(4L);
    assertThat(sampling.given().get("top_p")).isNull();
  }

  @Test
  void aListGivenInPiecesLosesNoNeighbour() {
    String[] arguments = {
      "generate",
      "--model=m",
      "--input=a",
      "--limit=3",
      "--input=b",
      "--output=o",
      "--stop=A",
      "--temperature=0.5",
      "--stop=B",
      "--max-tokens=7"
    };
    JobConfig config = Cli.parse(GenerateCommand.class, arguments).configuration();
    assertThat(config.input().paths()).containsExactly(file("a"), file("b"));
    assertThat(config.input().limit()).isEqualTo(3);
    assertThat(config.sampling().given())
        .containsEntry("stop", new ArrayList<>(List.of("A", "B")))
        .containsEntry("temperature", 0.5)
        .containsEntry("max_tokens", 7);
  }

  @Test
  void aValueThatBeginsWithAnAtSignIsTaken() throws IOException {
    String existing = "@" + write("--seed=4");
    String[] arguments = {
      "generate",
      "--model=m",
      "--input=i",
      "--output=o",
      "--stop",
      "@@",
      "--system-prompt",
      existing
    };
    JobConfig config = Cli.parse(GenerateCommand.class, arguments).configuration();
    assertThat(config.sampling().given().get("stop")).isEqualTo(List.of("@@"));
    assertThat(config.model().systemPrompt()).isEqualTo(existing);
  }

  @ParameterizedTest
  @ValueSource(strings = {"max_tokens", "max_new_tokens", "max_completion_tokens"})
  void theThreeNamesOfMaxTokensAreOne(String name) throws IOException {
    String[] byOption = {"generate", "--model=m", "--input=i", "--output=o", option(name) + "=12"};
    assertThat(maxTokens(byOption)).isEqualTo(12);
    String file = write("model: m\ninput: i\noutput: o\n" + name + ": 13\n");
    assertThat(maxTokens("generate", "--config", file)).isEqualTo(13);
    assertThat(maxTokens("generate", "--config", file, "--max-new-tokens", "14")).isEqualTo(14);
  }

  private static Object maxTokens(String... arguments) {
    return Cli.parse(GenerateCommand.class, arguments)
        .configuration()
        .sampling()
        .given()
        .get("max_tokens");
  }

  @Test
  void listsAndMappingsOfTheFile() throws IOException {
    String file =
        write(
            """
            model: m
            input: [a.jsonl, b.jsonl]
            output: o
            stop: ["x, y", "-z"]
            stop_token_ids: [1, 2]
            chat_template_kwargs: {enable_thinking: true, depth: 2}
            limit: null
            """);
    JobConfig config =
        Cli.parse(GenerateCommand.class, "generate", "--config", file).configuration();
    assertThat(config.input().paths()).containsExactly(file("a.jsonl"), file("b.jsonl"));
    assertThat(config.sampling().given().get("stop")).isEqualTo(List.of("x, y", "-z"));
    assertThat(config.sampling().given().get("stop_token_ids")).isEqualTo(List.of(1, 2));
    assertThat(config.model().chatTemplateKwargs())
        .isEqualTo("{\"enable_thinking\":true,\"depth\":2}");
    assertThat(config.input().limit()).isNull();
  }

  @Test
  void oneFileServesAllCommands() throws IOException {
    String file = write("model: m\ninput: i\noutput: o\ntemperature: 0.3\nmax_num_seqs: 4\n");
    assertThat(
            Cli.parse(TokenizeCommand.class, "tokenize", "--config", file)
                .configuration()
                .output()
                .path())
        .isEqualTo(file("o"));
    JobConfig inspect =
        Cli.parse(InspectCommand.class, "inspect", "--config", file).configuration();
    assertThat(inspect.sampling().given().get("temperature")).isEqualTo(0.3);
    assertThat(inspect.output().path()).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "temprature: 1 | unknown key temprature; did you mean temperature?",
        "max-tokens: 1 | did you mean max_tokens?",
        "config: x.yaml | unknown key config",
        "help: true | unknown key help",
        "qqqqqqqqqqqqqqqqqqqq: 1 | unknown key qqqqqqqqqqqqqqqqqqqq.",
        "max_tokens: many | , key max_tokens: Invalid value",
        "dtype: fp8 | 'fp8' is not known; allowed: auto, float32, bfloat16",
        "compute: fp16 | key compute: Invalid value for option '--compute': 'fp16' is not known; allowed: exact, bf16, auto",
        "output_format: csv | 'csv' is not known; allowed: parquet, jsonl, openai-batch, delta",
        "kv_cache_memory: 4x | '4x' is not a size; allowed: bytes above 0, or with k, m or g",
        "kv_cache_memory: 0 | '0' is not a size",
        "stop: [[a]] | key stop: a list item is list",
        "temperature: [1, 2] | key temperature: a list of 2 values; allowed: one value.",
        "{max_tokens: 5, max_new_tokens: 6} | max_tokens and max_new_tokens mean the same option",
        "- model: m | holds a list; give one mapping",
        "model: m | No input is given",
        "max_tokens: 1 | No model is given",
      })
  void wrongFiles(String yaml, String message) throws IOException {
    Cli run = Cli.run("generate", "--config", write(yaml + "\n"));
    assertThat(run.err()).contains(message).doesNotContain("\tat ");
    assertThat(run.exitCode()).isEqualTo(2);
  }

  @Test
  void filesThatAreNoYaml() throws IOException {
    assertThat(Cli.run("generate", "--config", write("a: [1")).err()).contains("is not YAML");
    assertThat(Cli.run("generate", "--config", write("seed: 1\nseed: 2\n")).err())
        .contains("is not YAML")
        .contains("duplicate key seed");
    assertThat(Cli.run("generate", "--config", write("!!java.net.URL [\"http://x\"]")).err())
        .contains("is not YAML");
    assertThat(Cli.run("generate", "--config", directory.resolve("none.yaml").toString()).err())
        .contains("none.yaml cannot be read (NoSuchFileException)");
    assertThat(Cli.run("generate", "--config", write("")).err()).contains("No model is given");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "--limit=0 | --limit is 0; allowed: 1 or more",
        "--partitions=0 | --partitions is 0; allowed: 1 or more",
        "--max-error-rate=1.5 | --max-error-rate is 1.5; allowed: 0 (no error row) to 1",
        "--max-error-rate=NaN | --max-error-rate is NaN",
        "--show=-1 | --show is -1; allowed: 0 or more",
        "--max-num-seqs=0 | --max-num-seqs is 0; allowed: 1 or more",
        "--max-num-seqs=8 --max-num-batched-tokens=4 | at least as many tokens as rows",
        "--chat-template-kwargs=[1] | is not a JSON object; found: [1]",
        "--chat-template-kwargs={ | is not JSON",
        "--template-date=today | --template-date is 'today'; give a date as 2026-01-31",
        "--chat-template=none.jinja | none.jinja cannot be read (NoSuchFileException)",
        "--no-chat-template --system-prompt=x | feeds the prompt as it is",
        "--reasoning-end= | --reasoning-end is empty",
        "--input-format=text | 'text' is not known; allowed: parquet, jsonl, csv, openai-batch, delta, table",
        "--temperature=warm | 'warm' is not a double",
        "--rows-per-batch=3 | Unknown option: '--rows-per-batch=3'",
        "--max-token=3 | did you mean --max-tokens?",
        "--prompt-too-long=cut | allowed: error, truncate_left, skip",
      })
  void wrongOptions(String options, String message) {
    List<String> arguments = new ArrayList<>(List.of("generate", "--model=m", "--input=i"));
    arguments.addAll(List.of("--output=o"));
    arguments.addAll(List.of(options.split(" ")));
    Cli run = Cli.run(arguments.toArray(String[]::new));
    assertThat(run.err()).contains(message).doesNotContain("\tat ");
    assertThat(run.exitCode()).isEqualTo(2);
  }

  @Test
  void hubPathsAreRefusedByName() {
    assertThatThrownBy(() -> Locations.resolve("--model", "hf://owner/name"))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("hf:// is not available in this version");
  }

  @Test
  void theDocumentedFileHoldsEveryKey() throws IOException {
    String documented = Files.readString(Path.of("..", "conf", "job.yaml"));
    TreeSet<String> keys = new TreeSet<>();
    Matcher matcher = Pattern.compile("(?m)^# ([a-z_]+): ").matcher(documented);
    while (matcher.find()) {
      keys.add(matcher.group(1));
    }
    TreeSet<String> options = new TreeSet<>();
    TrlmSpark.commandLine().getSubcommands().values().stream()
        .flatMap(command -> command.getCommandSpec().options().stream())
        .flatMap(option -> List.of(option.names()).stream())
        .filter(name -> name.startsWith("--"))
        .map(name -> name.substring(2).replace('-', '_'))
        .forEach(options::add);
    options.removeAll(List.of("config", "help"));
    assertThat(keys).isEqualTo(options);

    String uncommented =
        documented
            .replaceAll("(?m)^# ([a-z_]+: )", "$1")
            .replaceAll(
                "(?m)^(max_(new|completion)_tokens|min_new_tokens|num_return_sequences|top_logprobs).*$",
                "")
            .replaceAll("(?m)^chat_template: .*$", "");
    JobConfig config =
        Cli.parse(GenerateCommand.class, "generate", "--config", write(uncommented))
            .configuration();
    assertThat(config.sampling().given().get("max_tokens")).isEqualTo(256);
    assertThat(config.engine().kvCacheMemory()).isEqualTo(512L << 20);
  }

  @Test
  void helpNamesEveryOptionWithItsDefault() {
    for (String command : List.of("generate", "tokenize", "inspect")) {
      Cli help = Cli.run(command, "--help");
      assertThat(help.exitCode()).isZero();
      TrlmSpark.commandLine()
          .getSubcommands()
          .get(command)
          .getCommandSpec()
          .options()
          .forEach(
              option -> {
                assertThat(help.out()).contains(option.longestName());
                boolean needsDefault =
                    !List.of("--model", "--input", "--output", "--chat-template", "--config")
                            .contains(option.longestName())
                        && !option.usageHelp()
                        && !option.longestName().equals("--chat-template-kwargs");
                if (needsDefault) {
                  assertThat(String.join(" ", option.description())).contains("Default: ");
                }
              });
    }
  }

  private String write(String yaml) throws IOException {
    Path file = Files.createTempFile(directory, "job", ".yaml");
    Files.writeString(file, yaml);
    return file.toString();
  }

  private static String option(String key) {
    return "--" + key.replace('_', '-');
  }

  private static String quoted(String value) {
    return "'" + value + "'";
  }

  private static String file(String relative) {
    return "file:" + Path.of(relative).toAbsolutePath();
  }

  @Test
  void theLastOfRepeatedOptionsWinsAndTheOthersStay() {
    CommandLine commandLine = TrlmSpark.commandLine();
    assertThat(
            RepeatedOptions.lastOf(
                commandLine,
                ("generate --limit 2 --input a --max-tokens 3 --temperature=0 --verbose --input b"
                        + " --limit=1 --verbose false --max-new-tokens 4")
                    .split(" ")))
        .containsExactly(
            ("generate --input a --temperature=0 --input b --limit=1 --verbose false"
                    + " --max-new-tokens 4")
                .split(" "));
    GenerateCommand command =
        Cli.parse(
            GenerateCommand.class,
            ("generate --model m --input a --limit 2 --output x --input b --limit 1 --output y"
                    + " --temperature 0.5 --max-tokens 7 --temperature 0")
                .split(" "));
    JobConfig config = command.configuration();
    assertThat(config.input().limit()).isEqualTo(1);
    assertThat(config.input().paths()).hasSize(2);
    assertThat(config.output().path()).endsWith("y");
    assertThat(config.sampling().given().get("temperature")).isEqualTo(0.0);
    assertThat(config.sampling().given().get("max_tokens")).isEqualTo(7);
  }
}
