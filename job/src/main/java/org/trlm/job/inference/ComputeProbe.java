package org.trlm.job.inference;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkExecutorInfo;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.storage.BlockManagerId;
import org.trlm.engine.kernel.ComputeMode;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.kernel.Kernels;

/**
 * Asks every JVM of an application that runs tasks whether it can compute in a mode. Called on the
 * driver.
 */
public final class ComputeProbe {
  /** Rounds end sooner when nobody new has answered and everybody known has. */
  private static final int MOST_ROUNDS = 20;

  /** A task keeps its slot so long, so that others run elsewhere. */
  private static final long HELD_MILLIS = 200;

  private static final int HOST = 0;
  private static final int PORT = 1;
  private static final int MISSING = 2;
  private static final int KERNELS = 3;

  private ComputeProbe() {}

  /**
   * What one JVM said.
   *
   * @param host it runs on
   * @param missing what it lacks for the mode; null when it has everything
   * @param kernels it would compute with, by {@link org.trlm.engine.kernel.Kernels#name}; null when
   *     it lacks something
   */
  public record Answer(String host, String missing, String kernels) {}

  /**
   * The answers of all executors that are there, one each; of this JVM alone in local mode. Tasks
   * go where Spark sends them, so there are rounds of more tasks than slots until every registered
   * executor has answered and no further one has come. Executors that come later are not waited
   * for.
   */
  public static List<Answer> ask(SparkContext spark, ComputeMode mode) {
    if (spark.isLocal()) {
      return List.of(toAnswer(answer(mode)));
    }
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark);
    Map<String, Answer> answers = new TreeMap<>();
    for (int round = 0; round < MOST_ROUNDS; round++) {
      int before = answers.size();
      int tasks = 2 * Math.max(spark.defaultParallelism(), executors(spark).size());
      List<Integer> numbers = IntStream.range(0, tasks).boxed().toList();
      for (String[] found : context.parallelize(numbers, tasks).map(task -> held(mode)).collect()) {
        answers.put(found[HOST] + ":" + found[PORT], toAnswer(found));
      }
      if (answers.size() == before && answers.keySet().containsAll(executors(spark))) {
        break;
      }
    }
    return new ArrayList<>(answers.values());
  }

  /** Host and port of each executor that is registered now. */
  private static Set<String> executors(SparkContext spark) {
    String driver = SparkEnv.get().blockManager().blockManagerId().hostPort();
    Set<String> executors = new HashSet<>();
    for (SparkExecutorInfo executor : spark.statusTracker().getExecutorInfos()) {
      executors.add(executor.host() + ":" + executor.port());
    }
    executors.remove(driver);
    return executors;
  }

  private static String[] held(ComputeMode mode) throws InterruptedException {
    String[] answer = answer(mode);
    Thread.sleep(HELD_MILLIS);
    return answer;
  }

  /** Of this JVM, as strings, which every serializer that a user may set can write. */
  private static String[] answer(ComputeMode mode) {
    BlockManagerId id = SparkEnv.get().blockManager().blockManagerId();
    String missing = KernelProvider.missing(mode).orElse(null);
    String[] answer = new String[KERNELS + 1];
    answer[HOST] = id.host();
    answer[PORT] = Integer.toString(id.port());
    answer[MISSING] = missing;
    answer[KERNELS] = missing == null ? KernelProvider.packer(mode, exact()).name() : null;
    return answer;
  }

  /** What a JVM computes with in the exact mode, once it is known to be allowed to. */
  public static Kernels exact() {
    return KernelProvider.vectorAvailable() ? KernelProvider.vector() : KernelProvider.scalar();
  }

  private static Answer toAnswer(String[] found) {
    return new Answer(found[HOST], found[MISSING], found[KERNELS]);
  }
}
