package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.job.faults.DeletedFile;
import org.trlm.job.faults.Fault;
import org.trlm.job.faults.FaultyFileSystem;

/** Input files that were changed, that nobody may read, or that are gone when they are read. */
class LostInputTest {
  private static final int ROWS = 12;

  @TempDir Path scratch;

  @AfterEach
  void mendTheDisk() {
    FaultyFileSystem.set(Fault.NONE);
  }

  @Test
  void aChangedByteOfAPageIsFoundByItsChecksum() throws IOException {
    Path input = scratch.resolve("prompts.parquet");
    SharedSpark.session()
        .range(ROWS)
        .selectExpr("string(id) as id", "concat('What is the colour of box ', id, '?') as prompt")
        .coalesce(1)
        .write()
        .option("compression", "none")
        .parquet(input.toString());
    Path file = onlyPart(input);
    byte[] bytes = Files.readAllBytes(file);
    int changed = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("box 7?") + 4;
    assertThat(changed).as("where the prompt is stored as it is").isGreaterThan(4);
    bytes[changed] = '9';
    Files.write(file, bytes);
    // the local file system's own checksums; others have none
    Files.delete(file.resolveSibling("." + file.getFileName() + ".crc"));

    Path output = scratch.resolve("changed");
    Cli run = generate(input, output);
    assertThat(run.exitCode()).as(run.err()).isEqualTo(1);
    assertThat(run.err()).startsWith("Failed: ").contains("CRC", file.getFileName().toString());
    assertThat(output.resolve("_SUCCESS")).doesNotExist();

    // the same where the rows are staged for several waves, before any of them is answered
    Path staged = scratch.resolve("staged");
    Cli cut = generate(input, staged, "--rows-per-wave=4");
    assertThat(cut.exitCode()).as(cut.err()).isEqualTo(1);
    assertThat(cut.err())
        .startsWith("Failed: ")
        .contains("CRC", file.getFileName().toString(), "is unfinished")
        .doesNotContain("\tat ");
    for (Path failed : List.of(output, staged)) {
      JsonNode manifest = Manifests.only(failed);
      assertThat(manifest.get("status").asText()).isEqualTo("failed");
      assertThat(manifest.get("error").asText()).contains("CRC", file.getFileName().toString());
      assertThat(manifest.get("rows").get("input").asInt()).isEqualTo(ROWS);
      assertThat(manifest.get("rows").get("ok").asInt()).isZero();
    }
    assertThat(Manifests.only(staged).get("rows").get("done_before").isNull()).isTrue();
  }

  @Test
  void anEncryptedFileIsRefusedBeforeAnyWork() throws IOException {
    Path input = Files.createDirectories(scratch.resolve("encrypted"));
    Files.copy(Jobs.EXAMPLES.resolve("prompts.parquet"), input.resolve("good.parquet"));
    // starts and ends as files with an encrypted footer do; nothing more of it is read without keys
    Files.writeString(input.resolve("secret.parquet"), "PARE0123456789\u0008\0\0\0PARE");

    Path output = scratch.resolve("refused");
    Cli run = generate(input, output);
    assertThat(run.exitCode()).as(run.err()).isEqualTo(2);
    assertThat(run.err())
        .startsWith("Error: --input")
        .contains("secret.parquet", "encrypted")
        .doesNotContain("\tat ");
    assertThat(output).doesNotExist();
  }

  @Test
  void aFileThatIsDeletedMeanwhileEndsTheRunAndTheNextOneGoesOn() throws IOException {
    Path input = Files.createDirectories(scratch.resolve("in"));
    Files.write(input.resolve("first.jsonl"), lines(0, ROWS / 2));
    List<String> last = lines(ROWS / 2, ROWS);
    Path gone = Files.write(input.resolve("last.jsonl"), last);

    Path output = scratch.resolve("out");
    FaultyFileSystem.set(new DeletedFile(gone));
    Cli lost = generate(input, output);
    assertThat(gone).doesNotExist();
    assertThat(lost.exitCode()).as(lost.err()).isEqualTo(1);
    assertThat(lost.err()).startsWith("Failed: ").contains("last.jsonl").doesNotContain("\tat ");
    assertThat(output.resolve("_SUCCESS")).doesNotExist();

    FaultyFileSystem.set(Fault.NONE);
    Files.write(gone, last);
    Cli next = generate(input, output);
    assertThat(next.exitCode()).as(next.err()).isZero();
    List<Row> rows = SharedSpark.session().read().parquet(output.toString()).collectAsList();
    assertThat(rows).extracting(row -> row.getAs("custom_id")).doesNotHaveDuplicates();
    assertThat(rows).hasSize(ROWS).allMatch(row -> row.getAs("status").equals("ok"));
    SameAnswers.checkNothingLeft(output);
  }

  private static List<String> lines(int from, int to) {
    List<String> lines = new ArrayList<>();
    for (int i = from; i < to; i++) {
      lines.add("{\"id\": \"row-%d\", \"prompt\": \"Add %d.\"}".formatted(i, i));
    }
    return lines;
  }

  private static Path onlyPart(Path directory) throws IOException {
    try (Stream<Path> names = Files.list(directory)) {
      return names.filter(name -> name.toString().endsWith(".parquet")).findFirst().orElseThrow();
    }
  }

  private static Cli generate(Path input, Path output, String... more) {
    SharedSpark.session();
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "generate",
                "--model=" + Jobs.TINY_MODEL,
                "--input=" + input,
                "--output=" + FaultyFileSystem.path(output),
                "--max-num-seqs=8",
                "--kv-cache-memory=16m",
                "--max-tokens=2"));
    arguments.addAll(List.of(more));
    return Cli.run(arguments.toArray(String[]::new));
  }
}
