package org.trlm.job.output;

import java.io.Serializable;
import java.util.List;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.trlm.job.output.ScoreRow.ChoiceScore;
import org.trlm.job.output.ScoreRow.TextScore;

/**
 * The columns of the output of {@code score}: the input's, then ours, always all of them. Made on
 * the driver; lays out rows on the executors.
 */
public final class ScoreSchema implements Serializable {
  private static final long serialVersionUID = 1L;

  private static final StructType CHOICE_SCORE =
      new StructType()
          .add("text", DataTypes.StringType)
          .add("logprob", DataTypes.DoubleType)
          .add("num_tokens", DataTypes.IntegerType)
          .add("num_chars", DataTypes.IntegerType)
          .add("num_bytes", DataTypes.IntegerType)
          .add("is_greedy", DataTypes.BooleanType);

  /** Our columns, in the order written. */
  public static final StructType SCORE =
      new StructType()
          .add("custom_id", DataTypes.StringType)
          .add("row_key", DataTypes.StringType)
          .add("request_id", DataTypes.StringType)
          .add("sample_index", DataTypes.IntegerType)
          .add("choice_scores", DataTypes.createArrayType(CHOICE_SCORE))
          .add("best_by_sum", DataTypes.IntegerType)
          .add("best_by_token", DataTypes.IntegerType)
          .add("best_by_char", DataTypes.IntegerType)
          .add("best_by_byte", DataTypes.IntegerType)
          .add("text_logprob", DataTypes.DoubleType)
          .add("perplexity", DataTypes.DoubleType)
          .add("bits_per_byte", DataTypes.DoubleType)
          .add("status", DataTypes.StringType)
          .add("finish_reason", DataTypes.StringType)
          .add("error", RowError.SCHEMA)
          .add("usage", ResponseSchema.USAGE)
          .add("metrics", ResponseSchema.METRICS)
          .add("rendered_prompt", DataTypes.StringType)
          .add("model", DataTypes.StringType)
          .add("model_fingerprint", DataTypes.StringType)
          .add("run_id", DataTypes.StringType)
          .add("executor_host", DataTypes.StringType)
          .add("partition_id", DataTypes.IntegerType)
          .add("created_at", DataTypes.TimestampType);

  private final KeptColumns layout;

  /**
   * @param input the input's columns
   */
  public ScoreSchema(StructType input) {
    this.layout = new KeptColumns(input, Set.of(), SCORE);
  }

  /** The columns written. */
  public StructType columns() {
    return layout.schema();
  }

  /** What the user should know about renamed columns. */
  public List<String> warnings() {
    return layout.warnings();
  }

  /** The input row's columns that the output repeats. */
  public Object[] keep(Row input) {
    return layout.keep(input);
  }

  /** One row as Spark writes it; {@code kept} comes from {@link #keep}. */
  public Row row(Object[] kept, ScoreRow score, ResponseSchema.Common common) {
    return layout.row(kept, values(score, common));
  }

  private static Object[] values(ScoreRow score, ResponseSchema.Common common) {
    List<ChoiceScore> choices = score.choices();
    TextScore text = score.text();
    return new Object[] {
      score.customId(),
      score.rowKey(),
      score.requestId(),
      0,
      choices == null ? null : choices.stream().map(ScoreSchema::choice).toArray(Row[]::new),
      best(choices, ChoiceScore::logprob),
      best(choices, choice -> choice.logprob() / choice.numTokens()),
      best(choices, choice -> choice.logprob() / choice.numChars()),
      best(choices, choice -> choice.logprob() / choice.numBytes()),
      text == null ? null : text.logprob(),
      text == null ? null : text.perplexity(),
      text == null ? null : text.bitsPerByte(),
      score.status().word(),
      null,
      score.error() == null ? null : score.error().toRow(),
      ResponseSchema.usage(score.usage()),
      ResponseSchema.metrics(score.metrics()),
      score.renderedPrompt(),
      common.model(),
      common.modelFingerprint(),
      common.runId(),
      common.executorHost(),
      score.partitionId(),
      score.createdAt()
    };
  }

  private static Row choice(ChoiceScore choice) {
    return RowFactory.create(
        choice.text(),
        choice.logprob(),
        choice.numTokens(),
        choice.numChars(),
        choice.numBytes(),
        choice.isGreedy());
  }

  /** The position of the highest measure, the lowest of equal ones. */
  private static Integer best(List<ChoiceScore> choices, ToDoubleFunction<ChoiceScore> measure) {
    if (choices == null) {
      return null;
    }
    int best = 0;
    for (int i = 1; i < choices.size(); i++) {
      if (measure.applyAsDouble(choices.get(i)) > measure.applyAsDouble(choices.get(best))) {
        best = i;
      }
    }
    return best;
  }
}
