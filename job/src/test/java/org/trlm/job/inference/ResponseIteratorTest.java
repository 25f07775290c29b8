package org.trlm.job.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import org.apache.spark.TaskContext$;
import org.apache.spark.TaskContextImpl;
import org.apache.spark.TaskKilledException;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.trlm.engine.Engine;
import org.trlm.engine.EngineConfig;
import org.trlm.engine.FailingEngines;
import org.trlm.job.JobConfig;
import org.trlm.job.Jobs;
import org.trlm.job.SharedSpark;
import org.trlm.job.input.PromptEncoder;
import org.trlm.job.input.PromptTable;
import org.trlm.job.input.SamplingResolver;
import org.trlm.job.output.ResponseSchema;
import org.trlm.job.progress.RunCounters;

/** The rows of one partition, without a Spark job around them. */
class ResponseIteratorTest {
  private static final int SLOTS = 2;
  private static final EngineConfig LIMITS = new EngineConfig(1024, SLOTS, 256, 128);

  private final TaskContextImpl task = TaskContext$.MODULE$.empty();
  private JobConfig config;
  private RunCounters counters;
  private LoadedModel model;
  private PromptTable table;
  private List<Row> rows;
  private int pulled;
  private ResponseSchema schema;

  @BeforeEach
  void readRows() {
    config = Jobs.config(Jobs.PROMPTS, Path.of("unused"));
    counters = new RunCounters(SharedSpark.session().sparkContext());
    model = ModelHolder.model(Jobs.tinyModel(), config, counters);
    table = PromptTable.open(SharedSpark.session(), config.input());
    schema = new ResponseSchema(table.columns(), table.meaning().consumed());
    rows = RowKeys.addTo(table).orderBy("id").limit(24).collectAsList();
  }

  private ResponseIterator responses(Function<EngineConfig, Engine> engines) {
    Iterator<Row> counting =
        new Iterator<>() {
          @Override
          public boolean hasNext() {
            return pulled < rows.size();
          }

          @Override
          public Row next() {
            return rows.get(pulled++);
          }
        };
    InferenceSettings settings =
        new InferenceSettings(
            "run",
            config,
            table.reader(),
            new SamplingResolver(
                config.sampling(),
                Jobs.tinyModel().generationDefaults(),
                model.config().vocabSize()),
            schema,
            "",
            1);
    PromptEncoder encoder = PromptEncoder.of(config.model(), Jobs.tinyModel());
    return new ResponseIterator(
        counting,
        engines,
        LIMITS,
        new RowAdmission(settings, encoder, model, "fingerprint", LIMITS.maxModelLen()),
        new ResponseAssembler(model.tokenText(), model.reasoning(), true),
        settings,
        new ResponseSchema.Common("tiny", "fingerprint", "run", "here"),
        counters,
        task);
  }

  private Engine engine(EngineConfig limits) {
    return new Engine(
        model.weights(), limits, model.tokenText().matched(), model.endOfTurnTokenIds());
  }

  @Test
  void aFullHeapFailsTheTaskAndNotItsJvm() {
    ResponseIterator responses =
        responses(
            limits -> {
              throw new OutOfMemoryError("Java heap space");
            });
    assertThatThrownBy(responses::hasNext)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("is too small for what its tasks hold (Java heap space)")
        .hasMessageContaining("--executor-memory")
        // Spark would end the JVM for an error among the causes
        .hasNoCause();
    assertThat(responses.isOpen()).isFalse();
  }

  @Test
  void rowsAreReadAsTheEngineNeedsThem() {
    ResponseIterator responses = responses(this::engine);
    assertThat(pulled).isZero();
    int taken = 0;
    while (responses.hasNext()) {
      responses.next();
      taken++;
      // in the engine, or finished in the same step and not yet taken
      assertThat(pulled - taken).isLessThanOrEqualTo(3 * SLOTS + SLOTS);
      if (taken == 1) {
        assertThat(pulled).isLessThanOrEqualTo(3 * SLOTS + SLOTS).isLessThan(rows.size());
      }
    }
    assertThat(taken).isEqualTo(rows.size());
    assertThat(responses.isOpen()).isFalse();
  }

