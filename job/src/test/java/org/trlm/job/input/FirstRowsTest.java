package org.trlm.job.input;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.SharedSpark;

/** A limit takes the same rows, however many cores cut the files into parts. */
class FirstRowsTest {
  private static final int ROWS_OF_LONG = 130;
  private static final int ROWS_OF_SHORT = 120;

  @TempDir Path directory;

  private void write(String name, int rows) throws IOException {
    Files.write(
        directory.resolve(name),
        IntStream.range(0, rows)
            .mapToObj(row -> "{\"id\":\"%s-%03d\",\"prompt\":\"one\"}".formatted(name, row))
            .toList());
  }

  private static InputOptions options(Path directory, long limit) {
    return new InputOptions(
        List.of(directory.toUri().toString()),
        null,
        "prompt",
        "messages",
        "id",
        null,
        List.of(),
        limit);
  }

  /** The ids that a run on so many cores reads, in the order in which it does. */
  private List<String> ids(int cores, long limit) {
    SparkSession spark = SharedSpark.session().newSession();
    // parts of a file as small as many cores make them of a large one
    spark.conf().set("spark.sql.files.openCostInBytes", "1");
    spark.conf().set("spark.sql.files.minPartitionNum", cores);
    List<String> ids = new ArrayList<>();
    PromptTable table = PromptTable.open(spark, options(directory, limit));
    for (Row row : table.rows().collectAsList()) {
      ids.add(table.reader().read(row).customId());
    }
    assertThat(spark.conf().get("spark.sql.files.minPartitionNum")).isEqualTo("" + cores);
    return ids;
  }

  @Test
  void theRowsAreTheSameOnAnyNumberOfCores() throws IOException {
    write("long.jsonl", ROWS_OF_LONG);
    write("short.jsonl", ROWS_OF_SHORT);
    for (int limit : List.of(1, ROWS_OF_LONG, ROWS_OF_LONG + 5)) {
      List<String> alone = ids(1, limit);
      assertThat(alone).hasSize(limit).doesNotHaveDuplicates();
      assertThat(alone.subList(0, Math.min(limit, ROWS_OF_LONG)))
          .allMatch(id -> id.startsWith("long"));
      assertThat(ids(2, limit)).as("limit %d", limit).isEqualTo(alone);
      assertThat(ids(9, limit)).as("limit %d", limit).isEqualTo(alone);
    }
  }

  @Test
  void aLimitAboveTheRowsTakesThemAll() throws IOException {
    write("long.jsonl", ROWS_OF_LONG);
    assertThat(ids(9, Long.MAX_VALUE)).hasSize(ROWS_OF_LONG);
    Files.write(directory.resolve("long.jsonl"), new byte[0]);
    assertThat(ids(2, 3)).isEmpty();
  }

  @Test
  void theRowsComeFromSeveralPartsWhereTheyAre() {
    SparkSession spark = SharedSpark.session();
    List<Row> rows = FirstRows.of(spark, spark.range(0, 100, 1, 10).toDF("id"), 25).collectAsList();
    assertThat(rows)
        .extracting(row -> row.getLong(0))
        .isEqualTo(LongStream.range(0, 25).boxed().toList());
  }
}
