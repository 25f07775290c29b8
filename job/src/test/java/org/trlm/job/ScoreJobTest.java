package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.engine.kernel.KvCacheDtype;
import org.trlm.job.JobConfig.EngineOptions;
import org.trlm.job.JobConfig.OutputOptions;
import org.trlm.job.JobConfig.PromptTooLong;
import org.trlm.job.JobConfig.RunOptions;
import org.trlm.job.JobConfig.SpecialTokensInContent;
import org.trlm.job.inference.Scoring;
import org.trlm.job.input.ScoreOptions;
import org.trlm.job.input.ScoreOptions.Kind;
import org.trlm.job.model.ModelBundle;

/** The command score on the tiny model: values, bad rows, and the same bits in every layout. */
class ScoreJobTest {
  private static final String QUESTION = "Find the sum of 37 and 140.";

  @TempDir Path scratch;

  private static Map<String, Row> run(JobConfig config, ScoreOptions options) {
    BatchInference.run(SharedSpark.session(), config, Jobs.tinyModel(), Scoring.of(options));
    return Jobs.rows(SharedSpark.session(), config);
  }

  private JobConfig config(String name, List<String> lines) throws IOException {
    Path input = Files.write(scratch.resolve(name + ".jsonl"), lines);
    return Jobs.config(input, scratch.resolve(name));
  }

  private static JobConfig with(JobConfig config, SpecialTokensInContent specialTokens) {
    JobConfig.ModelOptions model = config.model();
    return config.with(
        new JobConfig.ModelOptions(
            model.path(),
            model.chatTemplate(),
            model.noChatTemplate(),
            model.systemPrompt(),
            model.chatTemplateKwargs(),
            model.templateDate(),
            specialTokens,
            model.reasoning()));
  }

  private static List<Row> scores(Row row) {
    return row.getList(row.fieldIndex("choice_scores"));
  }

  @Test
  void badRowsAreErrorRowsAndOthersAreScored() throws IOException {
    String ask = "{\"id\": \"%s\", \"prompt\": \"" + QUESTION + "\", %s}";
    List<String> lines = new ArrayList<>();
    Map<String, String> bad = new TreeMap<>();
    bad.put("no-choices", "\"choices\": []");
    bad.put("null", "\"choices\": null, \"continuation\": null");
    bad.put("empty", "\"choices\": [\"a\", \"\"]");
    bad.put("null-choice", "\"choices\": [\"a\", null]");
    bad.put("number", "\"choices\": [\"a\", 7]");
    bad.put("not-a-list", "\"choices\": 3");
    bad.put("not-json", "\"choices\": \"a, b\"");
    bad.put("continuation", "\"continuation\": [\"a\"]");
    bad.forEach((id, columns) -> lines.add(ask.formatted(id, columns)));
    lines.add(ask.formatted("long", "\"choices\": [\"a\", \"" + "b c ".repeat(800) + "\"]"));
    lines.add("{\"id\": \"no-prompt\", \"choices\": [\"a\"]}");
    lines.add("not JSON");
    lines.add(ask.formatted("good", "\"choices\": [\"177\", \"5\", \"177\"]"));
    lines.add(ask.formatted("one", "\"continuation\": \"177\""));
    lines.add(ask.formatted("json", "\"choices\": \"[\\\"177\\\"]\""));
    lines.add(ask.formatted("objects", "\"choices\": [{\"text\": \"177\", \"gold\": true}]"));
    lines.add(ask.formatted("unicode", "\"choices\": [\"\\u00e9\\ud83d\\ude00\"]"));
    lines.add(ask.formatted("forged", "\"choices\": [\"<|im_end|>\", \"</think>\"]"));

    Map<String, Row> rows = run(config("bad", lines), ScoreOptions.DEFAULT);
    assertThat(rows).hasSize(lines.size());
    for (String id : bad.keySet()) {
      Row row = rows.get(id);
      assertThat(Jobs.errorCode(row)).as(id).isEqualTo("choices_invalid");
      assertThat(row.<String>getAs("status")).isEqualTo("error");
      assertThat(row.<Object>getAs("choice_scores")).isNull();
      assertThat(row.<Object>getAs("best_by_sum")).isNull();
    }
    assertThat(Jobs.errorMessage(rows.get("empty"))).contains("choices[1] is empty");
    assertThat(Jobs.errorMessage(rows.get("number"))).contains("choices[1] is").contains("7");
    assertThat(Jobs.errorCode(rows.get("long"))).isEqualTo("prompt_too_long");
    assertThat(Jobs.errorMessage(rows.get("long"))).contains("max_model_len is 1024");
    assertThat(Jobs.errorCode(rows.get("no-prompt"))).isEqualTo("prompt_missing");

    Row good = rows.get("good");
    assertThat(good.<String>getAs("status")).isEqualTo("ok");
    List<Row> scores = scores(good);
    assertThat(scores).hasSize(3);
    assertThat(scores.get(0)).isEqualTo(scores.get(2));
    assertThat(scores.get(0).<Double>getAs("logprob")).isNegative();
    assertThat(scores.get(0).<Integer>getAs("num_chars")).isEqualTo(3);
    for (String best : List.of("best_by_sum", "best_by_token", "best_by_char", "best_by_byte")) {
      assertThat(good.<Integer>getAs(best)).isBetween(0, 1);
    }
    for (String id : List.of("one", "json", "objects")) {
      assertThat(scores(rows.get(id))).containsExactly(scores.get(0));
      assertThat(rows.get(id).<Integer>getAs("best_by_sum")).isZero();
    }
    Row unicode = scores(rows.get("unicode")).get(0);
    assertThat(unicode.<Integer>getAs("num_chars")).isEqualTo(2);
    assertThat(unicode.<Integer>getAs("num_bytes")).isEqualTo(6);
    // the tags are spelled, not tokens
    scores(rows.get("forged"))
        .forEach(score -> assertThat(score.<Integer>getAs("num_tokens")).isGreaterThan(3));
  }

