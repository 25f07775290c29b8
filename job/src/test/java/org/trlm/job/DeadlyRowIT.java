package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.job.faults.Fault;
import org.trlm.job.faults.FaultyFileSystem;
import org.trlm.job.faults.FullHeap;
import org.trlm.job.inference.ExpectedTokens;
import org.trlm.job.inference.Generation;
import org.trlm.job.inference.RequestKeys;
import org.trlm.job.inference.Workload;
import org.trlm.job.model.ModelBundle;

/** Executors that die again and again: the run ends, and says of what. */
@Tag("real-model")
class DeadlyRowIT {
  private static final int ROWS = 12;
  private static final int MOST_MINUTES = 10;
  private static final String DEADLY = "row-7";
  private static final LocalClusterRun.Task TASK = new LocalClusterRun.Task(1, 4, ROWS);

  /** As many as Spark allows by default. */
  private static final String FEW_FAILURES = "-D" + LocalClusterRun.TASK_FAILURES + "=4";

  @TempDir Path scratch;
  private Path input;
  private Path output;

  @BeforeEach
  void writeRows() throws IOException {
    input = scratch.resolve("rows.jsonl");
    output = scratch.resolve("out");
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      lines.add("{\"id\": \"row-%d\", \"prompt\": \"Add %d.\"}".formatted(i, i));
    }
    Files.write(input, lines);
  }

  @Test
  void aRowThatEndsItsExecutorEachTimeIsNamed() throws Exception {
    String log =
        failed(
            LocalClusterRun.start(
                List.of(FEW_FAILURES),
                Driver.class,
                List.of(input.toString(), output.toString()),
                System.getProperty("java.class.path"),
                scratch));
    assertThat(log)
        .containsPattern(
            // a neighbour that was in the same engine each time is named beside it
            "Executors died with these rows in their engines; look at them first, or leave them out: .*"
                + DEADLY
                + " \\(request_id [0-9a-f]{64}\\)");

    // left out, it costs the others nothing
    Files.write(
        input, Files.readAllLines(input).stream().filter(line -> !line.contains(DEADLY)).toList());
    BatchInference.run(
        SharedSpark.session(), TASK.config(input, output.toString()), Jobs.tinyModel());
    assertThat(Jobs.rows(SharedSpark.session(), Jobs.config(input, output)))
        .hasSize(ROWS - 1)
        .allSatisfy((id, row) -> assertThat(row.<String>getAs("status")).isEqualTo("ok"));
    SameAnswers.checkNothingLeft(output);
  }

  /** Spark names what its tasks miss in the end: rows that were dealt and went with an executor. */
  @Test
  void heapsThatAreFullEachTimeAreNamed() throws Exception {
    String log =
        failed(
            LocalClusterRun.start(
                input,
                FaultyFileSystem.path(output),
                TASK,
                scratch,
                new LocalClusterRun.JvmOptions(
                    List.of(FEW_FAILURES),
                    List.of(Fault.option(FullHeap.class, scratch, Integer.MAX_VALUE)))));
    String reason =
        "was full (exit code 52). Give executors more memory with --executor-memory (it is 1024m)";
    assertThat(log).contains(reason).contains("give the same command again to go on");
    JsonNode manifest = Manifests.only(output);
    assertThat(manifest.get("status").asText()).isEqualTo("failed");
    assertThat(manifest.get("error").asText()).contains(reason);
  }

  /** What a driver printed that ended with exit code 1. */
  private String failed(Process driver) throws Exception {
    try {
      assertThat(driver.waitFor(MOST_MINUTES, TimeUnit.MINUTES)).as("the driver ended").isTrue();
    } finally {
      driver.descendants().forEach(ProcessHandle::destroyForcibly);
      driver.destroyForcibly();
    }
    Path log = LocalClusterRun.log(scratch);
    assertThat(driver.exitValue()).as(CommandRun.tail(log)).isEqualTo(1);
    return Files.readString(log);
  }

  /** A driver with a row that takes the JVM with it as soon as an engine has it. */
  static final class Driver {
    private Driver() {}

    /**
     * @param arguments input file and output
     */
    public static void main(String[] arguments) {
      SparkSession session = LocalClusterRun.session();
      try {
        BatchInference.run(
            session,
            TASK.config(Path.of(arguments[0]), arguments[1]),
            Jobs.tinyModel(),
            (table, run) -> new DeadlyGeneration(Generation.of(table, run)));
      } finally {
        session.stop();
      }
    }
  }

  /** {@link Generation} but for one row. */
  private record DeadlyGeneration(Workload generation) implements Workload {
    @Override
    public String command() {
      return generation.command();
    }

    @Override
    public StructType columns() {
      return generation.columns();
    }

    @Override
    public List<String> warnings() {
      return generation.warnings();
    }

    @Override
    public Map<String, Object> parameters() {
      return generation.parameters();
    }

    @Override
    public Map<String, Object> keyParameters() {
      return generation.keyParameters();
    }

    @Override
    public RequestKeys requestKeys() {
      return generation.requestKeys();
    }

    @Override
    public ExpectedTokens expectedTokens() {
      return generation.expectedTokens();
    }

    @Override
    public MapPartitionsFunction<Row, Row> tasks(Broadcast<ModelBundle> model) {
      MapPartitionsFunction<Row, Row> tasks = generation.tasks(model);
      return rows -> tasks.call(new UntilDeath(rows));
    }
  }

  /** Ends the JVM when it is asked for what follows the deadly row. */
  private static final class UntilDeath implements Iterator<Row> {
    private final Iterator<Row> rows;
    private boolean deadly;

    UntilDeath(Iterator<Row> rows) {
      this.rows = rows;
    }

    @Override
    public boolean hasNext() {
      if (deadly) {
        Runtime.getRuntime().halt(1);
      }
      return rows.hasNext();
    }

    @Override
    public Row next() {
      Row row = rows.next();
      deadly = row.<String>getAs("id").equals(DEADLY);
      return row;
    }
  }
}
