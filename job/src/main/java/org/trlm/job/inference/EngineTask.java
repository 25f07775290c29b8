package org.trlm.job.inference;

import java.util.Iterator;
import java.util.Optional;
import java.util.function.Function;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.util.TaskCompletionListener;
import org.trlm.engine.Engine;
import org.trlm.engine.EngineConfig;
import org.trlm.job.JobConfig;
import org.trlm.job.input.PromptEncoder;
import org.trlm.job.input.PromptRowReader;
import org.trlm.job.model.ModelBundle;
import org.trlm.job.output.ResponseSchema;
import org.trlm.job.progress.RunCounters;

/**
 * What one task does: takes the JVM's model, sizes an engine for its share of the heap, and lets
 * the rows of its partition through it one by one. Serialized to the executors; everything heavy
 * travels as a broadcast.
 */
abstract class EngineTask implements MapPartitionsFunction<Row, Row> {
  private static final long serialVersionUID = 1L;

  private final Broadcast<ModelBundle> bundle;
  private final JobConfig config;
  private final ResponseSchema.Common common;
  private final RunCounters counters;
  private final int tasksPerJvm;

  /**
   * @param tasksPerJvm tasks that share one JVM's heap at a time; 0 asks each executor
   */
  EngineTask(
      Broadcast<ModelBundle> bundle,
      JobConfig config,
      ResponseSchema.Common common,
      RunCounters counters,
      int tasksPerJvm) {
    this.bundle = bundle;
    this.config = config;
    this.common = common;
    this.counters = counters;
    this.tasksPerJvm = tasksPerJvm;
  }

  /**
   * What a task has got to work with.
   *
   * @param engines makes the task's engine, and another one when a step of it has failed
   * @param limits of an engine for more rows than are read ahead
   */
  record Resources(
      ModelBundle files,
      LoadedModel model,
      PromptEncoder encoder,
      Function<EngineConfig, Engine> engines,
      EngineConfig limits,
      ResponseSchema.Common common,
      RunCounters counters,
      TaskContext task) {}

  /**
   * How the rows of a task are told apart.
   *
   * @param rowKeyColumn the index of {@code row_key} among the output's columns
   */
  record RowNames(PromptRowReader reader, RequestKeys keys, int rowKeyColumn) {}

  /**
   * @param fingerprint of the model
   */
  abstract RowNames names(String fingerprint);

  /** The output rows of a partition's rows. */
  abstract EngineIterator<?> through(Iterator<Row> rows, Resources resources);

  @Override
  public final Iterator<Row> call(Iterator<Row> rows) {
    try {
      return answers(rows);
    } catch (OutOfMemoryError e) {
      throw HeapShare.exhausted(e);
    }
  }

  private Iterator<Row> answers(Iterator<Row> rows) {
    TaskContext task = TaskContext.get();
    ModelBundle files = bundle.value();
    LoadedModel model = ModelHolder.model(files, config, counters);
    Optional<TaskTrail> trail =
        TaskTrail.of(task, config.output().path(), common.runId(), names(files.fingerprint()));
    EngineConfig fitting = HeapShare.engineConfig(model, config.engine().limits(), tasksPerJvm());
    EngineConfig limits = trail.map(known -> known.limits(fitting)).orElse(fitting);
    Resources resources =
        new Resources(
            files,
            model,
            PromptEncoder.of(config.model(), files),
            engineConfig -> new Engine(model.weights(), engineConfig, model.answers()),
            limits,
            new ResponseSchema.Common(
                common.model(),
                common.modelFingerprint(),
                common.runId(),
                SparkEnv.get().blockManager().blockManagerId().host()),
            counters,
            task);
    EngineIterator<?> finished =
        through(trail.map(known -> known.entering(rows)).orElse(rows), resources);
    task.addTaskCompletionListener((TaskCompletionListener) ended -> finished.close());
    return trail.map(known -> known.leaving(finished)).orElse(finished);
  }

  private int tasksPerJvm() {
    return tasksPerJvm > 0
        ? tasksPerJvm
        : TaskSlots.ofExecutor(
            SparkEnv.get().conf(), System.getenv(), Runtime.getRuntime().availableProcessors());
  }
}