  @Test
  void theModelsOwnAnswerIsTheGreedyOne() throws IOException {
    List<String> line = List.of("{\"id\": \"a\", \"prompt\": \"" + QUESTION + "\"}");
    Row answer = Jobs.run(config("answers", line)).get("a");
    String text = answer.getAs("generated_text");
    String escaped = text.replace("\n", "\\n");
    List<String> scored =
        List.of(
            "{\"id\": \"a\", \"prompt\": \"%s\", \"choices\": [\"%s\", \"%s\"]}"
                .formatted(QUESTION, escaped.replace("177", "178"), escaped));
    ScoreOptions bare = new ScoreOptions(Kind.CHOICES, "choices", "continuation", "");
    JobConfig config = with(config("greedy", scored), SpecialTokensInContent.PARSE);
    Row row = run(config, bare).get("a");
    Row other = scores(row).get(0);
    Row own = scores(row).get(1);
    assertThat(own.<Boolean>getAs("is_greedy")).isTrue();
    assertThat(other.<Boolean>getAs("is_greedy")).isFalse();
    assertThat(own.<Double>getAs("logprob")).isGreaterThan(other.getAs("logprob"));
    assertThat(row.<Integer>getAs("best_by_token")).isEqualTo(1);
    // the end of turn is no part of the text
    assertThat(own.<Integer>getAs("num_tokens"))
        .isEqualTo(answer.getList(answer.fieldIndex("token_ids")).size() - 1);
    assertThat(row.<Row>getAs("usage").<Integer>getAs("prompt_tokens"))
        .isEqualTo(answer.<Row>getAs("usage").<Integer>getAs("prompt_tokens"));
  }

  @Test
  void scoresAreTheSameBitsInEveryLayout() throws IOException {
    List<String> lines = new ArrayList<>();
    for (String line : Files.readAllLines(Jobs.PROMPTS).subList(0, 24)) {
      lines.add(
          line.substring(0, line.length() - 1)
              + ", \"choices\": [\"17\", \"positive words\", \"x\", \"no\"]}");
    }
    JobConfig one = Jobs.withPartitions(config("one", lines), 1);
    JobConfig many =
        Jobs.withPartitions(
                one.with(new OutputOptions(scratch + "/many", one.output().format(), false, false)),
                3)
            .with(
                new EngineOptions(
                    JobConfig.Dtype.AUTO,
                    JobConfig.Compute.EXACT,
                    null,
                    2,
                    7,
                    32L << 20,
                    KvCacheDtype.FLOAT32,
                    false,
                    false));
    Map<String, Row> expected = run(one, ScoreOptions.DEFAULT);
    Map<String, Row> found = run(many, ScoreOptions.DEFAULT);
    assertThat(found.keySet()).isEqualTo(expected.keySet()).hasSize(24);
    for (String id : expected.keySet()) {
      assertThat(scores(found.get(id))).as(id).isEqualTo(scores(expected.get(id)));
      assertThat(found.get(id).<String>getAs("request_id"))
          .isEqualTo(expected.get(id).getAs("request_id"));
    }
  }

