package org.trlm.engine.kernel;

/**
 * Floats that each thread has for itself while it computes a product. They are kept for the next
 * one, and made anew only where that needs more; what they hold is left over from the last one.
 */
final class ThreadScratch {

  private final ThreadLocal<float[]> floats;

  /**
   * @param least elements that a thread gets at least, enough for most products
   */
  ThreadScratch(int least) {
    floats = ThreadLocal.withInitial(() -> new float[least]);
  }

  /** The calling thread's floats, so many or more. */
  float[] ofAtLeast(int elements) {
    float[] scratch = floats.get();
    if (scratch.length < elements) {
      scratch = new float[elements];
      floats.set(scratch);
    }
    return scratch;
  }
}
