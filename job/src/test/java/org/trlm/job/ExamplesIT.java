package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The scripts of examples/, run as the README says; after the jar is made. */
class ExamplesIT {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Duration LIMIT = Duration.ofMinutes(15);

  @TempDir Path directory;

  @Test
  void quickstartShowsAnswersWithTheirThoughts() throws IOException {
    CommandRun run =
        CommandRun.run(
            command("examples/quickstart.sh", "--limit", "8", "--show", "2"), LIMIT, directory);
    assertThat(run.exitCode()).as(run.printed()).isZero();
    assertThat(run.out())
        .contains("-- arithmetic-000 --", "-- arithmetic-001 --")
        .contains("question: Find the sum of 37 and 140.")
        .contains("Digits 177, so 177.")
        .containsPattern("answer: +177")
        .contains("first token after")
        .doesNotContain("-- arithmetic-002 --");
  }

  @Test
  void scoreChoicesShowsALineForEachReview() throws IOException {
    CommandRun run = CommandRun.run(command("examples/score-choices.sh"), LIMIT, directory);
    assertThat(run.exitCode()).as(run.printed()).isZero();
    for (String id : new String[] {"lamp", "chair", "blender", "forged"}) {
      assertThat(run.out())
          .containsPattern(id + ": most likely is choice [012] of .*\"text\":\"neutral\"");
    }
  }

  @Test
  @Tag("real-model")
  void smolLm2AnswersOnceItsFileIsThere() throws IOException {
    Path output = directory.resolve("answers");
    ProcessBuilder command =
        command(
            "examples/smollm2.sh", "--limit", "4", "--show", "1", "--output", output.toString());
    Path models = Files.createDirectories(directory.resolve("models"));
    Files.createSymbolicLink(
        models.resolve("SmolLM2-135M-Instruct.Q4_1.gguf"), RealFiles.smolLm2Gguf());
    command.environment().put("TRLM_MODELS", models.toString());
    command.environment().put("TRLM_DRIVER_MEMORY", "4g");
    CommandRun run = CommandRun.run(command, LIMIT, directory);
    assertThat(run.exitCode()).as(run.printed()).isZero();
    assertThat(run.out()).contains("question:", "answer:");
    assertThat(output.resolve("_SUCCESS")).exists();
  }

  @Test
  @Tag("real-model")
  void bestOfNVotes() throws IOException {
    CommandRun run =
        CommandRun.run(command("examples/best-of-n.sh", "--limit", "12"), LIMIT, directory);
    assertThat(run.exitCode()).as(run.printed()).isZero();
    assertThat(run.out())
        .containsPattern("arithmetic-000 +[1-8] votes +177")
        .containsPattern("right: \\d+ % of single samples, \\d+ % of votes \\(12 rows\\)");
  }

  @Test
  @Tag("real-model")
  void labelsAreAmongTheChoices() throws IOException {
    CommandRun run =
        CommandRun.run(command("examples/label-with-choices.sh", "--limit", "6"), LIMIT, directory);
    assertThat(run.exitCode()).as(run.printed()).isZero();
    assertThat(run.out()).containsPattern("answer: +(positive|negative|neutral)\\b");
  }

  @Test
  @Tag("real-model")
  void extractedAnswersAreObjects() throws IOException {
    CommandRun run =
        CommandRun.run(command("examples/json-extraction.sh", "--limit", "6"), LIMIT, directory);
    assertThat(run.exitCode()).as(run.printed()).isZero();
    assertThat(run.out()).containsPattern("answer: +\\{\"label\": \"\\w+\", \"stars\": [1-5]\\}");
  }

  @Test
  @Tag("real-model")
  void thoughtsEndWithTheirBudget() throws IOException {
    CommandRun run =
        CommandRun.run(command("examples/thinking-budget.sh", "--limit", "6"), LIMIT, directory);
    assertThat(run.exitCode()).as(run.printed()).isZero();
    assertThat(run.out()).containsPattern("answer: +\\S");
  }

  private ProcessBuilder command(String script, String... arguments) {
    List<String> words =
        Stream.concat(Stream.of(ROOT.resolve(script).toString()), Stream.of(arguments)).toList();
    ProcessBuilder command = new ProcessBuilder(words).directory(directory.toFile());
    command.environment().put("TRLM_DRIVER_MEMORY", "1g");
    command.environment().put("JAVA_HOME", System.getProperty("java.home"));
    command.environment().put("TMPDIR", directory.toString());
    return command;
  }
}
