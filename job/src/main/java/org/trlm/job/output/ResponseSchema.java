package org.trlm.job.output;

import java.io.Serializable;
import java.util.List;
import java.util.Set;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.trlm.job.output.ResponseRow.Answer;
import org.trlm.job.output.ResponseRow.Metrics;
import org.trlm.job.output.ResponseRow.TokenLogprob;
import org.trlm.job.output.ResponseRow.Usage;

/**
 * The columns of the output: the input's, then ours, always all of them. Made on the driver; lays
 * out rows on the executors.
 */
public final class ResponseSchema implements Serializable {
  private static final long serialVersionUID = 1L;

  static final StructType USAGE =
      new StructType()
          .add("prompt_tokens", DataTypes.IntegerType)
          .add("completion_tokens", DataTypes.IntegerType)
          .add("total_tokens", DataTypes.IntegerType)
          .add("reasoning_tokens", DataTypes.IntegerType)
          .add("cached_tokens", DataTypes.IntegerType);

  static final StructType METRICS =
      new StructType()
          .add("queue_ms", DataTypes.DoubleType)
          .add("prefill_ms", DataTypes.DoubleType)
          .add("first_token_ms", DataTypes.DoubleType)
          .add("decode_ms", DataTypes.DoubleType)
          .add("e2e_ms", DataTypes.DoubleType)
          .add("tokens_per_second", DataTypes.DoubleType)
          .add("attempt", DataTypes.IntegerType);

  private static final StructType TOKEN_LOGPROB =
      new StructType()
          .add("token", DataTypes.StringType)
          .add("token_id", DataTypes.IntegerType)
          .add("logprob", DataTypes.DoubleType)
          .add("bytes", DataTypes.createArrayType(DataTypes.IntegerType));

  /** OpenAI's shape and the token's id: one entry a token, the alternatives beneath it. */
  private static final StructType LOGPROB =
      TOKEN_LOGPROB.add("top_logprobs", DataTypes.createArrayType(TOKEN_LOGPROB));

  /** Our columns, in the order written. */
  public static final StructType RESPONSE =
      new StructType()
          .add("custom_id", DataTypes.StringType)
          .add("row_key", DataTypes.StringType)
          .add("request_id", DataTypes.StringType)
          .add("sample_index", DataTypes.IntegerType)
          .add("generated_text", DataTypes.StringType)
          .add("reasoning", DataTypes.StringType)
          .add("content", DataTypes.StringType)
          .add("think_state", DataTypes.StringType)
          .add("status", DataTypes.StringType)
          .add("finish_reason", DataTypes.StringType)
          .add("stop_reason", DataTypes.StringType)
          .add("error", RowError.SCHEMA)
          .add("usage", USAGE)
          .add("metrics", METRICS)
          .add("token_ids", DataTypes.createArrayType(DataTypes.IntegerType))
          .add("logprobs", new StructType().add("content", DataTypes.createArrayType(LOGPROB)))
          .add("cumulative_logprob", DataTypes.DoubleType)
          .add("prompt_logprobs", DataTypes.createArrayType(LOGPROB))
          .add("rendered_prompt", DataTypes.StringType)
          .add("model", DataTypes.StringType)
          .add("model_fingerprint", DataTypes.StringType)
          .add("sampling_params", DataTypes.StringType)
          .add("seed", DataTypes.LongType)
          .add("run_id", DataTypes.StringType)
          .add("executor_host", DataTypes.StringType)
          .add("partition_id", DataTypes.IntegerType)
          .add("created_at", DataTypes.TimestampType);

  /**
   * What every row of one run has in common.
   *
   * @param executorHost null on the driver; each executor fills in its own
   */
  public record Common(String model, String modelFingerprint, String runId, String executorHost)
      implements Serializable {}

  private final KeptColumns layout;

  /**
   * @param input the input's columns
   * @param consumed input columns that the output does not repeat
   */
  public ResponseSchema(StructType input, Set<String> consumed) {
    this.layout = new KeptColumns(input, consumed, RESPONSE);
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
  public Row row(Object[] kept, ResponseRow response, Common common) {
    return layout.row(kept, values(response, common));
  }

  private static Object[] values(ResponseRow response, Common common) {
    Answer answer = response.answer() != null ? response.answer() : Answer.NONE;
    return new Object[] {
      response.customId(),
      response.rowKey(),
      response.requestId(),
      response.sampleIndex(),
      answer.generatedText(),
      answer.reasoning(),
      answer.content(),
      answer.thinkState(),
      response.status().word(),
      answer.finishReason(),
      answer.stopReason(),
      response.error() == null ? null : response.error().toRow(),
      usage(response.usage()),
      metrics(response.metrics()),
      boxed(answer.tokenIds()),
      answer.logprobs() == null ? null : RowFactory.create((Object) rows(answer.logprobs())),
      answer.cumulativeLogprob(),
      rows(answer.promptLogprobs()),
      response.renderedPrompt(),
      common.model(),
      common.modelFingerprint(),
      response.samplingParams(),
      response.seed(),
      common.runId(),
      common.executorHost(),
      response.partitionId(),
      response.createdAt()
    };
  }

  static Row usage(Usage usage) {
    return RowFactory.create(
        usage.promptTokens(),
        usage.completionTokens(),
        usage.totalTokens(),
        usage.reasoningTokens(),
        usage.cachedTokens());
  }

  static Row metrics(Metrics metrics) {
    return RowFactory.create(
        metrics.queueMs(),
        metrics.prefillMs(),
        metrics.firstTokenMs(),
        metrics.decodeMs(),
        metrics.e2eMs(),
        metrics.tokensPerSecond(),
        metrics.attempt());
  }

  private static Row[] rows(List<TokenLogprob> entries) {
    return entries == null
        ? null
        : entries.stream().map(ResponseSchema::withAlternatives).toArray(Row[]::new);
  }

  private static Row withAlternatives(TokenLogprob entry) {
    return entry == null
        ? null
        : RowFactory.create(
            entry.token(),
            entry.tokenId(),
            entry.logprob(),
            bytes(entry),
            entry.topLogprobs().stream().map(ResponseSchema::alone).toArray(Row[]::new));
  }

  private static Row alone(TokenLogprob entry) {
    return RowFactory.create(entry.token(), entry.tokenId(), entry.logprob(), bytes(entry));
  }

  private static Integer[] bytes(TokenLogprob entry) {
    Integer[] bytes = new Integer[entry.bytes().length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = Byte.toUnsignedInt(entry.bytes()[i]);
    }
    return bytes;
  }

  private static Integer[] boxed(int[] ids) {
    if (ids == null) {
      return null;
    }
    Integer[] boxed = new Integer[ids.length];
    for (int i = 0; i < ids.length; i++) {
      boxed[i] = ids[i];
    }
    return boxed;
  }
}
