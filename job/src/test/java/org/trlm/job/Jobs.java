package org.trlm.job;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.trlm.job.JobConfig.EngineOptions;
import org.trlm.job.JobConfig.Format;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobConfig.ModelOptions;
import org.trlm.job.JobConfig.OtherConfiguration;
import org.trlm.job.JobConfig.OutputOptions;
import org.trlm.job.JobConfig.SamplingOptions;
import org.trlm.job.JobConfig.WaveOptions;
import org.trlm.job.model.ModelBundle;

/** Runs of the tiny model for tests: greedy, with token ids, unless a test says otherwise. */
public final class Jobs {
  /** The project's examples. */
  public static final Path EXAMPLES = Path.of("..", "examples").toAbsolutePath().normalize();

  public static final Path TINY_MODEL = EXAMPLES.resolve("tiny-reasoner");
  public static final Path PROMPTS = EXAMPLES.resolve("prompts.jsonl");

  public static final SamplingOptions GREEDY =
      SamplingOptions.of(Map.of("temperature", 0.0, "max_tokens", 128));

  private static ModelBundle tiny;

  private Jobs() {}

  public static synchronized ModelBundle tinyModel() {
    if (tiny == null) {
      tiny = ModelBundle.load(TINY_MODEL.toString(), new Configuration());
    }
    return tiny;
  }

  /** A greedy job over {@code input}, which writes Parquet with token ids. */
  public static JobConfig config(Path input, Path output) {
    return JobConfig.of(
            ModelOptions.of(TINY_MODEL.toString(), "2026-01-31T00:00:00"),
            input(input),
            new OutputOptions(output.toString(), Format.PARQUET, true, true))
        .with(GREEDY)
        .with(EngineOptions.DEFAULT.withSlots(16, 32L << 20));
  }

  public static InputOptions input(Path input) {
    return InputOptions.of(List.of(input.toUri().toString()));
  }

  public static JobConfig withRowsPerWave(JobConfig config, long rows) {
    return config.with(
        config.output().with(new WaveOptions(rows, OtherConfiguration.REFUSE, List.of())));
  }

  public static JobConfig withPartitions(JobConfig config, int partitions) {
    return config.with(config.run().withPartitions(partitions));
  }

  /** Runs the job and reads what it wrote, by custom_id. */
  public static Map<String, Row> run(JobConfig config) {
    BatchInference.run(SharedSpark.session(), config, tinyModel());
    return rows(SharedSpark.session(), config);
  }

  public static Map<String, Row> rows(SparkSession spark, JobConfig config) {
    var reader = spark.read();
    String path = config.output().path();
    var rows = config.output().format() == Format.JSONL ? reader.json(path) : reader.parquet(path);
    return rows.collectAsList().stream()
        .collect(Collectors.toMap(row -> row.getAs("custom_id"), Function.identity()));
  }

  /** The code of an error row; null for others. */
  public static String errorCode(Row row) {
    Row error = row.getAs("error");
    return error == null ? null : error.getAs("code");
  }

  public static String errorMessage(Row row) {
    Row error = row.getAs("error");
    return error == null ? null : error.getAs("message");
  }
}
