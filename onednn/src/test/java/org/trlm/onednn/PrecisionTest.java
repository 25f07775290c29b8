package org.trlm.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.global.dnnl;
import org.junit.jupiter.api.Test;

/** Activations lie as oneDNN's own description of the layout says, on any CPU. */
class PrecisionTest {

  private static final int TOKENS = 16;

  @Test
  void blocksAreThoseOfTheLayout() {
    OneDnn.loadLibrary();
    for (int numPairs : new int[] {1, 2, 3, 4, 7, 32}) {
      int[] pairs = IntStream.range(1, 1 + TOKENS * numPairs).map(i -> i << 16 | -i).toArray();
      int[] words = new int[Precision.BFLOAT16_IN_BLOCKS.activationWords(TOKENS, numPairs)];
      Precision.BFLOAT16_IN_BLOCKS.arrange(pairs, TOKENS, numPairs, words);
      dnnl_memory_desc matrix = description(numPairs, Precision.BFLOAT16_IN_BLOCKS);
      assertThat(dnnl.dnnl_memory_desc_get_size(matrix)).isEqualTo(4L * words.length);
      BlockedLayout layout = new BlockedLayout(matrix);
      int[] expected = new int[words.length];
      for (int token = 0; token < TOKENS; token++) {
        for (int pair = 0; pair < numPairs; pair++) {
          int value = layout.offset(0, token) + layout.offset(1, 2 * pair);
          assertThat(value % 2).isZero();
          expected[value / 2] = pairs[token * numPairs + pair];
        }
      }
      assertThat(words).as("%s pairs", numPairs).isEqualTo(expected);
      dnnl.dnnl_memory_desc_destroy(matrix);
    }
  }

  private static dnnl_memory_desc description(int numPairs, Precision precision) {
    dnnl_memory_desc matrix = new dnnl_memory_desc();
    OneDnn.check(
        dnnl.dnnl_memory_desc_create_with_tag(
            matrix,
            2,
            new long[] {TOKENS, 2L * numPairs},
            precision.dataType(),
            precision.activationsLayout()),
        "describe activations");
    return matrix;
  }
}
