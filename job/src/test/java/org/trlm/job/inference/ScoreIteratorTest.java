package org.trlm.job.inference;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.apache.spark.TaskContext$;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.engine.Engine;
import org.trlm.engine.EngineConfig;
import org.trlm.engine.FailingEngines;
import org.trlm.job.JobConfig;
import org.trlm.job.Jobs;
import org.trlm.job.SharedSpark;
import org.trlm.job.input.ChoiceReader;
import org.trlm.job.input.PromptEncoder;
import org.trlm.job.input.PromptTable;
import org.trlm.job.input.ScoreOptions;
import org.trlm.job.output.ResponseSchema;
import org.trlm.job.output.ScoreSchema;
import org.trlm.job.progress.RunCounters;

/** Scoring the rows of one partition, without a Spark job around them. */
class ScoreIteratorTest {
  private static final EngineConfig LIMITS = new EngineConfig(1024, 8, 256, 128);
  private static final String LINE =
      "{\"id\": \"%s\", \"prompt\": \"Find the sum of %d and 140.\", \"choices\": [\"1\", \"2\", \"3\", \"4\", \"5\", \"6\"]}";

  @TempDir Path scratch;
  private JobConfig config;
  private RunCounters counters;
  private LoadedModel model;
  private PromptTable table;
  private List<Row> rows;

  @BeforeEach
  void readRows() throws IOException {
    Path input =
        Files.write(
            scratch.resolve("rows.jsonl"), List.of(LINE.formatted("a", 1), LINE.formatted("b", 2)));
    config = Jobs.config(input, Path.of("unused"));
    counters = new RunCounters(SharedSpark.session().sparkContext());
    model = ModelHolder.model(Jobs.tinyModel(), config, counters);
    table = PromptTable.open(SharedSpark.session(), config.input());
    rows = RowKeys.addTo(table).orderBy("id").collectAsList();
  }

  private List<Row> scores(List<Row> input, Function<EngineConfig, Engine> engines) {
    return scores(input, engines, PromptEncoder.of(config.model(), Jobs.tinyModel()));
  }

  private List<Row> scores(
      List<Row> input, Function<EngineConfig, Engine> engines, PromptEncoder encoder) {
    ChoiceReader choices = ChoiceReader.of(table, ScoreOptions.DEFAULT);
    ScoreSettings settings =
        new ScoreSettings(
            config,
            ScoreOptions.DEFAULT,
            table.reader(),
            choices,
            new ScoreSchema(table.columns()),
            new ScoreKeys(ScoreOptions.DEFAULT, choices, "", "fingerprint"),
            -1);
    ScoreIterator scores =
        new ScoreIterator(
            input.iterator(),
            engines,
            LIMITS,
            new ScoreAdmission(settings, encoder, LIMITS.maxModelLen()),
            settings,
            new ResponseSchema.Common("tiny", "fingerprint", "run", "here"),
            counters,
            TaskContext$.MODULE$.empty());
    List<Row> found = new ArrayList<>();
    scores.forEachRemaining(found::add);
    assertThat(scores.isOpen()).isFalse();
    return found;
  }

  private Engine engine(EngineConfig limits) {
    return new Engine(
        model.weights(), limits, model.tokenText().matched(), model.endOfTurnTokenIds());
  }

  /** The values of choice_scores, which stand after the input's columns and four ids. */
  private static Row[] choiceScores(Row row) {
    return (Row[]) row.get(3 + 4);
  }

  @Test
  void aPromptIsComputedOnceForAllItsChoices() {
    List<Engine> engines = new ArrayList<>();
    List<Row> found =
        scores(
            rows.subList(0, 1),
            limits -> {
              engines.add(engine(limits));
              return engines.get(0);
            });
    Row[] scores = choiceScores(found.get(0));
    assertThat(scores).hasSize(6);
    int tokens = 0;
    for (Row score : scores) {
      tokens += score.getInt(2);
    }
    int prompt =
        Jobs.tinyModel()
            .tokenizer()
            .encode(
                "<|im_start|>system\nYou are a tiny reasoning assistant. Think step by step inside <think> </think>, then answer.<|im_end|>\n<|im_start|>user\nFind the sum of 1 and 140.<|im_end|>\n<|im_start|>assistant\n")
            .length;
    assertThat(engines).hasSize(1);
    assertThat(engines.get(0).promptTokensComputed())
        .as("tokens computed for a prompt of %d and choices of %d", prompt, tokens)
        .isLessThan(2L * prompt + tokens);
    engines.get(0).checkIntegrity();
  }

  @Test
  void aFailingStepCostsNoRowThatCanBeScoredAlone() {
    List<Row> expected = scores(rows, this::engine);
    List<Engine> engines = new ArrayList<>();
    List<Row> found =
        scores(
            rows,
            limits -> {
              engines.add(engines.isEmpty() ? failing() : engine(limits));
              return engines.get(engines.size() - 1);
            });
    assertThat(engines).hasSizeGreaterThan(1);
    assertThat(found).hasSize(2);
    for (int i = 0; i < 2; i++) {
      assertThat(choiceScores(found.get(i))).containsExactly(choiceScores(expected.get(i)));
    }
  }

  @Test
  void aRowThatCannotBeRenderedForNoKnownReasonIsAnErrorRow() {
    Map<String, Object> broken =
        new AbstractMap<>() {
          @Override
          public Set<Entry<String, Object>> entrySet() {
            throw new IllegalStateException("nobody foresaw this");
          }
        };
    PromptEncoder failing =
        PromptEncoder.ofChat(
            Jobs.tinyModel().tokenizer(),
            Jobs.tinyModel().chatTemplate(),
            Map.of("broken", broken),
            null);
    List<Row> found = scores(rows, this::engine, failing);
    assertThat(found).hasSize(2);
    assertThat(found).allMatch(row -> row.mkString().contains("template_failed"));
    assertThat(found).allMatch(row -> row.mkString().contains("nobody foresaw this"));
  }

  /** Fails on the end of a turn, which every prompt holds. */
  private Engine failing() {
    return FailingEngines.failingOn(
        2, model.weights(), LIMITS, model.tokenText().matched(), model.endOfTurnTokenIds());
  }
}
