package org.trlm.engine.weights;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Writes GGUF files for tests, right ones and, by its public fields, wrong ones. */
public final class GgufBuilder {
  public static final int UINT8 = 0;
  public static final int INT8 = 1;
  public static final int UINT16 = 2;
  public static final int INT16 = 3;
  public static final int UINT32 = 4;
  public static final int INT32 = 5;
  public static final int FLOAT32 = 6;
  public static final int BOOL = 7;
  public static final int STRING = 8;
  public static final int ARRAY = 9;
  public static final int UINT64 = 10;
  public static final int INT64 = 11;
  public static final int FLOAT64 = 12;

  public int version = 3;
  public Long tensorCount;
  public Long entryCount;
  public int alignment = 32;
  private final ByteArrayOutputStream metadata = new ByteArrayOutputStream();
  private final ByteArrayOutputStream infos = new ByteArrayOutputStream();
  private final ByteArrayOutputStream data = new ByteArrayOutputStream();
  private int entries;
  private final List<String> tensors = new ArrayList<>();

  /** A value: its type and its bytes. */
  public GgufBuilder entry(String key, int type, byte[] value) {
    entries++;
    metadata.writeBytes(string(key));
    metadata.writeBytes(int32(type));
    metadata.writeBytes(value);
    return this;
  }

  public GgufBuilder text(String key, String value) {
    return entry(key, STRING, string(value));
  }

  public GgufBuilder number(String key, long value) {
    return entry(key, UINT32, int32((int) value));
  }

  public GgufBuilder real(String key, float value) {
    return entry(key, FLOAT32, int32(Float.floatToRawIntBits(value)));
  }

  /** Shape outermost first; written innermost first, as the format has it. */
  public GgufBuilder tensor(String name, int type, long[] shape, byte[] bytes) {
    return tensorAt(name, type, shape, data.size(), bytes);
  }

  public GgufBuilder tensorAt(String name, int type, long[] shape, long offset, byte[] bytes) {
    tensors.add(name);
    infos.writeBytes(string(name));
    infos.writeBytes(int32(shape.length));
    for (int d = shape.length - 1; d >= 0; d--) {
      infos.writeBytes(int64(shape[d]));
    }
    infos.writeBytes(int32(type));
    infos.writeBytes(int64(offset));
    data.writeBytes(bytes);
    pad(data);
    return this;
  }

  public GgufBuilder floats(String name, long[] shape, float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return tensor(name, 0, shape, bytes.array());
  }

  public byte[] build() {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
    file.writeBytes(int32(version));
    file.writeBytes(int64(tensorCount != null ? tensorCount : tensors.size()));
    file.writeBytes(int64(entryCount != null ? entryCount : entries));
    file.writeBytes(metadata.toByteArray());
    file.writeBytes(infos.toByteArray());
    pad(file);
    file.writeBytes(data.toByteArray());
    return file.toByteArray();
  }

  private void pad(ByteArrayOutputStream out) {
    while (out.size() % alignment != 0) {
      out.write(0);
    }
  }

  public static GgufFile open(byte[] file) {
    return GgufFile.open(CheckpointBytes.of(file, "model.gguf"));
  }

  public static byte[] int32(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
  }

  public static byte[] int64(long value) {
    return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
  }

  public static byte[] string(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return join(int64(bytes.length), bytes);
  }

  public static byte[] array(int type, long count, byte[]... elements) {
    return join(int32(type), int64(count), join(elements));
  }

  public static byte[] join(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }
}
