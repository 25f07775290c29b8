package org.trlm.job.inference;

import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.Row;
import org.trlm.job.input.PromptRow;

/**
 * The content keys ({@code request_id}) of a row's answers: all that an answer depends on, hashed.
 * Needs no model, so that a job knows what is done before it loads one. Called on the executors.
 */
public interface RequestKeys extends Serializable {

  /**
   * The keys by sample index, at least one. Never throws for what a row holds: a row that will be
   * refused has keys as well.
   *
   * @param input the input's columns
   * @param prompt what {@code input} asks for
   * @param rowKey {@link PromptRow#rowKey}
   */
  List<String> of(Row input, PromptRow prompt, byte[] rowKey);
}
