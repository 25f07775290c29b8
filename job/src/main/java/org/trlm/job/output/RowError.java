package org.trlm.job.output;

import java.util.Locale;
import java.util.Objects;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.trlm.job.Secrets;

/**
 * Why one row has no answer. The job goes on; the message says what is wrong, the value found, what
 * is allowed and how to mend it.
 *
 * @param code the kind, for programs
 * @param message for people
 */
public record RowError(Code code, String message) {
  /** The output column {@code error}. */
  public static final StructType SCHEMA =
      new StructType()
          .add("code", DataTypes.StringType)
          .add("message", DataTypes.StringType)
          .add("retryable", DataTypes.BooleanType);

  /** Every kind of row error. */
  public enum Code {
    /** The line of the input file is not a JSON object. */
    INPUT_MALFORMED,
    /** Neither messages nor a prompt with visible text. */
    PROMPT_MISSING,
    /** The messages are not a conversation. */
    MESSAGES_INVALID,
    /** The choices or the continuation to score are missing, or are no texts. */
    CHOICES_INVALID,
    /** The prompt leaves no room for one generated token. */
    PROMPT_TOO_LONG,
    /** A sampling parameter of the row is unknown or has a value that is not allowed. */
    PARAMS_INVALID,
    /** The chat template refused the messages, or cannot render them. */
    TEMPLATE_FAILED,
    /** The engine refused the request, or failed on it. */
    ENGINE_FAILED;

    /** The lower-case word written to {@code error.code}. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** Whether the same row can succeed without being changed. */
    public boolean retryable() {
      return this == ENGINE_FAILED;
    }
  }

  public RowError {
    Objects.requireNonNull(code, "code");
    Objects.requireNonNull(message, "message");
  }

  /** The value of the output column {@code error}. */
  public Row toRow() {
    return RowFactory.create(code.word(), Secrets.redact(message), code.retryable());
  }
}
