package org.trlm.engine.weights;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Turns stored blocks into float32, equal to gguf-py's {@code quants.py} to the bit: the same
 * float32 operations in the same order. One method a format; each takes a whole number of blocks.
 * Layouts are those of ggml-common.h.
 */
final class BlockDecoder {
  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private BlockDecoder() {}

  /** Decodes {@code count} values, a multiple of the block size, from byte {@code from} on. */
  static void decode(WeightType type, byte[] bytes, int from, float[] into, int at, int count) {
    for (int done = 0; done < count; done += type.blockSize(), from += type.blockBytes()) {
      int to = at + done;
      switch (type) {
        case F32 -> into[to] = Float.intBitsToFloat((int) INT.get(bytes, from));
        case F16 -> into[to] = half(bytes, from);
        case BF16 -> into[to] = Float.intBitsToFloat((short) SHORT.get(bytes, from) << 16);
        case Q4_0 -> q40(bytes, from, into, to);
        case Q4_1 -> q41(bytes, from, into, to);
        case Q5_0 -> q50(bytes, from, into, to);
        case Q5_1 -> q51(bytes, from, into, to);
        case Q8_0 -> q80(bytes, from, into, to);
        case Q4_K -> q4k(bytes, from, into, to);
        case Q5_K -> q5k(bytes, from, into, to);
        case Q6_K -> q6k(bytes, from, into, to);
        default -> throw new IllegalArgumentException(type + " is not a readable type");
      }
    }
  }

  /** scale; 16 bytes: low nibbles are values 0–15, high ones 16–31, minus 8 */
  private static void q40(byte[] bytes, int from, float[] into, int to) {
    float scale = half(bytes, from);
    for (int j = 0; j < 16; j++) {
      int pair = bytes[from + 2 + j] & 0xff;
      into[to + j] = scale * ((pair & 15) - 8);
      into[to + 16 + j] = scale * ((pair >> 4) - 8);
    }
  }

  /** scale, minimum; nibbles as in Q4_0 */
  private static void q41(byte[] bytes, int from, float[] into, int to) {
    float scale = half(bytes, from);
    float minimum = half(bytes, from + 2);
    for (int j = 0; j < 16; j++) {
      int pair = bytes[from + 4 + j] & 0xff;
      into[to + j] = scale * (pair & 15) + minimum;
      into[to + 16 + j] = scale * (pair >> 4) + minimum;
    }
  }

  /** scale; 32 fifth bits; nibbles as in Q4_0; minus 16 */
  private static void q50(byte[] bytes, int from, float[] into, int to) {
    float scale = half(bytes, from);
    int fifths = (int) INT.get(bytes, from + 2);
    for (int j = 0; j < 16; j++) {
      int pair = bytes[from + 6 + j] & 0xff;
      into[to + j] = scale * ((pair & 15 | fifth(fifths, j)) - 16);
      into[to + 16 + j] = scale * ((pair >> 4 | fifth(fifths, j + 16)) - 16);
    }
  }

  /** scale, minimum; 32 fifth bits; nibbles as in Q4_0 */
  private static void q51(byte[] bytes, int from, float[] into, int to) {
    float scale = half(bytes, from);
    float minimum = half(bytes, from + 2);
    int fifths = (int) INT.get(bytes, from + 4);
    for (int j = 0; j < 16; j++) {
      int pair = bytes[from + 8 + j] & 0xff;
      into[to + j] = scale * (pair & 15 | fifth(fifths, j)) + minimum;
      into[to + 16 + j] = scale * (pair >> 4 | fifth(fifths, j + 16)) + minimum;
    }
  }

  private static int fifth(int bits, int index) {
    return (bits >>> index & 1) << 4;
  }

  /** scale; 32 signed bytes */
  private static void q80(byte[] bytes, int from, float[] into, int to) {
    float scale = half(bytes, from);
    for (int j = 0; j < 32; j++) {
      into[to + j] = scale * bytes[from + 2 + j];
    }
  }

  /** scale, scale of minimums; 8 packed 6-bit pairs; 4 × 32 bytes of nibbles */
  private static void q4k(byte[] bytes, int from, float[] into, int to) {
    float scale = half(bytes, from);
    float minimumScale = half(bytes, from + 2);
    for (int group = 0; group < 8; group++) {
      float d = scale * packedScale(bytes, from + 4, group);
      float m = minimumScale * packedMinimum(bytes, from + 4, group);
      int quants = from + 16 + group / 2 * 32;
      int shift = group % 2 * 4;
      for (int j = 0; j < 32; j++) {
        into[to + group * 32 + j] = d * (bytes[quants + j] >> shift & 15) - m;
      }
    }
  }

  /** as Q4_K, with 32 bytes whose bit g is the fifth bit of group g before the nibbles */
  private static void q5k(byte[] bytes, int from, float[] into, int to) {
    float scale = half(bytes, from);
    float minimumScale = half(bytes, from + 2);
    int high = from + 16;
    for (int group = 0; group < 8; group++) {
      float d = scale * packedScale(bytes, from + 4, group);
      float m = minimumScale * packedMinimum(bytes, from + 4, group);
      int quants = from + 48 + group / 2 * 32;
      int shift = group % 2 * 4;
      for (int j = 0; j < 32; j++) {
        int value = bytes[quants + j] >> shift & 15 | (bytes[high + j] >> group & 1) << 4;
        into[to + group * 32 + j] = d * value - m;
      }
    }
  }

  /** 128 bytes of low nibbles, 64 of high pairs, 16 signed scales of 16 values each, scale */
  private static void q6k(byte[] bytes, int from, float[] into, int to) {
    float scale = half(bytes, from + 208);
    for (int group = 0; group < 8; group++) {
      int inHalf = group % 4;
      int low = from + group / 4 * 64 + inHalf % 2 * 32;
      int high = from + 128 + group / 4 * 32;
      for (int j = 0; j < 32; j++) {
        float d = scale * bytes[from + 192 + group * 2 + j / 16];
        int value =
            bytes[low + j] >> inHalf / 2 * 4 & 15 | (bytes[high + j] >> inHalf * 2 & 3) << 4;
        into[to + group * 32 + j] = d * (value - 32);
      }
    }
  }

  /** Scale of group g of 8 in the 12 bytes of a K-quant: 6 bits. */
  private static int packedScale(byte[] bytes, int at, int group) {
    return group < 4
        ? bytes[at + group] & 63
        : bytes[at + 4 + group] & 15 | bytes[at + group - 4] >> 2 & 48;
  }

  /** Minimum of group g of 8 in the 12 bytes of a K-quant: 6 bits. */
  private static int packedMinimum(byte[] bytes, int at, int group) {
    return group < 4
        ? bytes[at + 4 + group] & 63
        : bytes[at + 4 + group] >> 4 & 15 | bytes[at + group] >> 2 & 48;
  }

  /** IEEE half precision, exactly; NaN keeps its payload. */
  static float half(byte[] bytes, int at) {
    int bits = (short) SHORT.get(bytes, at);
    int sign = bits & 0x8000_0000;
    int exponent = bits >> 10 & 31;
    int fraction = bits & 0x3ff;
    if (exponent == 0) {
      // subnormal: fraction × 2^-24, exact in float32
      float magnitude = fraction * 0x1p-24f;
      return Float.intBitsToFloat(Float.floatToRawIntBits(magnitude) | sign);
    }
    int widened = exponent == 31 ? 0xff : exponent + 112;
    return Float.intBitsToFloat(sign | widened << 23 | fraction << 13);
  }
}
