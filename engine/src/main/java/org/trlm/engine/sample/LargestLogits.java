package org.trlm.engine.sample;

/** Finds the k-th largest of many logits with a heap of the k largest so far, without sorting. */
final class LargestLogits {
  /** The k largest so far; the smallest of them is at 0, the children of i at 2i + 1, 2i + 2. */
  private final float[] heap;

  LargestLogits(int vocabSize) {
    heap = new float[vocabSize];
  }

  /** The k-th largest of {@code n} logits from {@code offset} on; 1 ≤ k ≤ n. */
  float threshold(float[] logits, int offset, int n, int k) {
    System.arraycopy(logits, offset, heap, 0, k);
    for (int parent = k / 2 - 1; parent >= 0; parent--) {
      sink(parent, heap[parent], k);
    }
    for (int i = offset + k; i < offset + n; i++) {
      if (logits[i] > heap[0]) {
        sink(0, logits[i], k);
      }
    }
    return heap[0];
  }

  private void sink(int hole, float logit, int size) {
    for (int child = 2 * hole + 1; child < size; child = 2 * hole + 1) {
      if (child + 1 < size && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= logit) {
        break;
      }
      heap[hole] = heap[child];
      hole = child;
    }
    heap[hole] = logit;
  }
}
