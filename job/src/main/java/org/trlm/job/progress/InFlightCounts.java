package org.trlm.job.progress;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import scala.collection.Iterator;

/**
 * What running tasks have counted so far, as their executors' heartbeats tell it. A task's counts
 * move to the accumulators when it ends. Driver; called by Spark's listener thread, read by
 * another.
 */
final class InFlightCounts extends SparkListener {
  private final Map<Long, String> nameById;
  private final Map<Long, Map<String, Long>> byTask = new ConcurrentHashMap<>();

  /**
   * @param nameById the accumulators to follow
   */
  InFlightCounts(Map<Long, String> nameById) {
    this.nameById = Map.copyOf(nameById);
  }

  @Override
  public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
    for (var tasks = update.accumUpdates().iterator(); tasks.hasNext(); ) {
      var task = tasks.next();
      Map<String, Long> counts = new HashMap<>();
      for (Iterator<AccumulableInfo> all = task._4().iterator(); all.hasNext(); ) {
        AccumulableInfo counter = all.next();
        String name = nameById.get(counter.id());
        if (name != null
            && counter.update().isDefined()
            && counter.update().get() instanceof Long value) {
          counts.merge(name, value, Long::sum);
        }
      }
      if (!counts.isEmpty()) {
        byTask.put((Long) task._1(), counts);
      }
    }
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd end) {
    byTask.remove(end.taskInfo().taskId());
  }

  /** Sums over the tasks that run now, by name. */
  Map<String, Long> sums() {
    Map<String, Long> sums = new HashMap<>();
    byTask
        .values()
        .forEach(task -> task.forEach((name, value) -> sums.merge(name, value, Long::sum)));
    return sums;
  }
}
