package org.trlm.tokenizer;

/**
 * The merges of a byte-level vocabulary. A word's bytes become symbols, and the pair of neighbours
 * with the lowest rank is joined, the leftmost first, until no pair has a merge.
 *
 * <p>Short words are scanned over an array; long ones keep their candidate pairs in a heap over a
 * linked list, so that a word of n bytes costs O(n log n). Immutable and thread-safe.
 */
final class BytePairEncoding {

  /** Beyond this many symbols the heap is cheaper than scanning for the best pair again. */
  private static final int SHORT_WORD = 24;

  private final Vocabulary vocabulary;
  private final LongMap merges;
  private final int[] byteIds = new int[256];
  private final boolean wholeWordsFirst;
  private final int modelSize;

  /**
   * @param merges (left id, right id) as high and low half, to (rank, joined id) likewise
   * @param wholeWordsFirst the format's {@code ignore_merges}: a word that is itself a token of the
   *     model is taken as such
   * @param modelSize how many of the ids belong to the model, the others being added
   */
  BytePairEncoding(Vocabulary vocabulary, LongMap merges, boolean wholeWordsFirst, int modelSize) {
    this.vocabulary = vocabulary;
    this.merges = merges;
    this.wholeWordsFirst = wholeWordsFirst;
    for (int value = 0; value < 256; value++) {
      int id = vocabulary.idOfSpelled(new byte[] {(byte) value}, 1);
      byteIds[value] = id < modelSize ? id : -1;
    }
    this.modelSize = modelSize;
  }

  /** Key of a pair of ids, or value of a rank and an id. */
  static long pair(int left, int right) {
    return ((long) left << 32) | right;
  }

  /**
   * Appends the ids of one word. A byte that the vocabulary does not spell is left out, as the
   * reference does without an unknown token.
   */
  void encode(byte[] bytes, int length, IntList ids) {
    if (wholeWordsFirst) {
      int whole = vocabulary.idOfSpelled(bytes, length);
      if (whole >= 0 && whole < modelSize) {
        ids.add(whole);
        return;
      }
    }
    int[] symbols = new int[length];
    int count = 0;
    for (int i = 0; i < length; i++) {
      int id = byteIds[bytes[i] & 0xFF];
      if (id >= 0) {
        symbols[count++] = id;
      }
    }
    int left = count <= SHORT_WORD ? mergeShort(symbols, count) : mergeLong(symbols, count);
    for (int i = 0; i < left; i++) {
      ids.add(symbols[i]);
    }
  }

  /** Joins in place by scanning ranks; returns how many symbols are left. */
  private int mergeShort(int[] symbols, int count) {
    long[] candidates = new long[Math.max(1, count)];
    for (int i = 0; i + 1 < count; i++) {
      candidates[i] = candidate(symbols[i], symbols[i + 1]);
    }
    while (count > 1) {
      int best = 0;
      for (int i = 1; i + 1 < count; i++) {
        if (candidates[i] < candidates[best]) {
          best = i;
        }
      }
      if (candidates[best] == Long.MAX_VALUE) {
        break;
      }
      symbols[best] = (int) candidates[best];
      count--;
      System.arraycopy(symbols, best + 2, symbols, best + 1, count - best - 1);
      if (count - best - 2 > 0) {
        System.arraycopy(candidates, best + 2, candidates, best + 1, count - best - 2);
      }
      if (best > 0) {
        candidates[best - 1] = candidate(symbols[best - 1], symbols[best]);
      }
      if (best + 1 < count) {
        candidates[best] = candidate(symbols[best], symbols[best + 1]);
      }
    }
    return count;
  }

  /** (rank, joined id) of a pair, or the largest long. */
  private long candidate(int left, int right) {
    long merge = merges.find(pair(left, right));
    return merge == LongMap.ABSENT ? Long.MAX_VALUE : merge;
  }

  /** Joins in place with a heap of (rank, position); returns how many symbols are left. */
  private int mergeLong(int[] symbols, int count) {
    int[] previous = new int[count];
    int[] next = new int[count];
    LongHeap heap = new LongHeap(count);
    for (int i = 0; i < count; i++) {
      previous[i] = i - 1;
      next[i] = i + 1 < count ? i + 1 : -1;
      if (next[i] >= 0) {
        offer(heap, symbols, i, i + 1);
      }
    }
    while (!heap.isEmpty()) {
      long top = heap.poll();
      int at = (int) top;
      int right = symbols[at] < 0 ? -1 : next[at];
      if (right < 0) {
        continue;
      }
      long merge = merges.find(pair(symbols[at], symbols[right]));
      if (merge == LongMap.ABSENT || merge >>> 32 != top >>> 32) {
        continue; // the pair that this entry was about has been joined otherwise
      }
      symbols[at] = (int) merge;
      symbols[right] = -1;
      next[at] = next[right];
      if (next[at] >= 0) {
        previous[next[at]] = at;
        offer(heap, symbols, at, next[at]);
      }
      if (previous[at] >= 0) {
        offer(heap, symbols, previous[at], at);
      }
    }
    int left = 0;
    for (int i = 0; i >= 0 && i < count; i = next[i]) {
      symbols[left++] = symbols[i];
    }
    return left;
  }

  private void offer(LongHeap heap, int[] symbols, int left, int right) {
    long merge = merges.find(pair(symbols[left], symbols[right]));
    if (merge != LongMap.ABSENT) {
      heap.add((merge & 0xFFFF_FFFF_0000_0000L) | left);
    }
  }
}
