package org.trlm.engine.weights;

import java.util.Collections;
import java.util.Map;
import java.util.Set;

/**
 * One opened GGUF file, version 2 or 3, little-endian: metadata, tensor descriptions, data. Opening
 * checks everything and reads no tensor.
 */
public final class GgufFile implements WeightSource {
  private final CheckpointBytes bytes;
  private final Map<String, Object> metadata;
  private final TensorTable table;

  private GgufFile(CheckpointBytes bytes, Map<String, Object> metadata, TensorTable table) {
    this.bytes = bytes;
    this.metadata = Collections.unmodifiableMap(metadata);
    this.table = table;
  }

  /**
   * @throws WeightFormatException when the file is of another kind, damaged, truncated, or holds a
   *     weight format that is not supported
   */
  public static GgufFile open(CheckpointBytes bytes) {
    FileKind.expect(FileKind.GGUF, bytes);
    if (FileKind.of(bytes) != FileKind.GGUF) {
      throw new WeightFormatException(
          bytes.name() + " does not begin with GGUF; expected: a GGUF file." + GgufReader.MEND);
    }
    GgufReader reader = new GgufReader(bytes);
    GgufHeader header = new GgufHeader(bytes, reader);
    return new GgufFile(bytes, header.metadata(), header.tensors());
  }

  /**
   * The metadata in file order. All integers are {@link Long}, FLOAT32 and FLOAT64 {@link Double},
   * BOOL {@link Boolean}, STRING {@link String}. Arrays keep the file's width so that they cost no
   * more than the file: UINT8 and INT8 {@code byte[]}, UINT16 and INT16 {@code short[]}, UINT32 and
   * INT32 {@code int[]}, UINT64 and INT64 {@code long[]} (unsigned ones as their bits), {@code
   * float[]}, {@code double[]}, BOOL {@code boolean[]}, STRING a read-only random-access {@code
   * List<String>} that decodes an element when it is asked for, with a {@link
   * WeightFormatException} if it is not UTF-8.
   */
  public Map<String, Object> metadata() {
    return metadata;
  }

  @Override
  public CheckpointFormat format() {
    return CheckpointFormat.GGUF;
  }

  @Override
  public String where() {
    return bytes.name();
  }

  @Override
  public Set<String> tensorNames() {
    return table.names();
  }

  @Override
  public TensorInfo tensor(String name) {
    return table.info(name);
  }

  @Override
  public void readRow(String name, long row, float[] into, int at) {
    table.readRow(name, row, into, at);
  }
}
