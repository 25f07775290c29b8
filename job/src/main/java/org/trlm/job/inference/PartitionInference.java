package org.trlm.job.inference;

import java.util.Iterator;
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
import org.trlm.job.model.ModelBundle;
import org.trlm.job.output.ResponseSchema;
import org.trlm.job.progress.RunCounters;

/**
 * What one task does: takes the JVM's model, sizes an engine for its share of the heap, and answers
 * the rows of its partition one by one. Serialized to the executors; everything heavy travels as a
 * broadcast.
 */
public final class PartitionInference implements MapPartitionsFunction<Row, Row> {
  private static final long serialVersionUID = 1L;

  private final Broadcast<ModelBundle> bundle;
  private final InferenceSettings settings;
  private final ResponseSchema.Common common;
  private final RunCounters counters;

  public PartitionInference(
      Broadcast<ModelBundle> bundle,
      InferenceSettings settings,
      ResponseSchema.Common common,
      RunCounters counters) {
    this.bundle = bundle;
    this.settings = settings;
    this.common = common;
    this.counters = counters;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    TaskContext task = TaskContext.get();
    ModelBundle files = bundle.value();
    LoadedModel model = ModelHolder.model(files, settings.config(), counters);
    EngineConfig limits =
        HeapShare.engineConfig(model, settings.config().engine().limits(), tasksPerJvm());
    PromptEncoder encoder = PromptEncoder.of(settings.config().model(), files);
    ResponseIterator responses =
        new ResponseIterator(
            rows,
            () ->
                new Engine(
                    model.weights(),
                    limits,
                    model.tokenText().matched(),
                    model.endOfTurnTokenIds()),
            limits.maxNumSeqs(),
            new RowAdmission(settings, encoder, model, files.fingerprint(), limits.maxModelLen()),
            new ResponseAssembler(
                model.tokenText(), model.reasoning(), settings.config().output().includeTokenIds()),
            settings,
            new ResponseSchema.Common(
                common.model(),
                common.modelFingerprint(),
                common.runId(),
                SparkEnv.get().blockManager().blockManagerId().host()),
            counters,
            task);
    task.addTaskCompletionListener((TaskCompletionListener) ended -> responses.close());
    return responses;
  }

  /**
   * Packs the model in this JVM and sizes an engine, as its tasks will find them. For a driver
   * whose own JVM runs the tasks.
   *
   * @throws IllegalArgumentException when no engine fits beside the weights
   */
  public static void prepare(
      ModelBundle bundle, JobConfig config, RunCounters counters, int tasksPerJvm) {
    LoadedModel model = ModelHolder.model(bundle, config, counters);
    HeapShare.engineConfig(model, config.engine().limits(), tasksPerJvm);
  }

  private int tasksPerJvm() {
    if (settings.tasksPerJvm() > 0) {
      return settings.tasksPerJvm();
    }
    return TaskSlots.ofExecutor(
        SparkEnv.get().conf(), System.getenv(), Runtime.getRuntime().availableProcessors());
  }
}
