package org.trlm.job.progress;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ProgressTest {
  @Test
  void aLineTellsRowsSpeedErrorsAndWhatIsLeft() {
    Map<String, Long> shown =
        Map.of(
            "rows", 50L,
            "generated tokens", 4000L,
            "prompt tokens", 1000L,
            "cached tokens", 250L,
            "running", 16L,
            "waiting", 32L,
            "prompt_missing", 2L);
    assertThat(Progress.line(shown, 200, 120.4, 20))
        .isEqualTo(
            "50/200 rows | 16 running, 32 waiting | 120 tokens/s now, 200 overall | 25 % of prompt tokens cached"
                + " | errors: prompt_missing 2 | ETA 0:01:00");
  }

  /** A console as Java 17 has it. */
  public static class OldConsole {}

  /** A console as Java 22 and later have it. */
  public record NewConsole(boolean isTerminal) {}

  @Test
  void aConsoleIsATerminalUnlessItSaysOtherwise() {
    assertThat(Progress.isTerminal(null, OldConsole.class)).isFalse();
    assertThat(Progress.isTerminal(new OldConsole(), OldConsole.class)).isTrue();
    assertThat(Progress.isTerminal(new NewConsole(true), NewConsole.class)).isTrue();
    assertThat(Progress.isTerminal(new NewConsole(false), NewConsole.class)).isFalse();
  }
}
