package org.trlm.job.inference;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;

/** How many tasks share the heap of one executor JVM. */
final class TaskSlots {
  private static final Pattern LOCAL_CLUSTER =
      Pattern.compile("local-cluster\\[\\s*\\d+\\s*,\\s*(\\d+)\\s*,.*");

  private TaskSlots() {}

  /**
   * The most tasks that run at once in an executor; read there. An estimate that is too high only
   * makes engines smaller.
   *
   * @param environment variables of the executor's process, which a standalone worker hands down
   * @param processors that the JVM sees
   */
  static int ofExecutor(SparkConf conf, Map<String, String> environment, int processors) {
    int cores =
        conf.contains("spark.executor.cores")
            ? conf.getInt("spark.executor.cores", 1)
            : defaultCores(conf, environment, processors);
    return Math.max(1, cores / conf.getInt("spark.task.cpus", 1));
  }

  /** What each cluster manager gives an executor when {@code spark.executor.cores} is not set. */
  private static int defaultCores(SparkConf conf, Map<String, String> environment, int processors) {
    String master = conf.get("spark.master", "");
    if (master.startsWith("yarn") || master.startsWith("k8s://")) {
      return 1;
    }
    Matcher localCluster = LOCAL_CLUSTER.matcher(master);
    if (localCluster.matches()) {
      return Integer.parseInt(localCluster.group(1));
    }
    // standalone: all cores of the worker, unless the application may not have as many
    String worker = environment.getOrDefault("SPARK_WORKER_CORES", "");
    int cores = worker.matches("[1-9]\\d{0,5}") ? Integer.parseInt(worker) : processors;
    return Math.min(cores, conf.getInt("spark.cores.max", Integer.MAX_VALUE));
  }
}
