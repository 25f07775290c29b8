package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The output is never an input, and never overwritten. */
class OutputDirectoryTest {
  @TempDir Path directory;

  @Test
  void newAndEmptyDirectoriesAreFine() throws IOException {
    Path input = directory.resolve("in");
    assertThatCode(() -> check(directory.resolve("new"), input)).doesNotThrowAnyException();
    Path empty = Files.createDirectory(directory.resolve("empty"));
    assertThatCode(() -> check(empty, input)).doesNotThrowAnyException();
    assertThatCode(() -> check(directory.resolve("in-not"), input)).doesNotThrowAnyException();
  }

  @Test
  void inputsAreLeftAlone() {
    Path input = directory.resolve("in");
    assertRefused(input, input, "is the input itself");
    assertRefused(directory.resolve("x/../in"), input, "is the input itself");
    assertRefused(input.resolve("a/b"), input, "lies in the input");
    assertRefused(directory, input, "holds the input");
  }

  @Test
  void whatIsThereIsNotOverwritten() throws IOException {
    Path full = Files.createDirectory(directory.resolve("full"));
    Files.writeString(full.resolve("part-1"), "x");
    assertRefused(
        full,
        directory.resolve("in"),
        "already exists and is not empty (it holds part-1): choose another directory or"
            + " remove this one.");
    assertRefused(full.resolve("part-1"), directory.resolve("in"), "is a file");
    assertRefused(full.resolve("part-1/a/b"), directory.resolve("in"), "lies below the file");
  }

  @Test
  void theRunThatLeftItIsNamed() throws IOException {
    Path output = Files.createDirectory(directory.resolve("left"));
    Path runs = Files.createDirectory(output.resolve("_run"));
    Files.writeString(runs.resolve("20260131T000000Z-0a1b2c3d.json"), "{}");
    Files.writeString(runs.resolve(".20260131T000000Z-0a1b2c3d.json.crc"), "x");
    assertRefused(
        output,
        directory.resolve("in"),
        "it holds the unfinished run 20260131T000000Z-0a1b2c3d): choose another directory");
    Files.createFile(output.resolve("_SUCCESS"));
    assertRefused(
        output, directory.resolve("in"), "it holds the answers of run 20260131T000000Z-0a1b2c3d)");
  }

  private static void assertRefused(Path output, Path input, String message) {
    assertThatThrownBy(() -> check(output, input))
        .isInstanceOf(JobException.class)
        .hasMessageContaining(message);
  }

  private static void check(Path output, Path input) {
    OutputDirectory.check(
        Locations.resolve("--output", output.toString()),
        List.of(Locations.resolve("--input", input.toString())),
        new Configuration());
  }
}
