package org.trlm.job.input;

import java.io.IOException;
import java.io.Serializable;
import java.net.URI;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;
import org.trlm.job.JobException;

/**
 * Looks into each file of an input before any work, in tasks on the executors. What cannot be read
 * here is left to Spark, which says why.
 */
final class InputFiles implements FlatMapFunction<Iterator<String>, String>, Serializable {
  private static final long serialVersionUID = 1L;

  private static final int TASKS_PER_CORE = 4;

  /** Looks into one file, in a task. */
  @FunctionalInterface
  interface Check extends Serializable {

    /** What is wrong with the file, to follow its name; null when nothing is. */
    String problem(Path file, Configuration hadoop) throws IOException;
  }

  private final Check check;
  private final Broadcast<SerializableConfiguration> hadoop;

  private InputFiles(Check check, Broadcast<SerializableConfiguration> hadoop) {
    this.check = check;
    this.hadoop = hadoop;
  }

  /**
   * @param files URIs
   * @throws JobException naming the first file with a problem, and what it is
   */
  static void check(SparkSession spark, String[] files, Check check) {
    if (files.length == 0) {
      return;
    }
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    Broadcast<SerializableConfiguration> hadoop =
        context.broadcast(new SerializableConfiguration(spark.sessionState().newHadoopConf()));
    int tasks = Math.min(files.length, TASKS_PER_CORE * context.defaultParallelism());
    List<String> problems =
        context
            .parallelize(List.of(files), tasks)
            .mapPartitions(new InputFiles(check, hadoop))
            .collect();
    hadoop.destroy();
    if (!problems.isEmpty()) {
      throw new JobException(problems.get(0));
    }
  }

  @Override
  public Iterator<String> call(Iterator<String> files) {
    List<String> problems = new ArrayList<>();
    while (files.hasNext() && problems.isEmpty()) {
      String file = files.next();
      try {
        String problem = check.problem(new Path(URI.create(file)), hadoop.value().value());
        if (problem != null) {
          problems.add("--input %s%s".formatted(file, problem));
        }
      } catch (IOException | RuntimeException e) {
        // Spark reads it again, and says what is wrong with it
      }
    }
    return problems.iterator();
  }
}
