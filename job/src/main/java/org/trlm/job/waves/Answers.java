package org.trlm.job.waves;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;

import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.trlm.job.JobConfig.Retry;
import org.trlm.job.inference.RowKeys;
import org.trlm.job.output.WaveFormat;

/** What is done and what does not count any more, as queries over keys. Driver only. */
final class Answers {
  private static final String CUSTOM_ID = "custom_id";
  private static final String ROW_KEY = "row_key";
  private static final String REQUEST_ID = "request_id";

  private Answers() {}

  /**
   * The rows without an answer.
   *
   * @param rows with {@link RowKeys#ANSWER_KEYS}, which hold {@code ways} ways to ask
   * @param answers with {@link WaveFormat#KEY_COLUMNS}
   */
  static Dataset<Row> pending(Dataset<Row> rows, int ways, Dataset<Row> answers) {
    Dataset<Row> pending = rows;
    for (int way = 0; way < ways; way++) {
      pending = withoutThose(pending, answers, way);
    }
    return pending;
  }

  /** The rows whose answers a retry is told to ask for again. */
  static Dataset<Row> toRetry(Dataset<Row> rows, Dataset<Row> answers, List<Retry> retry) {
    Column chosen = retry.stream().map(Answers::matches).reduce(lit(false), Column::or);
    Dataset<Row> picked = answers.filter(chosen).select(col(ROW_KEY).as("_trlm_picked")).distinct();
    // the same question has the same answer, but an error may have passed
    Dataset<Row> settled =
        retry.contains(Retry.ERROR) ? answers.filter(matches(Retry.ERROR).unary_$bang()) : answers;
    Dataset<Row> found = rows.join(picked, key(1).equalTo(col("_trlm_picked")), "left_semi");
    return withoutThose(found, settled, 0);
  }

  private static Column matches(Retry retry) {
    Column finished = org.apache.spark.sql.functions.coalesce(col("finish_reason"), lit(""));
    return switch (retry) {
      case ERROR -> col("status").equalTo("error");
      case SKIPPED -> col("status").equalTo("skipped");
      case LENGTH -> finished.equalTo("length");
      case REPETITION -> finished.equalTo("repetition");
    };
  }

  private static Dataset<Row> withoutThose(Dataset<Row> rows, Dataset<Row> answers, int way) {
    Dataset<Row> done = answers.select(col(REQUEST_ID).as("_trlm_done"));
    return rows.join(done, key(2 + way).equalTo(col("_trlm_done")), "left_anti");
  }

  private static Column key(int index) {
    return col(RowKeys.ANSWER_KEYS).getItem(index);
  }

  /** Whether some of the rows' ids have answers already. */
  static boolean anyAnswered(Dataset<Row> rows, Dataset<Row> answers) {
    Dataset<Row> ids = rows.select(key(0).as("_trlm_asked"));
    return !answers
        .join(ids, col(CUSTOM_ID).equalTo(col("_trlm_asked")), "left_semi")
        .limit(1)
        .isEmpty();
  }

  /**
   * Answers that a later wave gives again: those of the same row, or of the same request where
   * answers of several configurations stay beside each other.
   */
  static Dataset<Row> outdated(Dataset<Row> answers, boolean keepBoth) {
    String key = keepBoth ? REQUEST_ID : ROW_KEY;
    Dataset<Row> latest =
        answers.groupBy(col(key).as("_trlm_key")).agg(max(WaveFormat.WAVE).as("_trlm_latest"));
    return answers
        .join(
            latest,
            col(key).equalTo(col("_trlm_key")).and(col(WaveFormat.WAVE).lt(col("_trlm_latest"))),
            "left_semi")
        .select(REQUEST_ID, WaveFormat.WAVE);
  }

  /**
   * Answers to what is not asked any more, under ids that now ask something else.
   *
   * @param rows the whole input with {@link RowKeys#ANSWER_KEYS}
   */
  static Dataset<Row> unasked(Dataset<Row> answers, Dataset<Row> rows) {
    Dataset<Row> keys = rows.select(key(0).as("_trlm_asked"), key(1).as("_trlm_row"));
    return answers
        .join(keys, col(CUSTOM_ID).equalTo(col("_trlm_asked")), "left_semi")
        .join(keys, col(ROW_KEY).equalTo(col("_trlm_row")), "left_anti")
        .select(REQUEST_ID, WaveFormat.WAVE);
  }
}
