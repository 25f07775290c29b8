package org.trlm.engine.weights;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/**
 * The bytes of one checkpoint file as they were stored, in slices that stay below a Java array's
 * limit. Read on the driver, broadcast (Java serialisation copies the slices in bulk) and shared
 * read-only by all threads of an executor. Numbers are little-endian, offsets are long.
 */
public final class CheckpointBytes implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Bytes of every slice but the last. */
  static final int SLICE_BYTES = 1 << 29;

  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final String name;
  private final long length;
  private final int sliceBytes;
  private final byte[][] slices;

  private CheckpointBytes(String name, long length, int sliceBytes, byte[][] slices) {
    this.name = name;
    this.length = length;
    this.sliceBytes = sliceBytes;
    this.slices = slices;
  }

  /**
   * Reads exactly {@code length} bytes; the caller closes the stream.
   *
   * @param length the file's size as the file system gives it
   * @param name path for messages
   * @throws WeightFormatException when the stream ends early or goes on
   */
  public static CheckpointBytes read(InputStream in, long length, String name) throws IOException {
    return read(in, length, name, SLICE_BYTES);
  }

  /** The same with another slice size, so that small files can be read across slices. */
  static CheckpointBytes read(InputStream in, long length, String name, int sliceBytes)
      throws IOException {
    if (length < 0) {
      throw new IllegalArgumentException(name + " has length " + length + "; allowed: 0 or more");
    }
    byte[][] slices = new byte[Math.toIntExact((length + sliceBytes - 1) / sliceBytes)][];
    long done = 0;
    for (int i = 0; i < slices.length; i++) {
      slices[i] = new byte[(int) Math.min(sliceBytes, length - done)];
      int read = in.readNBytes(slices[i], 0, slices[i].length);
      done += read;
      if (read < slices[i].length) {
        throw new WeightFormatException(
            name + " ended after " + done + " of " + length + " bytes. Copy or download it again.");
      }
    }
    if (in.read() >= 0) {
      throw new WeightFormatException(
          name
              + " goes on after its "
              + length
              + " bytes: it grew while it was read. Wait until it is complete.");
    }
    return new CheckpointBytes(name, length, sliceBytes, slices);
  }

  /** Wraps bytes that are in memory already; the array is not copied. */
  public static CheckpointBytes of(byte[] bytes, String name) {
    return new CheckpointBytes(name, bytes.length, SLICE_BYTES, new byte[][] {bytes});
  }

  public String name() {
    return name;
  }

  public long length() {
    return length;
  }

  public byte byteAt(long at) {
    Objects.checkIndex(at, length);
    return slices[(int) (at / sliceBytes)][(int) (at % sliceBytes)];
  }

  public int intAt(long at) {
    return isContiguous(at, 4)
        ? (int) INT.get(sliceAt(at), offsetInSlice(at))
        : (int) INT.get(copy(at, 4), 0);
  }

  public long longAt(long at) {
    return isContiguous(at, 8)
        ? (long) LONG.get(sliceAt(at), offsetInSlice(at))
        : (long) LONG.get(copy(at, 8), 0);
  }

  /** Copies {@code count} bytes from {@code at} on. */
  public void copy(long at, byte[] into, int to, int count) {
    Objects.checkFromIndexSize(at, count, length);
    int left = count;
    while (left > 0) {
      byte[] slice = sliceAt(at);
      int offset = offsetInSlice(at);
      int part = Math.min(left, slice.length - offset);
      System.arraycopy(slice, offset, into, to, part);
      at += part;
      to += part;
      left -= part;
    }
  }

  byte[] copy(long at, int count) {
    Objects.checkFromIndexSize(at, count, length);
    byte[] copy = new byte[count];
    copy(at, copy, 0, count);
    return copy;
  }

  /** Strict UTF-8. */
  String text(long at, int count) throws CharacterCodingException {
    ByteBuffer bytes =
        isContiguous(at, count) && count > 0
            ? ByteBuffer.wrap(sliceAt(at), offsetInSlice(at), count)
            : ByteBuffer.wrap(copy(at, count));
    return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
  }

  /** Whether the range lies in one slice, so that {@link #sliceAt} can be read in place. */
  boolean isContiguous(long at, long count) {
    Objects.checkFromIndexSize(at, count, length);
    return count == 0 || at / sliceBytes == (at + count - 1) / sliceBytes;
  }

  byte[] sliceAt(long at) {
    return slices[(int) (at / sliceBytes)];
  }

  int offsetInSlice(long at) {
    return (int) (at % sliceBytes);
  }

  /** The range as a stream, without a copy of the whole. */
  InputStream stream(long from, long count) {
    Objects.checkFromIndexSize(from, count, length);
    return new InputStream() {
      private long at = from;

      @Override
      public int read() {
        return at < from + count ? byteAt(at++) & 0xff : -1;
      }

      @Override
      public int read(byte[] into, int to, int most) {
        int part = (int) Math.min(most, from + count - at);
        if (part == 0) {
          return most == 0 ? 0 : -1;
        }
        copy(at, into, to, part);
        at += part;
        return part;
      }
    };
  }

  /** Whether the file begins with these bytes. */
  boolean startsWith(byte[] prefix) {
    return length >= prefix.length && Arrays.equals(copy(0, prefix.length), prefix);
  }

  @Override
  public String toString() {
    return name + " (" + length + " bytes)";
  }
}
