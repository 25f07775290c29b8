package org.trlm.job;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.monotonically_increasing_id;
import static org.apache.spark.sql.functions.rand;

import java.util.Iterator;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.ForeachPartitionFunction;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;
import org.trlm.job.inference.Generation;
import org.trlm.job.inference.PartitionInference;
import org.trlm.job.inference.RowKeys;
import org.trlm.job.inference.RunContext;
import org.trlm.job.input.PromptTable;
import org.trlm.job.model.ModelBundle;
import org.trlm.job.progress.RunCounters;
import org.trlm.job.progress.RunCounters.Counts;

/**
 * A short measured run over rows of the input drawn at random, on the cluster and with the settings
 * of the job, that writes nothing. A first part of the rows only warms the kernels up.
 *
 * @param tasks that ran at the same time
 * @param counts of the measured part
 */
record Calibration(int tasks, Counts counts) {
  /** Rows for each task: enough to fill a batch, few enough to end in seconds. */
  private static final int ROWS_PER_TASK = 16;

  private static final int WARM_UP_ROWS_PER_TASK = 4;

  /** More tasks would not make the figures better. */
  private static final int MOST_TASKS = 16;

  private static final long SEED = 42;
  private static final String NUMBER = "_trlm_number";

  /**
   * Measures.
   *
   * @throws JobException when no engine fits into the heap of this JVM, in local mode
   */
  static Calibration of(SparkSession session, JobConfig config, ModelBundle bundle, long rows) {
    SparkSession spark = session.newSession();
    int cores = spark.sparkContext().defaultParallelism();
    int tasks = (int) Math.max(1, Math.min(rows, Math.min(cores, MOST_TASKS)));
    PromptTable table = PromptTable.open(spark, config.input());
    int warmUp = WARM_UP_ROWS_PER_TASK * tasks;
    // one partition, kept on disk: what the driver holds does not grow with the rows' size
    Dataset<Row> sample =
        table
            .rows()
            .orderBy(rand(SEED))
            .limit(warmUp + ROWS_PER_TASK * tasks)
            .persist(StorageLevel.DISK_ONLY());
    Dataset<Row> numbered = sample.withColumn(NUMBER, monotonically_increasing_id());
    Broadcast<ModelBundle> model =
        JavaSparkContext.fromSparkContext(spark.sparkContext()).broadcast(bundle);
    try {
      long drawn = sample.count();
      // few rows are measured as they are, warm or not
      long skipped = Math.min(warmUp, drawn / 4);
      if (skipped > 0) {
        answer(
            spark, config, bundle, table, model, tasks, numbered.filter(col(NUMBER).lt(skipped)));
      }
      Counts counts =
          answer(
              spark,
              config,
              bundle,
              table,
              model,
              tasks,
              numbered.filter(col(NUMBER).geq(skipped)));
      return new Calibration(tasks, counts);
    } finally {
      sample.unpersist();
      model.destroy();
    }
  }

  private static Counts answer(
      SparkSession spark,
      JobConfig config,
      ModelBundle bundle,
      PromptTable table,
      Broadcast<ModelBundle> model,
      int tasks,
      Dataset<Row> rows) {
    RunCounters counters = new RunCounters(spark.sparkContext());
    int tasksPerJvm =
        spark.sparkContext().isLocal() ? spark.sparkContext().defaultParallelism() : 0;
    if (tasksPerJvm > 0) {
      prepare(config, bundle, counters, tasksPerJvm);
    }
    PromptTable drawn =
        new PromptTable(rows.drop(NUMBER), table.columns(), table.meaning(), table.reader());
    MapPartitionsFunction<Row, Row> work =
        Generation.of(
                drawn,
                new RunContext(
                    "inspect",
                    config,
                    bundle,
                    KeySettings.of(config, bundle),
                    counters,
                    tasksPerJvm))
            .tasks(model);
    RowKeys.addTo(drawn)
        .repartition(tasks)
        .foreachPartition(
            (ForeachPartitionFunction<Row>)
                partition -> {
                  for (Iterator<Row> answers = work.call(partition); answers.hasNext(); ) {
                    answers.next();
                  }
                });
    return counters.counts();
  }

  private static void prepare(
      JobConfig config, ModelBundle bundle, RunCounters counters, int tasksPerJvm) {
    try {
      PartitionInference.prepare(bundle, config, counters, tasksPerJvm);
    } catch (IllegalArgumentException e) {
      throw new JobException(e.getMessage() + ".", e);
    }
  }

  /** Whether any row had an answer: without one there is nothing to reckon with. */
  boolean hasAnswers() {
    return counts.okRows() > 0 && counts.millis() > 0;
  }

  /** Generated tokens of an answered row. */
  double tokensPerRow() {
    return (double) counts.generatedTokens() / counts.okRows();
  }

  /** Prompt and generated tokens a second of one task. */
  double tokensPerSecondPerTask() {
    return (counts.promptTokens() - counts.cachedTokens() + counts.generatedTokens())
        * 1000.0
        / counts.millis()
        / tasks;
  }

  /** Share of the prompt tokens that were computed, the others being found in the cache. */
  double computedShare() {
    return 1 - (double) counts.cachedTokens() / Math.max(1, counts.promptTokens());
  }
}
