package org.trlm.job.inference;

import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.trlm.job.JobException;
import org.trlm.job.input.PromptTable;
import org.trlm.job.input.SamplingResolver;
import org.trlm.job.model.ModelBundle;
import org.trlm.job.output.ResponseSchema;

/** The workload of {@code generate}: each row is answered by generated text. */
public final class Generation implements Workload {
  private final RunContext run;
  private final InferenceSettings settings;

  private Generation(RunContext run, InferenceSettings settings) {
    this.run = run;
    this.settings = settings;
  }

  /**
   * @throws JobException when the job's sampling parameters cannot be used
   */
  public static Generation of(PromptTable table, RunContext run) {
    InferenceSettings settings =
        new InferenceSettings(
            run.runId(),
            run.config(),
            table.reader(),
            sampling(run),
            new ResponseSchema(table.columns(), table.meaning().consumed()),
            run.keySettings(),
            run.tasksPerJvm());
    return new Generation(run, settings);
  }

  private static SamplingResolver sampling(RunContext run) {
    try {
      return new SamplingResolver(
          run.config().sampling(),
          run.bundle().generationDefaults(),
          run.bundle().config().vocabSize());
    } catch (IllegalArgumentException e) {
      throw new JobException(e.getMessage(), e);
    }
  }

  @Override
  public String command() {
    return "generate";
  }

  @Override
  public StructType columns() {
    return settings.schema().columns();
  }

  @Override
  public List<String> warnings() {
    return settings.schema().warnings();
  }

  @Override
  public Map<String, Object> parameters() {
    return settings.sampling().jobLevel().values();
  }

  @Override
  public int answersPerRow() {
    return settings.sampling().jobLevel().n();
  }

  @Override
  public Map<String, Object> keyParameters() {
    return settings.sampling().jobLevel().keyValues();
  }

  @Override
  public ExpectedTokens expectedTokens() {
    Integer asked = run.config().engine().maxModelLen();
    return new GenerationTokens(
        settings.sampling(), asked != null ? asked : run.bundle().config().maxPositionEmbeddings());
  }

  @Override
  public RequestKeys requestKeys() {
    return settings.keys(run.bundle().fingerprint());
  }

  @Override
  public MapPartitionsFunction<Row, Row> tasks(Broadcast<ModelBundle> model) {
    return new PartitionInference(model, settings, run.common(), run.counters());
  }
}
