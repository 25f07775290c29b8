package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Large inputs through the packaged jar in a small heap. */
@Tag("real-model")
class LimitsIT {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final int ROWS = 40_000;

  /** The others are error rows: they take every way but that through the engine. */
  private static final int ROWS_PER_ANSWER = 50;

  @TempDir Path directory;

  private CommandRun run(String... words) throws IOException {
    ProcessBuilder command = new ProcessBuilder(words);
    command.directory(directory.toFile());
    command.environment().put("TRLM_DRIVER_MEMORY", "600m");
    command.environment().put("JAVA_HOME", System.getProperty("java.home"));
    return CommandRun.run(command, Duration.ofMinutes(30), directory);
  }

  @Test
  void fortyThousandRowsPassThroughASmallHeap() throws IOException {
    Path input = directory.resolve("rows.jsonl");
    try (BufferedWriter out = Files.newBufferedWriter(input)) {
      for (int i = 0; i < ROWS; i++) {
        String prompt = i % ROWS_PER_ANSWER == 0 ? "Add " + i + " and 2." : " ";
        out.write("{\"id\":" + i + ",\"prompt\":\"" + prompt + "\"}\n");
      }
    }
    CommandRun run =
        run(
            ROOT.resolve("submit/local.sh").toString(),
            "generate",
            "--master=local[2]",
            "--model=" + Jobs.TINY_MODEL,
            "--input=" + input,
            "--output=" + directory.resolve("out"),
            "--max-tokens=1",
            "--max-num-seqs=32",
            "--rows-per-wave=20000",
            "--kv-cache-memory=16m");
    assertThat(run.exitCode()).as(run.printed()).isZero();
    assertThat(run.err()).contains("prompt_missing " + (ROWS - ROWS / ROWS_PER_ANSWER));
    Dataset<Row> rows = SharedSpark.session().read().parquet(directory.resolve("out").toString());
    assertThat(rows.count()).isEqualTo(ROWS);
    assertThat(rows.select("request_id").distinct().count()).isEqualTo(ROWS);
    assertThat(rows.filter("status = 'ok'").count()).isEqualTo(ROWS / ROWS_PER_ANSWER);
  }

  /** More than the heap: members of gzip may follow each other. */
  @Test
  void aLineLargerThanTheHeapIsOneErrorRow() throws IOException {
    byte[] filling = new byte[64 << 20];
    Arrays.fill(filling, (byte) 'x');
    byte[] packed = gzip(filling);
    Path input = directory.resolve("bomb.jsonl.gz");
    try (OutputStream out = Files.newOutputStream(input)) {
      out.write(gzip("{\"id\":\"a\",\"prompt\":\"Add 1 and 2.\"}\n{\"id\":\"b\",\"prompt\":\""));
      for (int i = 0; i < 20; i++) {
        out.write(packed);
      }
      out.write(gzip("\"}\n{\"id\":\"c\",\"prompt\":\"Add 3 and 4.\"}\n"));
    }
    CommandRun run =
        run(
            ROOT.resolve("submit/local.sh").toString(),
            "generate",
            "--master=local[2]",
            "--model=" + Jobs.TINY_MODEL,
            "--input=" + input,
            "--output=" + directory.resolve("out"),
            "--max-tokens=1",
            "--max-num-seqs=8",
            "--kv-cache-memory=16m");
    assertThat(run.exitCode()).as(run.printed()).isZero();
    Dataset<Row> rows = SharedSpark.session().read().parquet(directory.resolve("out").toString());
    assertThat(rows.filter("status = 'ok'").select("custom_id").collectAsList())
        .extracting(row -> row.getString(0))
        .containsExactlyInAnyOrder("a", "c");
    assertThat(
            rows.filter("status = 'error'").select("error.code", "error.message").collectAsList())
        .singleElement()
        .satisfies(
            error -> {
              assertThat(error.getString(0)).isEqualTo("input_malformed");
              assertThat(error.getString(1)).contains("bomb.jsonl.gz: a line is 1342177302 bytes");
            });
  }

  private static byte[] gzip(String text) throws IOException {
    return gzip(text.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(bytes);
    }
    return packed.toByteArray();
  }
}
