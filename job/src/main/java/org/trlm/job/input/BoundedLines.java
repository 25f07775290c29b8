package org.trlm.job.input;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;

/**
 * The lines of a stream, or of the part of one that Spark has cut: those that begin in it. A line
 * ends with a line feed, a carriage return, or both, as for Spark's source of text. One thread.
 */
final class BoundedLines implements Closeable {
  private static final int BUFFER = 64 << 10;
  private static final int FIRST_CAPACITY = 1 << 10;

  private final InputStream in;
  private final long end;
  private final byte[] buffer = new byte[BUFFER];
  private int position;
  private int limit;

  /** Of the next byte, in the stream. */
  private long offset;

  private byte[] line = new byte[FIRST_CAPACITY];

  /** Bytes of the line, without its end; only some of them are kept when they are too many. */
  private long length;

  private BoundedLines(InputStream in, long start, long end) {
    this.in = in;
    this.offset = start;
    this.end = end;
  }

  /** All lines of a stream. */
  static BoundedLines of(InputStream in) {
    return new BoundedLines(in, 0, Long.MAX_VALUE);
  }

  /**
   * The lines of a part: the one that begins at {@code end} is read here, because the next part
   * begins with what it takes for the rest of a line.
   *
   * @param in stands at {@code start}
   */
  static BoundedLines between(InputStream in, long start, long end) throws IOException {
    BoundedLines lines = new BoundedLines(in, start, end);
    if (start > 0) {
      lines.read();
    }
    return lines;
  }

  /** Goes to the next line; false when there is none. */
  boolean next() throws IOException {
    return offset <= end && read();
  }

  /** The line as {@link #next} found it, or what stands for it when it is too long. */
  byte[] line() {
    return length > LongLine.MOST_BYTES
        ? LongLine.marked(length, Arrays.copyOf(line, LongLine.HEAD_BYTES))
        : Arrays.copyOf(line, (int) length);
  }

  private boolean read() throws IOException {
    length = 0;
    if (!fill()) {
      return false;
    }
    while (fill()) {
      int from = position;
      while (position < limit && buffer[position] != '\n' && buffer[position] != '\r') {
        position++;
      }
      keep(from, position - from);
      offset += position - from;
      if (position < limit) {
        skipEnd();
        return true;
      }
    }
    return true;
  }

  private void skipEnd() throws IOException {
    byte first = buffer[position];
    position++;
    offset++;
    if (first == '\r' && fill() && buffer[position] == '\n') {
      position++;
      offset++;
    }
  }

  /** Of a line that is too long nothing more is kept, so a killed task must not read on for it. */
  private void keep(int from, int count) {
    if (length <= LongLine.MOST_BYTES) {
      int kept = (int) Math.min(count, LongLine.MOST_BYTES - length);
      int size = (int) length + kept;
      if (size > line.length) {
        line = Arrays.copyOf(line, Math.min(LongLine.MOST_BYTES, Math.max(size, 2 * line.length)));
      }
      System.arraycopy(buffer, from, line, (int) length, kept);
    } else {
      TaskContext task = TaskContext.get();
      if (task != null && task.isInterrupted()) {
        throw new TaskKilledException();
      }
    }
    length += count;
  }

  private boolean fill() throws IOException {
    if (position == limit) {
      position = 0;
      limit = Math.max(0, in.read(buffer, 0, buffer.length));
    }
    return limit > 0;
  }

  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
