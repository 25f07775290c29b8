package org.trlm.onednn;

import org.bytedeco.dnnl.global.dnnl;

/** What oneDNN multiplies. The values are bfloat16 either way, the sums float32. */
enum Precision {
  /** Two bytes a value, on the units of the CPU. */
  BFLOAT16(dnnl.dnnl_bf16, Short.BYTES, "bf16"),

  /**
   * The same values held as float32: what the units would compute, up to the order of a sum, on any
   * CPU. For tests.
   */
  EMULATED(dnnl.dnnl_f32, Float.BYTES, "bf16-emulated");

  private final int dataType;
  private final int bytes;
  private final String spelling;

  Precision(int dataType, int bytes, String spelling) {
    this.dataType = dataType;
    this.bytes = bytes;
    this.spelling = spelling;
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

  /** Ints that hold a row of {@code numPairs} pairs of values. */
  int words(int numPairs) {
    return numPairs * 2 * bytes / Integer.BYTES;
  }

  /**
   * Turns rows of bfloat16 pairs into what oneDNN reads: value {@code 2i} is the low half of pair
   * {@code i}, value {@code 2i + 1} its high half.
   *
   * @param pairs {@code numPairs} pairs of one or more rows
   * @param words room for {@link #words} of them; may be {@code pairs} for {@link #BFLOAT16}, whose
   *     pairs are the words already
   */
  void words(int[] pairs, int numPairs, int[] words) {
    if (this == BFLOAT16) {
      return;
    }
    for (int i = 0; i < numPairs; i++) {
      words[2 * i] = pairs[i] << 16;
      words[2 * i + 1] = pairs[i] & 0xffff0000;
    }
  }
}
