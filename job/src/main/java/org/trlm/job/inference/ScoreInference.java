package org.trlm.job.inference;

import java.util.Iterator;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.trlm.job.model.ModelBundle;
import org.trlm.job.output.ResponseSchema;
import org.trlm.job.progress.RunCounters;

/** What one task of {@code score} does. */
final class ScoreInference extends EngineTask {
  private static final long serialVersionUID = 1L;

  private final ScoreSettings settings;

  ScoreInference(
      Broadcast<ModelBundle> bundle,
      ScoreSettings settings,
      ResponseSchema.Common common,
      RunCounters counters,
      int tasksPerJvm) {
    super(bundle, settings.config(), common, counters, tasksPerJvm);
    this.settings = settings;
  }

  @Override
  RowNames names(String fingerprint) {
    return new RowNames(
        settings.reader(), settings.keys(), settings.schema().columns().fieldIndex("row_key"));
  }

  @Override
  EngineIterator<?> through(Iterator<Row> rows, Resources resources) {
    return new ScoreIterator(
        rows,
        resources.engines(),
        resources.limits(),
        new ScoreAdmission(settings, resources.encoder(), resources.limits().maxModelLen()),
        settings,
        resources.common(),
        resources.counters(),
        resources.task());
  }
}
