package org.trlm.job.inference;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which rows a dead executor had in its engine. */
class CrashTrailTest {
  private final Configuration hadoop = new Configuration();
  @TempDir Path scratch;

  private org.apache.hadoop.fs.Path directory() {
    return CrashTrail.directory(scratch.toUri().toString(), "run");
  }

  private CrashTrail trail(int partition, int attempt) throws IOException {
    return new CrashTrail(directory(), 3, partition, attempt, hadoop);
  }

  private List<String> suspects() throws IOException {
    return CrashTrail.suspects(directory(), hadoop);
  }

  @Test
  void rowsThatLeftAreNoSuspects() throws IOException {
    CrashTrail trail = trail(0, 1);
    assertThat(trail.followsACrash()).isFalse();
    Iterator<String> rows =
        trail.entering(List.of("a", "b", "c", "d").iterator(), Function.identity(), "row "::concat);
    Iterator<String> responses = trail.leaving(List.of("b", "a").iterator(), Function.identity());
    rows.next();
    rows.next();
    assertThat(suspects()).containsExactly("row a", "row b");
    responses.next();
    rows.next();
    assertThat(suspects()).containsExactly("row a", "row c");
    assertThat(trail(0, 2).followsACrash()).isTrue();
    assertThat(trail(1, 2).followsACrash()).isFalse();
  }

  @Test
  void rowsOfMostCrashesComeFirstThenThoseOfTheLatest() throws IOException {
    List<List<String>> inside = List.of(List.of("a", "b", "c"), List.of("b", "d"), List.of("b"));
    for (int attempt = 1; attempt <= inside.size(); attempt++) {
      Iterator<String> rows =
          trail(0, attempt)
              .entering(
                  inside.get(attempt - 1).iterator(), Function.identity(), Function.identity());
      while (rows.hasNext()) {
        rows.next();
      }
    }
    trail(1, 1).entering(List.of("x").iterator(), Function.identity(), Function.identity()).next();
    assertThat(suspects()).containsExactly("b", "d", "a", "c", "x");
  }

  @Test
  void anAttemptThatEndsInALivingJvmLeavesNothing() throws IOException {
    CrashTrail trail = trail(0, 1);
    trail.entering(List.of("a").iterator(), Function.identity(), Function.identity()).next();
    trail.close();
    assertThat(suspects()).isEmpty();
  }
}