  @Test
  void anEngineHasNoMoreCacheThanItsRowsCanUse() {
    List<EngineConfig> made = new ArrayList<>();
    Function<EngineConfig, Engine> engines =
        limits -> {
          made.add(limits);
          return engine(limits);
        };
    List<Row> expected = all(responses(engines));
    rows = rows.subList(0, 2);
    pulled = 0;
    List<Row> found = all(responses(engines));
    assertThat(made).hasSize(2);
    assertThat(made.get(0)).isEqualTo(LIMITS);
    assertThat(made.get(1).numKvBlocks()).isBetween(2, LIMITS.numKvBlocks() - 1);
    assertThat(texts(expected)).containsAll(texts(found)).hasSizeGreaterThan(found.size());
  }

  private List<String> texts(List<Row> responses) {
    return responses.stream()
        .map(row -> row.get(index("custom_id")) + ": " + row.get(index("generated_text")))
        .toList();
  }

  @Test
  void aKilledTaskStopsBetweenTwoStepsAndFreesItsEngine() {
    ResponseIterator responses = responses(this::engine);
    responses.next();
    assertThat(responses.isOpen()).isTrue();
    task.markInterrupted("killed by a test");
    assertThatThrownBy(
            () -> {
              while (responses.hasNext()) {
                responses.next();
              }
            })
        .isInstanceOf(TaskKilledException.class);
    assertThat(responses.isOpen()).isFalse();
    assertThat(pulled).isLessThan(rows.size());
  }

  @Test
  void aRowThatBreaksTheEnginePaysAlone() {
    PromptEncoder encoder = PromptEncoder.of(config.model(), Jobs.tinyModel());
    List<Row> expected = all(responses(this::engine));
    assertThat(counters.counts().generatedTokens()).isEqualTo(completionTokens(expected));
    counters = new RunCounters(SharedSpark.session().sparkContext());
    int poison = tokenOfOnePromptAlone(encoder);
    pulled = 0;
    List<Row> found =
        all(
            responses(
                limits ->
                    FailingEngines.failingOn(
                        poison,
                        model.weights(),
                        limits,
                        model.tokenText().matched(),
                        model.endOfTurnTokenIds())));
    assertThat(found).hasSameSizeAs(expected);
    int failed = 0;
    for (Row row : found) {
      Row error = row.getAs(index("error"));
      if (error == null) {
        Row twin =
            expected.stream()
                .filter(other -> other.get(index("custom_id")).equals(row.get(index("custom_id"))))
                .findFirst()
                .orElseThrow();
        assertThat(row.getString(index("generated_text")))
            .isEqualTo(twin.getString(index("generated_text")));
      } else {
        failed++;
        assertThat(error.getString(0)).isEqualTo("engine_failed");
        assertThat(error.getString(1)).contains("poisoned by token " + poison);
      }
    }
    // the answers of other rows may use the token as well
    assertThat(failed).isBetween(1, rows.size() - 1);
    assertThat(counters.counts().generatedTokens()).isEqualTo(completionTokens(found));
  }

  /** Tokens of the rows that have an answer. */
  private long completionTokens(List<Row> responses) {
    long tokens = 0;
    for (Row row : responses) {
      if (row.get(index("error")) == null) {
        tokens += row.<Row>getAs(index("usage")).getInt(1);
      }
    }
    return tokens;
  }

  private static List<Row> all(ResponseIterator responses) {
    List<Row> all = new ArrayList<>();
    responses.forEachRemaining(all::add);
    return all;
  }

  private int index(String column) {
    return schema.columns().fieldIndex(column);
  }

  /** A token that the fewest prompts hold. */
  private int tokenOfOnePromptAlone(PromptEncoder encoder) {
    int[] prompts = new int[model.config().vocabSize()];
    for (Row row : rows) {
      try {
        java.util.Arrays.stream(encoder.encode(table.reader().read(row)).tokenIds())
            .distinct()
            .forEach(token -> prompts[token]++);
      } catch (org.trlm.job.input.RowRefusedException e) {
        throw new AssertionError(e);
      }
    }
    for (int token = 0; token < prompts.length; token++) {
      if (prompts[token] == 1) {
        return token;
      }
    }
    throw new AssertionError("every token is in several prompts");
  }
}
