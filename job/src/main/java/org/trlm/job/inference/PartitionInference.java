package org.trlm.job.inference;

import java.util.Iterator;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.trlm.job.JobConfig;
import org.trlm.job.model.ModelBundle;
import org.trlm.job.output.ResponseSchema;
import org.trlm.job.progress.RunCounters;

/** What one task of {@code generate} does. */
public final class PartitionInference extends EngineTask {
  private static final long serialVersionUID = 1L;

  private final InferenceSettings settings;

  public PartitionInference(
      Broadcast<ModelBundle> bundle,
      InferenceSettings settings,
      ResponseSchema.Common common,
      RunCounters counters) {
    super(bundle, settings.config(), common, counters, settings.tasksPerJvm());
    this.settings = settings;
  }

  @Override
  RowNames names(String fingerprint) {
    return new RowNames(
        settings.reader(),
        settings.keys(fingerprint),
        settings.schema().columns().fieldIndex("row_key"));
  }

  @Override
  EngineIterator<?> through(Iterator<Row> rows, Resources resources) {
    LoadedModel model = resources.model();
    return new ResponseIterator(
        rows,
        resources.engines(),
        resources.limits(),
        new RowAdmission(
            settings,
            resources.encoder(),
            model,
            resources.files().fingerprint(),
            resources.limits().maxModelLen()),
        new ResponseAssembler(
            model.tokenText(), model.reasoning(), settings.config().output().includeTokenIds()),
        settings,
        resources.common(),
        resources.counters(),
        resources.task());
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
}
