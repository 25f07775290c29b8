package org.trlm.benchmarks;

import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.monotonically_increasing_id;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;
import org.trlm.job.BatchInference;
import org.trlm.job.JobConfig;
import org.trlm.job.JobConfig.EngineOptions;
import org.trlm.job.JobConfig.Format;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobConfig.ModelOptions;
import org.trlm.job.JobConfig.OtherConfiguration;
import org.trlm.job.JobConfig.OutputOptions;
import org.trlm.job.JobConfig.RunOptions;
import org.trlm.job.JobConfig.SamplingOptions;
import org.trlm.job.JobConfig.WaveOptions;
import org.trlm.job.inference.Generation;
import org.trlm.job.inference.PartitionInference;
import org.trlm.job.inference.RowKeys;
import org.trlm.job.inference.RunContext;
import org.trlm.job.input.PromptTable;
import org.trlm.job.model.ModelBundle;
import org.trlm.job.progress.RunCounters;

/**
 * The same rows, model and parameters, once as a run with keys and waves and once as one plain
 * write: read, answer, write Parquet, and nothing else. Run by {@code waves.sh}, each in a JVM of
 * its own; seconds count from the opening of the input to the last file, in a Spark that has
 * started.
 */
public final class RunBench {
  private static final int PARTITIONS = 4;

  private RunBench() {}

  /**
   * @param arguments plain, or the rows of a wave; model; prompts; output; max_tokens; max_num_seqs
   */
  public static void main(String[] arguments) {
    boolean plain = arguments[0].equals("plain");
    Long rowsPerWave = plain ? null : Long.valueOf(arguments[0]);
    ModelBundle bundle = ModelBundle.load(arguments[1], new Configuration());
    JobConfig config =
        JobConfig.of(
                ModelOptions.of(bundle.path(), "2026-01-31T00:00:00"),
                InputOptions.of(List.of(Path.of(arguments[2]).toUri().toString())),
                new OutputOptions(
                    Path.of(arguments[3]).toUri().toString(),
                    Format.PARQUET,
                    false,
                    false,
                    new WaveOptions(rowsPerWave, OtherConfiguration.REFUSE, List.of())))
            .with(
                SamplingOptions.of(
                    Map.of("temperature", 0.0, "max_tokens", Integer.parseInt(arguments[4]))))
            .with(EngineOptions.DEFAULT.withSlots(Integer.parseInt(arguments[5]), null))
            .with(RunOptions.DEFAULT.withPartitions(PARTITIONS));
    SparkSession spark =
        SparkSession.builder()
            .appName("run bench")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.debug.maxToStringFields", "1000")
            .config("spark.broadcast.compress", "false")
            .getOrCreate();
    long start = System.nanoTime();
    if (plain) {
      write(spark, config, bundle);
    } else {
      BatchInference.run(spark, config, bundle);
    }
    System.out.printf(
        Locale.ROOT,
        "{\"rows_per_wave\": \"%s\", \"seconds\": %.2f}%n",
        arguments[0],
        (System.nanoTime() - start) / 1e9);
    spark.stop();
  }

  private static void write(SparkSession spark, JobConfig config, ModelBundle bundle) {
    PromptTable table = PromptTable.open(spark, config.input());
    RunCounters counters = new RunCounters(spark.sparkContext());
    int cores = spark.sparkContext().defaultParallelism();
    Generation work =
        Generation.of(table, new RunContext("plain", config, bundle, "{}", counters, cores));
    PartitionInference.prepare(bundle, config, counters, cores);
    Broadcast<ModelBundle> model =
        JavaSparkContext.fromSparkContext(spark.sparkContext()).broadcast(bundle);
    table
        .rows()
        // what stands in for the keys: any name that no other row has
        .withColumn(RowKeys.CONTENT_KEY, monotonically_increasing_id().cast("string"))
        .withColumn(RowKeys.OCCURRENCE, lit(0))
        .repartition(PARTITIONS)
        .mapPartitions(work.tasks(model), Encoders.row(work.columns()))
        .write()
        .parquet(config.output().path());
  }
}
