package org.trlm.job.inference;

import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.trlm.job.input.PromptTable;
import org.trlm.job.model.ModelBundle;

/**
 * What a job does with its rows, apart from how the job runs: {@code generate} and {@code score}
 * are workloads, and share keys, waves, resume, progress and the manifest. Made and asked on the
 * driver; {@link #tasks}, {@link #expectedTokens} and {@link #requestKeys} travel to the executors.
 */
public interface Workload {

  /** The command that it is the work of, as users type it. */
  String command();

  /**
   * The columns of the rows written, in their order. Those that {@link
   * org.trlm.job.output.WaveFormat#KEY_COLUMNS} names in the output are among them.
   */
  StructType columns();

  /** What the user should know before the work. */
  List<String> warnings();

  /** The parameters of a row without its own, by name: for the manifest. */
  Map<String, Object> parameters();

  /** Output rows for an input row that has no parameters of its own: what progress reckons with. */
  default int answersPerRow() {
    return 1;
  }

  /**
   * Those of {@link #parameters} that change answers, without the neutral ones: a run with others
   * is another configuration.
   */
  default Map<String, Object> keyParameters() {
    return parameters();
  }

  /** Reckons what a row will take: partitions are balanced by it. */
  ExpectedTokens expectedTokens();

  /** Computes the keys of a row's answers; equal to those that {@link #tasks} writes. */
  RequestKeys requestKeys();

  /**
   * The work of one task. Its rows have the input's columns and those of {@link RowKeys}; for each
   * it gives all answers, error rows included.
   *
   * @param model the job's model, weights included
   */
  MapPartitionsFunction<Row, Row> tasks(Broadcast<ModelBundle> model);

  /** Makes the workload of a run once its input is known. */
  interface Factory {
    /**
     * @throws org.trlm.job.JobException when input or parameters cannot be used
     */
    Workload of(PromptTable table, RunContext run);
  }
}
