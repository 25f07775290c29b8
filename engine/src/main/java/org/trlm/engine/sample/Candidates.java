package org.trlm.engine.sample;

import java.util.Arrays;

/**
 * The tokens that may be drawn, by ascending id, each with a whole number as its weight: its
 * probability relative to the most likely token's, in steps of 2^-40 (a token less likely than that
 * is no candidate). Whole numbers add up to the same sum in any order, so what is kept does not
 * depend on how it is searched for. Reused for each draw.
 */
final class Candidates {
  /** The weight of the most likely token. */
  private static final long ONE = 1L << 40;

  /** The smallest share of the most likely token's probability that has a weight. */
  static final double SMALLEST = 1.0 / ONE;

  private final int[] ids;
  private final long[] weights;
  private int count;
  private long total;

  /** Sum of the weights with that many leading zero bits: halving steps of likelihood. */
  private final long[] bucketWeights = new long[Long.SIZE];

  /** Indexes into {@link #ids}, in the order that a search has brought them into. */
  private final int[] order;

  /**
   * @param vocabSize most candidates, at most 2^22 so that sums of weights stay within a long
   */
  Candidates(int vocabSize) {
    assert vocabSize <= 1 << 22;
    ids = new int[vocabSize];
    weights = new long[vocabSize];
    order = new int[vocabSize];
  }

  void clear() {
    count = 0;
    total = 0;
    Arrays.fill(bucketWeights, 0);
  }

  /**
   * Adds a token; ids come in ascending order.
   *
   * @param relative its probability as a share of the most likely token's, {@link #SMALLEST} to 1
   */
  void add(int id, float relative) {
    long weight = (long) (relative * (double) ONE);
    ids[count] = id;
    weights[count++] = weight;
    total += weight;
    bucketWeights[Long.numberOfLeadingZeros(weight)] += weight;
  }

  int count() {
    return count;
  }

  int id(int index) {
    return ids[index];
  }

  /** The chance of a candidate among those that are left. */
  double probability(int index) {
    return (double) weights[index] / total;
  }

  /**
   * Keeps the smallest set of most likely tokens whose weights reach the share {@code topP} of all,
   * the one that crosses it included; of equally likely ones the lowest ids.
   */
  void keepTopP(double topP) {
    long wanted = Math.max(1, Math.min(total, (long) Math.ceil(topP * total)));
    int bucket = 0;
    while (bucketWeights[bucket] < wanted) {
      wanted -= bucketWeights[bucket++];
    }
    int last = lastKept(wanted, gather(bucket));
    long lastWeight = weights[last]; // the slot is written over below
    int kept = 0;
    total = 0;
    for (int i = 0; i < count; i++) {
      if (weights[i] > lastWeight || (weights[i] == lastWeight && i <= last)) {
        ids[kept] = ids[i];
        weights[kept] = weights[i];
        total += weights[kept++];
      }
    }
    count = kept;
  }

  /** Brings the candidates of a bucket to the front of {@link #order}; returns how many. */
  private int gather(int bucket) {
    int gathered = 0;
    for (int i = 0; i < count; i++) {
      if (Long.numberOfLeadingZeros(weights[i]) == bucket) {
        order[gathered++] = i;
      }
    }
    return gathered;
  }

  /**
   * Among the first {@code end} of {@link #order}: the one at which the weights, added from the
   * most likely on, reach {@code wanted}. A quickselect by weight.
   */
  private int lastKept(long wanted, int end) {
    int begin = 0;
    while (end - begin > 1) {
      int middle = (begin + end) >>> 1;
      int pivot = order[middle];
      order[middle] = order[end - 1];
      int split = begin;
      long before = 0;
      for (int i = begin; i < end - 1; i++) {
        int candidate = order[i];
        if (precedes(candidate, pivot)) {
          before += weights[candidate];
          order[i] = order[split];
          order[split++] = candidate;
        }
      }
      order[end - 1] = order[split];
      order[split] = pivot;
      if (before >= wanted) {
        end = split;
      } else if (before + weights[pivot] >= wanted) {
        return pivot;
      } else {
        wanted -= before + weights[pivot];
        begin = split + 1;
      }
    }
    return order[begin];
  }

  private boolean precedes(int a, int b) {
    return weights[a] > weights[b] || (weights[a] == weights[b] && a < b);
  }

  /**
   * The candidate at which the weights, added by ascending id, exceed a share of their sum.
   *
   * @param uniform in [0, 1)
   */
  int draw(double uniform) {
    long remaining = Math.min(total - 1, (long) (uniform * total));
    int i = 0;
    while (remaining >= weights[i]) {
      remaining -= weights[i++];
    }
    return ids[i];
  }
}
