package org.trlm.job.inference;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.udf;

import java.util.Set;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.trlm.job.input.PromptRow;
import org.trlm.job.input.PromptRowReader;
import org.trlm.job.output.KeptColumns;

/**
 * The rows of a wave in partitions that take about as many tokens each, so that tasks end together;
 * in a partition those that take most come first, so that the last ones to run are short. Depends
 * on what rows say alone: a task that runs again gets the same rows in the same order. Rows are
 * sorted and shuffled by Spark, none is held on the driver.
 */
public final class BalancedPartitions {
  /** Internal column: what a row will take, and what it says. */
  private static final String EXPECTED = "_trlm_expected";

  private static final String TOKENS = "tokens";
  private static final String SAID = "said";
  private static final StructType EXPECTED_TYPE =
      new StructType()
          .add(TOKENS, DataTypes.LongType, false)
          .add(SAID, DataTypes.IntegerType, false);

  /** Internal column: where a row goes. */
  private static final String PARTITION = "_trlm_partition";

  private static final StructType PARTITION_TYPE =
      new StructType().add(PARTITION, DataTypes.IntegerType, false);

  /** Longest first; rows that say the same beside each other; never two rows equal. */
  private static final Column[] ORDER = {
    col(EXPECTED + "." + TOKENS).desc(),
    col(EXPECTED + "." + SAID),
    col(RowKeys.CONTENT_KEY),
    col(RowKeys.OCCURRENCE)
  };

  /** Rows that one task deals: seconds of work; more of them are dealt by range of tokens. */
  private static final long ROWS_PER_DEALER = 500_000;

  /** Rows that say the same go together as long as they are no more than this part of a share. */
  private static final int UNITS_PER_PARTITION = 32;

  private BalancedPartitions() {}

  /**
   * @param rows with the columns of {@link RowKeys#addTo}
   * @param reader of the input's columns
   * @param numRows how many there are
   * @param partitions how many there will be
   */
  public static Dataset<Row> of(
      Dataset<Row> rows,
      PromptRowReader reader,
      ExpectedTokens expected,
      long numRows,
      int partitions) {
    int dealers = partitions == 1 ? 1 : (int) (1 + numRows / ROWS_PER_DEALER);
    Dataset<Row> sorted =
        rows.withColumn(EXPECTED, expected(rows, reader, expected))
            .repartitionByRange(dealers, ORDER)
            .sortWithinPartitions(ORDER);
    if (partitions == 1) {
      return sorted.drop(EXPECTED);
    }
    KeptColumns layout = layout(sorted.schema());
    int expectedIndex = sorted.schema().fieldIndex(EXPECTED);
    long together = Math.max(1, numRows / partitions / UNITS_PER_PARTITION);
    return sorted
        .mapPartitions(
            new Dealer(layout, expectedIndex, partitions, together), Encoders.row(layout.schema()))
        .repartitionById(partitions, col(PARTITION))
        .sortWithinPartitions(ORDER)
        .drop(EXPECTED, PARTITION);
  }

  /** Rows with these columns, and where each goes. */
  static KeptColumns layout(StructType columns) {
    return new KeptColumns(columns, Set.of(), PARTITION_TYPE);
  }

  private static Column expected(
      Dataset<Row> rows, PromptRowReader reader, ExpectedTokens expected) {
    UserDefinedFunction function =
        udf(
            (UDF1<Row, Row>)
                row -> {
                  PromptRow prompt = reader.read(row);
                  return RowFactory.create(expected.of(row, prompt), prompt.content().hashCode());
                },
            EXPECTED_TYPE);
    return function.apply(RowKeys.whole(rows));
  }
}
