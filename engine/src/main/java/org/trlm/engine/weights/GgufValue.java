package org.trlm.engine.weights;

/** Reads one typed value of GGUF's metadata into the Java types that {@link GgufFile} documents. */
final class GgufValue {
  private static final int UINT8 = 0;
  private static final int INT8 = 1;
  private static final int UINT16 = 2;
  private static final int INT16 = 3;
  private static final int UINT32 = 4;
  private static final int INT32 = 5;
  private static final int FLOAT32 = 6;
  private static final int BOOL = 7;
  private static final int STRING = 8;
  private static final int ARRAY = 9;
  private static final int UINT64 = 10;
  private static final int INT64 = 11;
  private static final int FLOAT64 = 12;

  private GgufValue() {}

  static Object read(CheckpointBytes bytes, GgufReader reader, String key) {
    String what = "value of " + Messages.quote(key);
    int type = reader.int32("type of " + Messages.quote(key));
    return switch (type) {
      case UINT8 -> (long) (reader.int8(what) & 0xff);
      case INT8 -> (long) reader.int8(what);
      case UINT16 -> (long) (reader.int16(what) & 0xffff);
      case INT16 -> (long) (short) reader.int16(what);
      case UINT32 -> Integer.toUnsignedLong(reader.int32(what));
      case INT32 -> (long) reader.int32(what);
      case FLOAT32 -> (double) Float.intBitsToFloat(reader.int32(what));
      case BOOL -> bool(reader, reader.int8(what), what);
      case STRING -> reader.text(what);
      case ARRAY -> array(bytes, reader, what);
      case UINT64 -> unsigned(reader, reader.int64(what), what);
      case INT64 -> reader.int64(what);
      case FLOAT64 -> Double.longBitsToDouble(reader.int64(what));
      default -> throw reader.bad(what + " has the unknown type " + type + "; allowed: 0 to 12");
    };
  }

  private static boolean bool(GgufReader reader, int value, String what) {
    if (value != 0 && value != 1) {
      throw reader.bad(what + " is the boolean " + value + "; allowed: 0 and 1");
    }
    return value == 1;
  }

  private static long unsigned(GgufReader reader, long value, String what) {
    if (value < 0) {
      throw reader.bad(what + " is " + Long.toUnsignedString(value) + "; allowed: below 2^63");
    }
    return value;
  }

  private static Object array(CheckpointBytes bytes, GgufReader reader, String what) {
    int type = reader.int32("element type of " + what);
    long count = reader.int64("length of " + what);
    int width = width(reader, type, what);
    if (count < 0 || count > reader.left() / width || count > Integer.MAX_VALUE - 8) {
      throw reader.bad(
          what
              + " is an array of "
              + Long.toUnsignedString(count)
              + " elements of at least "
              + width
              + " bytes but only "
              + reader.left()
              + " bytes are left: the file is truncated or damaged");
    }
    int length = (int) count;
    if (type == STRING) {
      return GgufStrings.read(bytes, reader, length, what);
    }
    long from = reader.advance(count * width, what);
    return switch (type) {
      case UINT8, INT8 -> bytes.copy(from, length);
      case BOOL -> booleans(bytes, reader, from, length, what);
      case UINT16, INT16 -> shorts(bytes, from, length);
      case UINT32, INT32 -> ints(bytes, from, length);
      case FLOAT32 -> floats(bytes, from, length);
      case FLOAT64 -> doubles(bytes, from, length);
      default -> longs(bytes, from, length);
    };
  }

  /** Bytes of an element, the least for a string. */
  private static int width(GgufReader reader, int type, String what) {
    return switch (type) {
      case UINT8, INT8, BOOL -> 1;
      case UINT16, INT16 -> 2;
      case UINT32, INT32, FLOAT32 -> 4;
      case UINT64, INT64, FLOAT64, STRING -> 8;
      case ARRAY -> throw reader.bad(what + " is an array of arrays; supported: flat arrays");
      default ->
          throw reader.bad(
              what + " is an array of the unknown type " + type + "; allowed: 0 to 12");
    };
  }

  private static boolean[] booleans(
      CheckpointBytes bytes, GgufReader reader, long from, int length, String what) {
    boolean[] values = new boolean[length];
    for (int i = 0; i < length; i++) {
      values[i] = bool(reader, bytes.byteAt(from + i), what);
    }
    return values;
  }

  private static short[] shorts(CheckpointBytes bytes, long from, int length) {
    short[] values = new short[length];
    for (int i = 0; i < length; i++) {
      long at = from + 2L * i;
      values[i] = (short) (bytes.byteAt(at) & 0xff | bytes.byteAt(at + 1) << 8);
    }
    return values;
  }

  private static int[] ints(CheckpointBytes bytes, long from, int length) {
    int[] values = new int[length];
    for (int i = 0; i < length; i++) {
      values[i] = bytes.intAt(from + 4L * i);
    }
    return values;
  }

  private static float[] floats(CheckpointBytes bytes, long from, int length) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = Float.intBitsToFloat(bytes.intAt(from + 4L * i));
    }
    return values;
  }

  private static long[] longs(CheckpointBytes bytes, long from, int length) {
    long[] values = new long[length];
    for (int i = 0; i < length; i++) {
      values[i] = bytes.longAt(from + 8L * i);
    }
    return values;
  }

  private static double[] doubles(CheckpointBytes bytes, long from, int length) {
    double[] values = new double[length];
    for (int i = 0; i < length; i++) {
      values[i] = Double.longBitsToDouble(bytes.longAt(from + 8L * i));
    }
    return values;
  }
}
