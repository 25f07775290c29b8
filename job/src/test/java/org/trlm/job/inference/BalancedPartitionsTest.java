package org.trlm.job.inference;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobConfig.SamplingOptions;
import org.trlm.job.SharedSpark;
import org.trlm.job.input.PromptRow;
import org.trlm.job.input.PromptTable;
import org.trlm.job.input.SamplingResolver;
import org.trlm.job.model.GenerationDefaults;

/** Rows of very different lengths, dealt to partitions. */
class BalancedPartitionsTest {
  private static final int ROWS = 400;
  private static final int PARTITIONS = 8;
  private static final int EQUAL_ROWS = 24;
  private static final ExpectedTokens EXPECTED =
      new GenerationTokens(
          new SamplingResolver(SamplingOptions.of(new TreeMap<>()), GenerationDefaults.NONE, 1000),
          4096);

  @TempDir Path scratch;
  private final List<String> lines = new ArrayList<>();
  private PromptTable table;

  /** A few long rows among many short ones, in an order of their own; some say the same. */
  @BeforeEach
  void write() {
    long seed = System.nanoTime();
    System.out.println("lengths of rows with seed " + seed);
    Random random = new Random(seed);
    for (int i = 0; i < ROWS; i++) {
      boolean equal = i < EQUAL_ROWS;
      int words = equal ? 50 : random.nextInt(100);
      int maxTokens = equal ? 90 : i % 10 == 0 ? 900 + random.nextInt(300) : 1 + random.nextInt(40);
      lines.add(
          "{\"id\": \"%d\", \"prompt\": \"%s\", \"max_tokens\": %d}"
              .formatted(i, "word ".repeat(words) + (equal ? "" : i), maxTokens));
    }
    Collections.shuffle(lines, random);
  }

  @Test
  void partitionsTakeEquallyManyTokens() throws IOException {
    List<List<Row>> dealt = dealt(lines, PARTITIONS);
    assertThat(dealt.stream().flatMap(List::stream).map(row -> prompt(row).customId()))
        .containsExactlyInAnyOrderElementsOf(
            IntStream.range(0, ROWS).mapToObj(Integer::toString).toList());
    List<Long> tokens =
        dealt.stream().map(rows -> rows.stream().mapToLong(this::tokens).sum()).toList();
    double mean = tokens.stream().mapToLong(Long::longValue).average().orElseThrow();
    assertThat(tokens).allSatisfy(sum -> assertThat(sum / mean).isBetween(0.99, 1.01));
  }

  @Test
  void thoseThatTakeMostComeFirst() throws IOException {
    for (int partitions : new int[] {1, PARTITIONS}) {
      for (List<Row> rows : dealt(lines, partitions)) {
        assertThat(rows.stream().map(this::tokens)).isSortedAccordingTo(Collections.reverseOrder());
      }
    }
  }

  @Test
  void rowsThatSayTheSameGoTogetherSomeAtATime() {
    List<Row> same = Collections.nCopies(EQUAL_ROWS, RowFactory.create(RowFactory.create(90L, 7)));
    List<Integer> partitions = new ArrayList<>();
    StructType expected =
        new StructType().add("tokens", DataTypes.LongType).add("said", DataTypes.IntegerType);
    StructType columns = new StructType().add("expected", expected);
    new Dealer(BalancedPartitions.layout(columns), 0, PARTITIONS, 6)
        .call(same.iterator())
        .forEachRemaining(row -> partitions.add(row.getInt(1)));
    List<Integer> sixEach = new ArrayList<>();
    IntStream.range(0, EQUAL_ROWS / 6).forEach(i -> sixEach.addAll(Collections.nCopies(6, i)));
    assertThat(partitions).isEqualTo(sixEach);
  }

  @Test
  void theOrderOfTheInputMovesNoRow() throws IOException {
    List<List<String>> before = ids(dealt(lines, PARTITIONS));
    Collections.shuffle(lines, new Random(lines.hashCode()));
    assertThat(ids(dealt(lines, PARTITIONS))).isEqualTo(before);
  }

  private List<List<String>> ids(List<List<Row>> dealt) {
    return dealt.stream()
        .map(rows -> rows.stream().map(row -> prompt(row).customId()).toList())
        .toList();
  }

  private List<List<Row>> dealt(List<String> lines, int partitions) throws IOException {
    Path input = Files.write(scratch.resolve("input.jsonl"), lines);
    table =
        PromptTable.open(
            SharedSpark.session(),
            new InputOptions(
                List.of(input.toUri().toString()),
                null,
                "prompt",
                "messages",
                "id",
                null,
                List.of("max_tokens"),
                null));
    Dataset<Row> rows =
        BalancedPartitions.of(
            RowKeys.addTo(table), table.reader(), EXPECTED, lines.size(), partitions);
    assertThat(rows.rdd().getNumPartitions()).isEqualTo(partitions);
    return rows.javaRDD().glom().collect();
  }

  private PromptRow prompt(Row row) {
    return table.reader().read(row);
  }

  private long tokens(Row row) {
    return EXPECTED.of(row, prompt(row));
  }
}