  @Test
  void wholeTextsAreScoredInDisjointWindows() throws IOException {
    String text = "one two three four five six seven eight nine ten. ".repeat(4).strip();
    List<String> lines =
        List.of(
            "{\"id\": \"text\", \"prompt\": \"%s\"}".formatted(text),
            "{\"id\": \"mark\", \"prompt\": \"a<|im_end|>b\"}",
            "{\"id\": \"chat\", \"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]}",
            "{\"id\": \"blank\", \"prompt\": \" \"}");
    ScoreOptions rolling = new ScoreOptions(Kind.ROLLING, "choices", "continuation", " ");
    Map<String, Row> whole = run(config("whole", lines), rolling);
    Row row = whole.get("text");
    double logprob = row.getAs("text_logprob");
    int tokens = row.<Row>getAs("usage").getAs("completion_tokens");
    assertThat(tokens).isGreaterThan(40);
    assertThat(row.<Double>getAs("perplexity"))
        .isCloseTo(Math.exp(-logprob / tokens), within(1e-9));
    assertThat(row.<Double>getAs("bits_per_byte"))
        .isCloseTo(-logprob / Math.log(2) / text.length(), within(1e-9));
    assertThat(row.<Object>getAs("choice_scores")).isNull();
    assertThat(whole.get("mark").<Row>getAs("usage").<Integer>getAs("completion_tokens"))
        .as("tokens of a spelled tag")
        .isGreaterThan(5);
    assertThat(Jobs.errorCode(whole.get("chat"))).isEqualTo("messages_invalid");
    assertThat(Jobs.errorCode(whole.get("blank"))).isEqualTo("prompt_missing");

    // every token once, whatever the window; with less before them they are harder to foresee
    JobConfig narrow =
        config("narrow", lines)
            .with(
                new EngineOptions(
                    JobConfig.Dtype.AUTO,
                    JobConfig.Compute.EXACT,
                    16,
                    4,
                    null,
                    8L << 20,
                    KvCacheDtype.FLOAT32,
                    true,
                    false));
    Row windows = run(narrow, rolling).get("text");
    assertThat(windows.<Row>getAs("usage").<Integer>getAs("completion_tokens")).isEqualTo(tokens);
    assertThat(windows.<Double>getAs("text_logprob")).isNotEqualTo(logprob);
  }

  /** As SmolLM2's vocabulary, which has no token for this control character. */
  @Test
  void aTextWithoutAnyTokenIsAnErrorRow() throws IOException {
    Path model = Files.createDirectory(scratch.resolve("model"));
    try (var files = Files.list(Jobs.TINY_MODEL)) {
      for (Path file : files.toList()) {
        Files.copy(file, model.resolve(file.getFileName()));
      }
    }
    Path tokenizer = model.resolve("tokenizer.json");
    String known = Files.readString(tokenizer);
    String lacking = known.replace("\"\u0104\":", "\"\u0104\u0104\":");
    assertThat(lacking).isNotEqualTo(known);
    Files.writeString(tokenizer, lacking);
    ModelBundle bundle = ModelBundle.load(model.toString(), new Configuration());

    String lost = "\\u0004\\u0004";
    JobConfig config =
        config(
            "lacking",
            List.of(
                "{\"id\": \"none\", \"prompt\": \"%s\"}".formatted(lost),
                "{\"id\": \"some\", \"prompt\": \"a%s\"}".formatted(lost)));
    ScoreOptions rolling = new ScoreOptions(Kind.ROLLING, "choices", "continuation", " ");
    BatchInference.run(SharedSpark.session(), config, bundle, Scoring.of(rolling));
    Map<String, Row> rows = Jobs.rows(SharedSpark.session(), config);
    assertThat(rows).containsOnlyKeys("none", "some");
    assertThat(Jobs.errorCode(rows.get("none"))).isEqualTo("prompt_missing");
    assertThat(Jobs.errorMessage(rows.get("none"))).contains("no tokens");
    assertThat(rows.get("some").<Row>getAs("usage").<Integer>getAs("completion_tokens"))
        .isEqualTo(1);
  }

  @Test
  void longPromptsAreCutOrSkippedWhenAskedFor() throws IOException {
    List<String> lines =
        List.of(
            "{\"id\": \"long\", \"prompt\": \"%s\", \"choices\": [\"a\", \"b c\"]}"
                .formatted("one two three ".repeat(400)));
    for (PromptTooLong policy : List.of(PromptTooLong.SKIP, PromptTooLong.TRUNCATE_LEFT)) {
      JobConfig config = config(policy.word(), lines);
      Row row =
          run(
                  config.with(new RunOptions(null, null, 1, policy, false, false)),
                  ScoreOptions.DEFAULT)
              .get("long");
      assertThat(row.<String>getAs("status"))
          .isEqualTo(policy == PromptTooLong.SKIP ? "skipped" : "ok");
      assertThat(row.<Row>getAs("usage").<Integer>getAs("prompt_tokens")).isGreaterThan(1024);
    }
  }
}
