package org.trlm.job.inference;

import java.io.IOException;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.Optional;
import org.apache.spark.TaskContext;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.sql.Row;
import org.apache.spark.util.TaskCompletionListener;
import org.trlm.engine.EngineConfig;
import org.trlm.job.inference.EngineTask.RowNames;
import org.trlm.job.input.PromptRow;

/** The {@link CrashTrail} of a further attempt of a task. One task, one thread. */
final class TaskTrail {
  /** More than Spark tries a task before it gives up on its stage, or begins the stage again. */
  private static final int ATTEMPTS_IN_A_STAGE = 10_000;

  private final CrashTrail trail;
  private final RowNames names;

  private TaskTrail(CrashTrail trail, RowNames names) {
    this.trail = trail;
    this.names = names;
  }

  /**
   * Empty for the first attempt, and where the output cannot be written.
   *
   * @param output the directory of the output
   */
  static Optional<TaskTrail> of(TaskContext task, String output, String runId, RowNames names) {
    int attempt = attempt(task);
    if (attempt == 0) {
      return Optional.empty();
    }
    try {
      CrashTrail trail =
          new CrashTrail(
              CrashTrail.directory(output, runId),
              task.stageId(),
              task.partitionId(),
              attempt,
              SparkHadoopUtil.get().conf());
      task.addTaskCompletionListener((TaskCompletionListener) ended -> trail.close());
      return Optional.of(new TaskTrail(trail, names));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /**
   * The attempts before this one. A dead executor takes rows with it that were dealt to other tasks
   * as well; then Spark begins the whole stage again, and counts the attempts of its tasks from 0.
   */
  private static int attempt(TaskContext task) {
    return task.stageAttemptNumber() * ATTEMPTS_IN_A_STAGE + task.attemptNumber();
  }

  /** One slot after a crash, else as they are. */
  EngineConfig limits(EngineConfig limits) {
    try {
      return trail.followsACrash()
          ? new EngineConfig(
              limits.maxModelLen(),
              1,
              limits.maxNumBatchedTokens(),
              limits.numKvBlocks(),
              limits.prefixCaching(),
              limits.kvCacheDtype())
          : limits;
    } catch (IOException e) {
      return limits;
    }
  }

  Iterator<Row> entering(Iterator<Row> rows) {
    return trail.entering(rows, row -> HexFormat.of().formatHex(rowKey(row)), this::description);
  }

  private String description(Row row) {
    PromptRow prompt = names.reader().read(row);
    return prompt.customId()
        + " (request_id "
        + names.keys().of(row, prompt, rowKey(row)).get(0)
        + ")";
  }

  private static byte[] rowKey(Row row) {
    return PromptRow.rowKey(
        row.getString(row.fieldIndex(RowAdmission.CONTENT_KEY)),
        row.getInt(row.fieldIndex(RowAdmission.OCCURRENCE)));
  }

  Iterator<Row> leaving(Iterator<Row> responses) {
    return trail.leaving(responses, response -> response.getString(names.rowKeyColumn()));
  }
}
