package org.trlm.engine.request;

/**
 * Ends a sequence that repeats itself: when its last generated tokens are one pattern, {@code
 * minCount} times in a row. vLLM's parameter of the same name.
 *
 * @param maxPatternSize longest pattern looked for, in tokens; 0 looks for none
 * @param minPatternSize shortest pattern looked for; 0 counts as 1
 * @param minCount how many copies in a row end the sequence; at least 2
 */
public record RepetitionDetection(int maxPatternSize, int minPatternSize, int minCount) {
  /** Looks for nothing. */
  public static final RepetitionDetection OFF = new RepetitionDetection(0, 0, 0);

  /**
   * @throws IllegalArgumentException naming the field, the value found and what is allowed
   */
  public RepetitionDetection {
    SamplingParams.check(
        maxPatternSize >= 0,
        "repetition_detection.max_pattern_size",
        maxPatternSize,
        "0 (off) or more");
    SamplingParams.check(
        minPatternSize >= 0 && minPatternSize <= maxPatternSize,
        "repetition_detection.min_pattern_size",
        minPatternSize,
        "0 (as 1) to max_pattern_size = " + maxPatternSize);
    SamplingParams.check(
        maxPatternSize == 0 ? minCount >= 0 : minCount >= 2,
        "repetition_detection.min_count",
        minCount,
        "2 or more");
  }

  /** Whether there is anything to look for. */
  public boolean isOn() {
    return maxPatternSize > 0;
  }

  /**
   * Whether the tokens from {@code begin} to {@code end - 1} end in a pattern often enough.
   *
   * @param tokenIds prompt and generated tokens
   * @param begin the first generated one
   */
  public boolean found(int[] tokenIds, int begin, int end) {
    long generated = end - begin;
    for (int size = Math.max(1, minPatternSize);
        size <= maxPatternSize && (long) size * minCount <= generated;
        size++) {
      if (endsIn(tokenIds, end, size)) {
        return true;
      }
    }
    return false;
  }

  /** The last {@code size * minCount} tokens are one pattern if each equals the one before it. */
  private boolean endsIn(int[] tokenIds, int end, int size) {
    for (int i = end - size * (minCount - 1); i < end; i++) {
      if (tokenIds[i] != tokenIds[i - size]) {
        return false;
      }
    }
    return true;
  }
}
