package org.trlm.job.inference;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import org.apache.spark.sql.Row;
import org.trlm.job.input.PromptRow;

/**
 * How many tokens a row will take, reckoned before it is rendered and tokenized: good enough to
 * compare rows of one input. Called on the executors.
 */
public interface ExpectedTokens extends Serializable {

  /**
   * Tokens of prompt and answers, those of the answers as many as may be asked for; 0 for a row
   * that will be refused. Never throws for what a row holds.
   *
   * @param input the input's columns
   * @param prompt what {@code input} asks for
   */
  long of(Row input, PromptRow prompt);

  /** Tokens of a text: one for four bytes, about what byte-level vocabularies give English. */
  static long ofText(String text) {
    return (text.getBytes(StandardCharsets.UTF_8).length + 3) / 4;
  }
}
