package org.trlm.engine.weights;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** The tensors of one file and where their bytes begin. Filled by a reader that checked them. */
final class TensorTable {

  /** More than any model this engine runs has; bounds what a header can make us allocate. */
  static final int MAX_TENSORS = 10_000;

  /** A tensor and the offset of its first byte in the file. */
  private record Stored(TensorInfo info, long at) {}

  private final CheckpointBytes bytes;
  private final Map<String, Stored> tensors = new LinkedHashMap<>();

  TensorTable(CheckpointBytes bytes) {
    this.bytes = bytes;
  }

  /** Whether the name was free. */
  boolean add(TensorInfo info, long at) {
    return tensors.putIfAbsent(info.name(), new Stored(info, at)) == null;
  }

  Set<String> names() {
    return Collections.unmodifiableSet(tensors.keySet());
  }

  TensorInfo info(String name) {
    return stored(name).info();
  }

  void readRow(String name, long row, float[] into, int at) {
    Stored stored = stored(name);
    TensorInfo info = stored.info();
    if (!info.type().readable()) {
      throw new WeightFormatException(
          bytes.name()
              + ": tensor "
              + info
              + " is stored as "
              + info.type()
              + "; readable: "
              + WeightType.READABLE
              + ". Convert the checkpoint to bfloat16.");
    }
    Objects.checkIndex(row, info.rows());
    Objects.checkFromIndexSize(at, info.rowLength(), into.length);
    int values = (int) info.rowLength();
    long rowBytes = info.rowBytes();
    long from = stored.at() + row * rowBytes;
    if (bytes.isContiguous(from, rowBytes)) {
      BlockDecoder.decode(
          info.type(), bytes.sliceAt(from), bytes.offsetInSlice(from), into, at, values);
    } else {
      byte[] copy = bytes.copy(from, Math.toIntExact(rowBytes));
      BlockDecoder.decode(info.type(), copy, 0, into, at, values);
    }
  }

  private Stored stored(String name) {
    Stored stored = tensors.get(name);
    if (stored == null) {
      throw new WeightFormatException(
          bytes.name() + " has no tensor " + name + " among its " + tensors.size() + " tensors.");
    }
    return stored;
  }
}
