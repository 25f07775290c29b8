package org.trlm.job.inference;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.apache.spark.SparkConf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TaskSlotsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "yarn                      |    |    |    |   | 1",
        "k8s://https://host:443    |    |    |    |   | 1",
        "local-cluster[2,3,1024]   |    |    |    |   | 3",
        "spark://host:7077         |    |    |    |   | 8",
        "spark://host:7077         |    | 4  |    |   | 4",
        "spark://host:7077         |    | 4  | 2  |   | 2",
        "spark://host:7077         |    | x  |    |   | 8",
        "yarn                      | 5  |    |    |   | 5",
        "spark://host:7077         | 5  | 4  |    |   | 5",
        "local-cluster[2,3,1024]   | 2  |    |    |   | 2",
        "yarn                      | 6  |    |    | 2 | 3",
        "yarn                      |    |    |    | 2 | 1",
      })
  void coresOfAnExecutorByMaster(
      String master,
      String executorCores,
      String workerCores,
      String mostCores,
      String taskCpus,
      int expected) {
    SparkConf conf = new SparkConf(false).set("spark.master", master);
    set(conf, "spark.executor.cores", executorCores);
    set(conf, "spark.cores.max", mostCores);
    set(conf, "spark.task.cpus", taskCpus);
    Map<String, String> environment =
        workerCores == null ? Map.of() : Map.of("SPARK_WORKER_CORES", workerCores);
    assertThat(TaskSlots.ofExecutor(conf, environment, 8)).isEqualTo(expected);
  }

  private static void set(SparkConf conf, String key, String value) {
    if (value != null) {
      conf.set(key, value);
    }
  }
}
