package org.trlm.job.waves;

import static java.util.stream.Collectors.joining;

import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.trlm.job.JobConfig.Retry;
import org.trlm.job.inference.RowKeys;

/**
 * The rows to answer.
 *
 * @param input how many rows the input has
 * @param rows how many of them are to be answered
 * @param all these rows
 * @param waves their parts
 */
public record Pending(long input, long rows, Dataset<Row> all, List<Wave> waves) {

  /**
   * What a run is about to do, for its user.
   *
   * @param retry what it was told to ask for again
   */
  public String summary(List<Retry> retry) {
    return retry.isEmpty()
        ? String.format(
            Locale.ROOT, "%,d rows, %,d done before, %,d new", input, input - rows, rows)
        : String.format(
            Locale.ROOT,
            "%,d rows, %,d left as they are, %,d to retry (%s)",
            input,
            input - rows,
            rows,
            retry.stream().map(Retry::word).collect(joining(", ")));
  }

  /**
   * The rows of one wave.
   *
   * @param table with the columns of {@link RowKeys#addTo}
   */
  public record Wave(Dataset<Row> table, long rows) {}
}
