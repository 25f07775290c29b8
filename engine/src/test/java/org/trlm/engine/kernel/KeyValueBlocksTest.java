package org.trlm.engine.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is stored in a block of the key/value cache is found there again, in both types. */
class KeyValueBlocksTest {

  private static final int OFFSET = 7;
  private static final int BLOCKS = 3;

  @ParameterizedTest
  @ValueSource(ints = {2, 6, 16, 20, 40, 64})
  void aTokenIsFoundWhereItWasStored(int headDim) {
    long seed = new Random().nextLong();
    System.out.println("key/value blocks: seed " + seed);
    for (KvCacheDtype dtype : KvCacheDtype.values()) {
      Random random = new Random(seed);
      AttentionShape shape = new AttentionShape(4, 2, headDim);
      KeyValueBlocks cache = cache(shape, dtype);
      int width = 2 * headDim;
      float[][] tokens = new float[BLOCKS * 16 * 2][width];
      for (int i = 0; i < tokens.length; i++) {
        for (int d = 0; d < width; d++) {
          tokens[i][d] = PanelDtype.roundToBfloat16((float) random.nextGaussian());
        }
        cache.store(i / 32, i % 2, i / 2 % 16, tokens[i], 0, headDim);
      }
      for (int i = 0; i < tokens.length; i++) {
        for (int d = 0; d < headDim; d++) {
          int head = i % 2;
          int token = i / 2 % 16;
          assertThat(cache.get(i / 32, shape.keyAt(head, token, d)))
              .as("key, %s, seed %d", dtype, seed)
              .isEqualTo(tokens[i][d]);
          assertThat(cache.get(i / 32, shape.valueAt(head, token, d)))
              .as("value, %s, seed %d", dtype, seed)
              .isEqualTo(tokens[i][headDim + d]);
        }
      }
    }
  }

  @Test
  void bfloat16IsRoundedToNearestAndTiesToEven() {
    assertThat(stored(1f)).isEqualTo(1f);
    assertThat(stored(1.00390625f)).as("a tie, down to even").isEqualTo(1f);
    assertThat(stored(1.01171875f)).as("a tie, up to even").isEqualTo(1.015625f);
    assertThat(stored(1.0039064f)).isEqualTo(1.0078125f);
    assertThat(stored(-1.0117185f)).isEqualTo(-1.0078125f);
    assertThat(stored(3.1415927f)).isEqualTo(3.140625f);
    assertThat(stored(-0f)).isEqualTo(-0f);
    assertThat(stored(Float.NEGATIVE_INFINITY)).isEqualTo(Float.NEGATIVE_INFINITY);
    assertThat(stored(Float.NaN)).isNaN();
  }

  private static float stored(float value) {
    KeyValueBlocks cache = cache(new AttentionShape(1, 1, 2), KvCacheDtype.BFLOAT16);
    cache.set(1, 5, value);
    return cache.get(1, 5);
  }

  @ParameterizedTest
  @EnumSource
  void aCopyIsTheWholeBlockAndNothingElse(KvCacheDtype dtype) {
    AttentionShape shape = new AttentionShape(2, 1, 6);
    KeyValueBlocks cache = cache(shape, dtype);
    for (int i = 0; i < BLOCKS * shape.blockElements(); i++) {
      cache.set(i / shape.blockElements(), i % shape.blockElements(), i % 251);
    }
    cache.copy(2, 0);
    for (int i = 0; i < shape.blockElements(); i++) {
      assertThat(cache.get(0, i)).isEqualTo((2 * shape.blockElements() + i) % 251);
      assertThat(cache.get(1, i)).isEqualTo((shape.blockElements() + i) % 251);
      assertThat(cache.get(2, i)).isEqualTo((2 * shape.blockElements() + i) % 251);
    }
  }

  private static KeyValueBlocks cache(AttentionShape shape, KvCacheDtype dtype) {
    int elements = OFFSET + BLOCKS * shape.blockElements();
    return dtype == KvCacheDtype.FLOAT32
        ? KeyValueBlocks.of(shape, new float[elements], OFFSET)
        : KeyValueBlocks.of(shape, new short[elements], OFFSET);
  }
}
