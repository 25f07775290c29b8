package org.trlm.job.inference;

import org.trlm.engine.EngineConfig;
import org.trlm.engine.EngineDoesNotFitException;
import org.trlm.engine.EngineSizing;
import org.trlm.engine.RequestedLimits;

/**
 * Divides the heap of a JVM, less the packed weights, among the engines of its tasks:
 *
 * <pre>
 * heap = checkpoint + packed weights + tasks × engine / share
 * </pre>
 */
final class HeapShare {
  /** Of the free heap, for engines that choose their own size; the rest is for Spark's buffers. */
  private static final double CHOSEN = 0.6;

  /** The same where slots or cache were asked for: whoever sets them knows the machine. */
  private static final double ASKED = 0.8;

  private HeapShare() {}

  /**
   * The limits of one task's engine.
   *
   * @param tasksPerJvm tasks that run at the same time in this JVM
   * @throws IllegalArgumentException when no engine fits, naming the heap that would do
   */
  static EngineConfig engineConfig(LoadedModel model, RequestedLimits asked, int tasksPerJvm) {
    double share = asked.maxNumSeqs() > 0 || asked.kvCacheMemory() > 0 ? ASKED : CHOSEN;
    long available = (long) (model.freeBytes() * share) / tasksPerJvm;
    try {
      return EngineSizing.fit(model.config(), available, asked).config();
    } catch (EngineDoesNotFitException e) {
      long taken = Runtime.getRuntime().maxMemory() - model.freeBytes();
      long heap = taken + (long) (e.neededBytes() * tasksPerJvm / share);
      throw new IllegalArgumentException(
          "%s. With %d tasks in this JVM a heap of %d MiB is enough; it has %d MiB"
              .formatted(
                  e.getMessage(),
                  tasksPerJvm,
                  (heap >> 20) + 1,
                  Runtime.getRuntime().maxMemory() >> 20),
          e);
    }
  }

  /**
   * What ends a task instead of an error that would end its JVM: Spark looks for one in causes, so
   * it is not the cause.
   */
  static IllegalStateException exhausted(OutOfMemoryError error) {
    return new IllegalStateException(
        "the heap of %d MiB is too small for what its tasks hold (%s). Give executors more memory (--executor-memory; in local mode TRLM_DRIVER_MEMORY), or lower --max-num-seqs or --kv-cache-memory"
            .formatted(Runtime.getRuntime().maxMemory() >> 20, error.getMessage()));
  }
}
