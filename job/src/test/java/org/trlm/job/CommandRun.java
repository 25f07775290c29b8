package org.trlm.job;

import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A command line run as a user would run it, with what it printed. */
public record CommandRun(int exitCode, String out, String err) {

  /**
   * Starts a process and waits for its end.
   *
   * @param limit after which the process and its children are killed and the test fails
   * @param scratch directory for the files that take its output
   */
  public static CommandRun run(ProcessBuilder command, Duration limit, Path scratch)
      throws IOException {
    Path out = Files.createTempFile(scratch, "command", ".out");
    Path err = Files.createTempFile(scratch, "command", ".err");
    Process process =
        command
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .start();
    boolean ended = false;
    try {
      ended = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (!ended) {
        kill(process);
      }
    }
    if (!ended) {
      fail("%s has not ended within %s; it printed:%n%s", command.command(), limit, tail(err));
    }
    return new CommandRun(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  /** The last lines of a process's output, for messages. */
  public static String tail(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 40), lines.size()));
  }

  private static void kill(Process process) {
    List<ProcessHandle> children = process.descendants().toList();
    process.destroyForcibly();
    children.forEach(ProcessHandle::destroyForcibly);
  }

  /** Both outputs, for messages. */
  public String printed() {
    return "exit code " + exitCode + "\n" + out + "\n" + err;
  }
}
