package org.trlm.job.inference;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.row_number;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.to_json;
import static org.apache.spark.sql.functions.udf;
import static org.apache.spark.sql.functions.xxhash64;

import java.util.Arrays;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.sql.types.DataTypes;
import org.trlm.job.input.PromptRowReader;
import org.trlm.job.input.PromptTable;

/**
 * Gives every row its identity: a hash of what it says, and its number among the rows that say the
 * same. Nothing is collected on the driver; the numbers are the same in every run over the same
 * rows, however they are split and ordered.
 */
public final class RowKeys {
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
    Column whole =
        struct(Arrays.stream(rows.columns()).map(RowKeys::quoted).toArray(Column[]::new));
    // rows with one key may differ in columns that do not count: their order must not be left open
    Column order = xxhash64(to_json(whole));
    Dataset<Row> keyed = rows.withColumn(RowAdmission.CONTENT_KEY, contentKey.apply(whole));
    return keyed.withColumn(
        RowAdmission.OCCURRENCE,
        row_number()
            .over(Window.partitionBy(col(RowAdmission.CONTENT_KEY)).orderBy(order))
            .minus(lit(1)));
  }

  /** A column by its exact name, dots and backticks included. */
  private static Column quoted(String name) {
    return col("`" + name.replace("`", "``") + "`");
  }
}
