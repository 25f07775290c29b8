package org.trlm.engine.weights;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a GGUF header in file order: magic, version, counts, metadata, tensor descriptions; then
 * checks that every tensor lies in the data part without touching another. The layout is ggml's
 * docs/gguf.md. One use, one thread.
 */
final class GgufHeader {
  private static final int MAX_ENTRIES = 4096;
  private static final int MAX_NAME_BYTES = 256;
  private static final int MAX_DIMENSIONS = 4;
  private static final long DEFAULT_ALIGNMENT = 32;
  private static final String ALIGNMENT_KEY = "general.alignment";

  /** A tensor and its offset in the data part. */
  private record Entry(TensorInfo info, long offset, long size) {}

  private final CheckpointBytes bytes;
  private final GgufReader reader;
  private final Map<String, Object> metadata;
  private final TensorTable tensors;

  GgufHeader(CheckpointBytes bytes, GgufReader reader) {
    this.bytes = bytes;
    this.reader = reader;
    reader.advance(4, "magic");
    checkVersion(reader.int32("version"));
    int tensorCount = count("tensor count", TensorTable.MAX_TENSORS);
    int entryCount = count("metadata count", MAX_ENTRIES);
    this.metadata = readMetadata(entryCount);
    this.tensors = place(readTensors(tensorCount));
  }

  Map<String, Object> metadata() {
    return metadata;
  }

  TensorTable tensors() {
    return tensors;
  }

  private void checkVersion(int version) {
    int swapped = Integer.reverseBytes(version);
    if (swapped == 2 || swapped == 3) {
      throw reader.bad("the file is big-endian; supported: little-endian");
    }
    if (version != 2 && version != 3) {
      throw reader.bad(
          "GGUF version is " + Integer.toUnsignedString(version) + "; supported: 2 and 3");
    }
  }

  private int count(String what, int most) {
    long count = reader.int64(what);
    if (count < 0 || count > most) {
      throw reader.bad(what + " is " + Long.toUnsignedString(count) + "; allowed: 0 to " + most);
    }
    return (int) count;
  }

  private Map<String, Object> readMetadata(int count) {
    Map<String, Object> entries = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      String key = reader.text("metadata key " + i, MAX_NAME_BYTES);
      if (key.isEmpty()) {
        throw reader.bad("metadata key " + i + " is empty");
      }
      Object value = GgufValue.read(bytes, reader, key);
      if (entries.putIfAbsent(key, value) != null) {
        throw reader.bad("metadata key " + Messages.quote(key) + " appears twice");
      }
    }
    return entries;
  }

  private List<Entry> readTensors(int count) {
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String name = reader.text("name of tensor " + i, MAX_NAME_BYTES);
      if (name.isEmpty()) {
        throw reader.bad("name of tensor " + i + " is empty");
      }
      long[] shape = shape(name);
      TensorInfo info = new TensorInfo(name, type(name), shape);
      long offset = reader.int64("offset of tensor " + name);
      entries.add(new Entry(info, offset, TensorSizes.bytes(info, bytes.name())));
    }
    return entries;
  }

  /** GGUF lists the innermost dimension first. */
  private long[] shape(String name) {
    int dimensions = reader.int32("dimensions of tensor " + name);
    if (dimensions < 0 || dimensions > MAX_DIMENSIONS) {
      throw reader.bad(
          "tensor "
              + Messages.quote(name)
              + " has "
              + Integer.toUnsignedString(dimensions)
              + " dimensions; allowed: at most "
              + MAX_DIMENSIONS);
    }
    long[] shape = new long[dimensions];
    for (int d = dimensions - 1; d >= 0; d--) {
      shape[d] = reader.int64("shape of tensor " + name);
      if (shape[d] < 0) {
        throw reader.bad(
            "tensor "
                + Messages.quote(name)
                + " has a dimension of "
                + Long.toUnsignedString(shape[d])
                + "; allowed: below 2^63");
      }
    }
    return shape;
  }

  private WeightType type(String name) {
    int id = reader.int32("type of tensor " + name);
    WeightType type = WeightType.ofGguf(id);
    if (type == null || !type.readable()) {
      throw new WeightFormatException(
          bytes.name()
              + ": tensor "
              + Messages.quote(name)
              + " is stored as "
              + (type == null ? "the unknown type " + id : type.name())
              + "; supported: "
              + WeightType.READABLE
              + ". Use a file quantised to one of these.");
    }
    return type;
  }

  private TensorTable place(List<Entry> entries) {
    long alignment = alignment();
    long data = alignUp(reader.at(), alignment);
    long dataBytes = Math.max(0, bytes.length() - data);
    TensorTable table = new TensorTable(bytes);
    for (Entry entry : entries) {
      checkPlace(entry, alignment, dataBytes);
      if (!table.add(entry.info(), data + entry.offset())) {
        throw reader.bad("tensor " + Messages.quote(entry.info().name()) + " appears twice");
      }
    }
    checkOverlap(entries);
    return table;
  }

  private long alignment() {
    Object value = metadata.getOrDefault(ALIGNMENT_KEY, DEFAULT_ALIGNMENT);
    if (value instanceof Long alignment && alignment > 0 && Long.bitCount(alignment) == 1) {
      return alignment;
    }
    throw reader.bad(ALIGNMENT_KEY + " is " + value + "; allowed: a power of two");
  }

  private long alignUp(long at, long alignment) {
    try {
      return Math.addExact(at, alignment - 1) & -alignment;
    } catch (ArithmeticException e) {
      throw reader.bad(ALIGNMENT_KEY + " is " + alignment + ", more than the file's size");
    }
  }

  private void checkPlace(Entry entry, long alignment, long dataBytes) {
    long offset = entry.offset();
    if (offset < 0 || offset % alignment != 0) {
      throw reader.bad(
          "tensor "
              + entry.info()
              + " begins at data offset "
              + Long.toUnsignedString(offset)
              + "; allowed: multiples of "
              + alignment);
    }
    if (offset > dataBytes || entry.size() > dataBytes - offset) {
      throw reader.bad(
          "tensor "
              + entry.info()
              + " needs "
              + entry.size()
              + " bytes at data offset "
              + offset
              + " but the file holds only "
              + dataBytes
              + " bytes of data: it is truncated or damaged");
    }
  }

  private void checkOverlap(List<Entry> entries) {
    List<Entry> sorted = new ArrayList<>(entries);
    sorted.sort(Comparator.comparingLong(Entry::offset).thenComparingLong(Entry::size));
    for (int i = 1; i < sorted.size(); i++) {
      Entry before = sorted.get(i - 1);
      Entry entry = sorted.get(i);
      if (entry.offset() < before.offset() + before.size()) {
        throw reader.bad(
            "tensors "
                + before.info()
                + " and "
                + entry.info()
                + " overlap at data offset "
                + entry.offset());
      }
    }
  }
}
