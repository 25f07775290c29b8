package org.trlm.onednn;

import java.util.List;
import org.bytedeco.dnnl.global.dnnl;

/** What oneDNN multiplies. The values are bfloat16 either way, the sums float32. */
enum Precision {
  /** Two bytes a value, on the units of the CPU. */
  BFLOAT16(dnnl.dnnl_bf16, Short.BYTES, "bf16", dnnl.dnnl_ab),

  /**
   * The same with activations in blocks of two rows by four values, the operands of Arm's
   * instruction: how oneDNN's code for arm64 with vectors of 256 bits reads them.
   */
  BFLOAT16_IN_BLOCKS(dnnl.dnnl_bf16, Short.BYTES, "bf16", dnnl.dnnl_AB2a4b),

  /**
   * The same values held as float32: what the units would compute, up to the order of a sum, on any
   * CPU. For tests.
   */
  EMULATED(dnnl.dnnl_f32, Float.BYTES, "bf16-emulated", dnnl.dnnl_ab);

  private final int dataType;
  private final int bytes;
  private final String spelling;
  private final int activationsLayout;

  Precision(int dataType, int bytes, String spelling, int activationsLayout) {
    this.dataType = dataType;
    this.bytes = bytes;
    this.spelling = spelling;
    this.activationsLayout = activationsLayout;
  }

  /** Those that may use the units of a CPU of that architecture, the first that does is taken. */
  static List<Precision> onUnits(String architecture) {
    return architecture.equals("aarch64")
        ? List.of(BFLOAT16, BFLOAT16_IN_BLOCKS)
        : List.of(BFLOAT16);
  }

  /** oneDNN's number for it. */
  int dataType() {
    return dataType;
  }

  /** Bytes of one value. */
  int bytes() {
    return bytes;
  }

  String spelling() {
    return spelling;
  }

  /** oneDNN's number for how the activations of a product lie. */
  int activationsLayout() {
    return activationsLayout;
  }

  /** Whether values are held as bfloat16, so that pairs of them are the words that oneDNN reads. */
  boolean isBfloat16() {
    return dataType == dnnl.dnnl_bf16;
  }

  /** Ints that hold a row of {@code numPairs} pairs of weights. */
  int words(int numPairs) {
    return numPairs * 2 * bytes / Integer.BYTES;
  }

  /**
   * Turns a row of bfloat16 pairs into what oneDNN reads: value {@code 2i} is the low half of pair
   * {@code i}, value {@code 2i + 1} its high half.
   *
   * @param words room for {@link #words} of them; may be {@code pairs} where they are {@link
   *     #isBfloat16}, whose pairs are the words already
   */
  void words(int[] pairs, int numPairs, int[] words) {
    if (isBfloat16()) {
      return;
    }
    for (int i = 0; i < numPairs; i++) {
      words[2 * i] = pairs[i] << 16;
      words[2 * i + 1] = pairs[i] & 0xffff0000;
    }
  }

  /** Ints that hold the activations of some tokens. */
  int activationWords(int numTokens, int numPairs) {
    int rowPairs = this == BFLOAT16_IN_BLOCKS ? numPairs + numPairs % 2 : numPairs;
    return numTokens * words(rowPairs);
  }

  /**
   * Lays out the activations of tokens, of which there is an even number.
   *
   * @param pairs {@code [numTokens][numPairs]}
   * @param words room for {@link #activationWords}; may be {@code pairs} for {@link #BFLOAT16}
   */
  void arrange(int[] pairs, int numTokens, int numPairs, int[] words) {
    if (this != BFLOAT16_IN_BLOCKS) {
      words(pairs, numTokens * numPairs, words);
      return;
    }
    int at = 0;
    for (int token = 0; token < numTokens; token += 2) {
      int upper = token * numPairs;
      int lower = upper + numPairs;
      for (int pair = 0; pair < numPairs; pair += 2) {
        boolean whole = pair + 1 < numPairs;
        words[at++] = pairs[upper + pair];
        words[at++] = whole ? pairs[upper + pair + 1] : 0;
        words[at++] = pairs[lower + pair];
        words[at++] = whole ? pairs[lower + pair + 1] : 0;
      }
    }
  }
}
