package org.trlm.job.inference;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.row_number;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.to_json;
import static org.apache.spark.sql.functions.udf;
import static org.apache.spark.sql.functions.xxhash64;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.sql.types.DataTypes;
import org.trlm.job.input.PromptRow;
import org.trlm.job.input.PromptRowReader;
import org.trlm.job.input.PromptTable;

/**
 * Gives every row its identity: a hash of what it says, and its number among the rows that say the
 * same. Nothing is collected on the driver; the numbers are the same in every run over the same
 * rows, however they are split and ordered.
 */
public final class RowKeys {
  /** Internal column of {@link #addTo}: a hash of what the row says. */
  public static final String CONTENT_KEY = RowAdmission.CONTENT_KEY;

  /** Internal column of {@link #addTo}: the row's number among those that say the same. */
  public static final String OCCURRENCE = RowAdmission.OCCURRENCE;

  /**
   * Internal column of {@link #addAnswerKeys}, an array of strings: the row's {@code custom_id},
   * its {@code row_key}, and for each way to ask the {@code request_id} of its last sample.
   */
  public static final String ANSWER_KEYS = "_trlm_answer_keys";

  private RowKeys() {}

  /**
   * The table with the columns {@link RowAdmission#CONTENT_KEY} and {@link
   * RowAdmission#OCCURRENCE}.
   */
  public static Dataset<Row> addTo(PromptTable table) {
    PromptRowReader reader = table.reader();
    UserDefinedFunction contentKey =
        udf((UDF1<Row, String>) row -> reader.read(row).contentKey(), DataTypes.StringType);
    Dataset<Row> rows = table.rows();
    Column whole = whole(rows);
    // rows with one key may differ in columns that do not count: their order must not be left open
    Column order = xxhash64(to_json(whole));
    Dataset<Row> keyed = rows.withColumn(RowAdmission.CONTENT_KEY, contentKey.apply(whole));
    return keyed.withColumn(
        RowAdmission.OCCURRENCE,
        row_number()
            .over(Window.partitionBy(col(RowAdmission.CONTENT_KEY)).orderBy(order))
            .minus(lit(1)));
  }

  /**
   * Rows of {@link #addTo} with the column {@link #ANSWER_KEYS}. All samples of a row become
   * visible together, so that the last one stands for all of them.
   *
   * @param asked the ways in which a row may be asked, the present one first
   */
  public static Dataset<Row> addAnswerKeys(
      Dataset<Row> rows, PromptRowReader reader, List<RequestKeys> asked) {
    List<RequestKeys> ways = new ArrayList<>(asked);
    UserDefinedFunction keys =
        udf(
            (UDF1<Row, String[]>) row -> answerKeys(row, reader, ways),
            DataTypes.createArrayType(DataTypes.StringType));
    return rows.withColumn(ANSWER_KEYS, keys.apply(whole(rows)));
  }

  private static String[] answerKeys(Row row, PromptRowReader reader, List<RequestKeys> asked) {
    PromptRow prompt = reader.read(row);
    byte[] rowKey =
        PromptRow.rowKey(
            row.getString(row.fieldIndex(CONTENT_KEY)), row.getInt(row.fieldIndex(OCCURRENCE)));
    String[] keys = new String[2 + asked.size()];
    keys[0] = prompt.customId();
    keys[1] = HexFormat.of().formatHex(rowKey);
    for (int i = 0; i < asked.size(); i++) {
      List<String> samples = asked.get(i).of(row, prompt, rowKey);
      keys[2 + i] = samples.get(samples.size() - 1);
    }
    return keys;
  }

  /** All columns as one, for a function of the whole row. */
  static Column whole(Dataset<Row> rows) {
    return struct(Arrays.stream(rows.columns()).map(RowKeys::quoted).toArray(Column[]::new));
  }

  /** A column by its exact name, dots and backticks included. */
  private static Column quoted(String name) {
    return col("`" + name.replace("`", "``") + "`");
  }
}
