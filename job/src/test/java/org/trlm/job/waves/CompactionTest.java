package org.trlm.job.waves;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.trlm.job.JobConfig.Format;
import org.trlm.job.SharedSpark;
import org.trlm.job.output.WaveFormat;

/** Waves put into one, with a crash after each step. */
class CompactionTest {
  private static final String RUN = "20260101T000000Z-00000001";
  private static final String LATER = "20260102T000000Z-00000002";
  private static final String LATEST = "20260103T000000Z-00000003";
  private static final List<String> ROWS = List.of("r0 wave 0", "r1 wave 1", "r2 wave 2");

  @TempDir static Path three;
  @TempDir Path scratch;
  private Path directory;
  private OutputFiles output;

  private static SparkSession spark() {
    return SharedSpark.session();
  }

  /** Three waves of a row each. */
  @BeforeAll
  static void waves() throws IOException {
    OutputFiles output = OutputFiles.of(three.toUri().toString(), new Configuration());
    output.writeState(
        OutputConfiguration.FILE, OutputConfiguration.of("parquet", Map.of("max_tokens", 6)));
    for (int wave = 0; wave < ROWS.size(); wave++) {
      WaveName name = new WaveName(RUN, wave);
      WaveFormat.of(Format.PARQUET)
          .write(
              spark()
                  .sql(
                      "select concat('c', id) custom_id, concat('k', id) row_key, concat('r', id)"
                          + " request_id, 0 sample_index, 'ok' status, 'stop' finish_reason,"
                          + " 'wave %d' generated_text from range(%d, %d)"
                              .formatted(wave, wave, wave + 1))
                  .coalesce(1),
              output.writtenTo(name));
      output.publish(name);
    }
  }

  @BeforeEach
  void copy() throws IOException {
    directory = scratch.resolve("out");
    try (Stream<Path> paths = Files.walk(three)) {
      for (Path path : paths.toList()) {
        Files.copy(path, directory.resolve(three.relativize(path)));
      }
    }
    output = OutputFiles.of(directory.toUri().toString(), new Configuration());
  }

  private List<String> visible() {
    List<String> rows = new ArrayList<>();
    for (Row row : spark().read().parquet(directory.toString()).collectAsList()) {
      rows.add(row.<String>getAs("request_id") + " " + row.<String>getAs("generated_text"));
    }
    rows.sort(null);
    return rows;
  }

  private int compact(String runId, WaveExchange.Step step) throws IOException {
    try (WaveOutput opened =
        WaveOutput.openWritten(spark().newSession(), directory.toUri().toString(), runId)) {
      return opened.compact(step);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6})
  void aCrashAfterEachStepLosesNoRow(int crash) throws IOException {
    assertThatThrownBy(
            () ->
                compact(
                    LATER,
                    step -> {
                      if (step == crash) {
                        throw new IOException("crash after step " + step);
                      }
                    }))
        .hasMessage("crash after step " + crash);
    assertThat(visible()).as("what readers see before anybody mends it").containsAll(ROWS);

    assertThat(compact(LATEST, WaveExchange.Step.NONE)).isEqualTo(crash < 3 ? 3 : 1);
    assertThat(visible()).isEqualTo(ROWS);
    assertThat(output.waves())
        .containsExactly(new WaveName(crash < 3 ? LATEST : LATER, 0).committed());
    assertThat(output.stateNames("exchange")).isEmpty();
    assertThat(output.names()).noneMatch(name -> name.startsWith(WaveName.OPEN));
  }

  @Test
  void aWaveThatIsNotWholeIsLeftOut() throws IOException {
    output.delete(new WaveName(RUN, 1).committed() + "/" + "_SUCCESS");
    assertThat(compact(LATER, WaveExchange.Step.NONE)).isEqualTo(2);
    assertThat(visible()).containsExactly(ROWS.get(0), ROWS.get(2));
  }
}
