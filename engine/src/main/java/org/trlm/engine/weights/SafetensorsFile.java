package org.trlm.engine.weights;

import java.util.Set;

/**
 * One opened safetensors file: an 8-byte length, a JSON header, the data. Opening checks all that
 * the reference reader checks (safetensors/src/tensor.rs) and reads no tensor.
 */
public final class SafetensorsFile implements WeightSource {
  private final CheckpointBytes bytes;
  private final TensorTable table;

  private SafetensorsFile(CheckpointBytes bytes, TensorTable table) {
    this.bytes = bytes;
    this.table = table;
  }

  /**
   * @throws WeightFormatException when the file is of another kind, damaged or truncated
   */
  public static SafetensorsFile open(CheckpointBytes bytes) {
    return new SafetensorsFile(bytes, new SafetensorsHeader(bytes).read());
  }

  @Override
  public CheckpointFormat format() {
    return CheckpointFormat.SAFETENSORS;
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
