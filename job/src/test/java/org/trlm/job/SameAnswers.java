package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;

/** What two runs over the same rows must agree in, and what a finished run leaves. */
public final class SameAnswers {
  private SameAnswers() {}

  /** Everything but when and where the row was answered, and who ran before it in the same task. */
  public static void check(String id, Row found, Row expected) {
    for (String column : expected.schema().fieldNames()) {
      switch (column) {
        case "metrics", "run_id", "executor_host", "partition_id", "created_at", "wave" -> {}
        case "usage" -> {
          for (String count : List.of("prompt_tokens", "completion_tokens", "reasoning_tokens")) {
            assertThat(found.<Row>getAs(column).<Object>getAs(count))
                .as("%s of row %s", count, id)
                .isEqualTo(expected.<Row>getAs(column).getAs(count));
          }
        }
        default ->
            assertThat(found.<Object>getAs(column))
                .as("%s of row %s", column, id)
                .isEqualTo(expected.getAs(column));
      }
    }
  }

  /** Nothing of a run is left beside its waves, manifests and configuration. */
  public static void checkNothingLeft(Path output) throws IOException {
    try (Stream<Path> left = Files.walk(output)) {
      assertThat(left.map(path -> path.getFileName().toString()))
          .noneMatch(
              name ->
                  name.equals("_temporary")
                      || name.startsWith("_open-")
                      || name.startsWith("staged-")
                      || name.startsWith("trail-")
                      || name.startsWith("exchange")
                      || name.startsWith("lease"));
    }
  }
}
