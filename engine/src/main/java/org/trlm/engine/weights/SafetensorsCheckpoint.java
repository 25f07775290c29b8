package org.trlm.engine.weights;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** A checkpoint split over several safetensors files, as one source of tensors. */
public final class SafetensorsCheckpoint implements WeightSource {
  private final ShardIndex index;
  private final Map<String, SafetensorsFile> shards;

  private SafetensorsCheckpoint(ShardIndex index, Map<String, SafetensorsFile> shards) {
    this.index = index;
    this.shards = shards;
  }

  /**
   * Opens every shard and checks that index and shards say the same about every tensor.
   *
   * @param files the bytes of each of {@link ShardIndex#shardNames}; a file that is not there is
   *     absent from the map
   * @throws WeightFormatException when a shard is missing or bad, or they disagree
   */
  public static SafetensorsCheckpoint open(ShardIndex index, Map<String, CheckpointBytes> files) {
    Map<String, SafetensorsFile> shards = new TreeMap<>();
    for (String name : index.shardNames()) {
      CheckpointBytes bytes = files.get(name);
      if (bytes == null) {
        throw new WeightFormatException(
            index.where()
                + " names the shard "
                + name
                + ", which is missing from its directory; found: "
                + new TreeMap<>(files).keySet()
                + ". Copy or download the missing file.");
      }
      shards.put(name, SafetensorsFile.open(bytes));
    }
    checkAgreement(index, shards);
    return new SafetensorsCheckpoint(index, new LinkedHashMap<>(shards));
  }

  private static void checkAgreement(ShardIndex index, Map<String, SafetensorsFile> shards) {
    shards.forEach(
        (shard, file) -> {
          for (String tensor : file.tensorNames()) {
            String listed = index.shardOf(tensor);
            if (!shard.equals(listed)) {
              throw new WeightFormatException(
                  file.where()
                      + " holds tensor "
                      + tensor
                      + ", which "
                      + index.where()
                      + (listed == null ? " does not list" : " lists in " + listed)
                      + ". Index and shards must come from the same checkpoint: download both again.");
            }
          }
        });
    for (String tensor : index.tensorNames()) {
      SafetensorsFile file = shards.get(index.shardOf(tensor));
      if (!file.contains(tensor)) {
        throw new WeightFormatException(
            index.where()
                + " lists tensor "
                + tensor
                + " in "
                + file.where()
                + ", which does not hold it. Index and shards must come from the same checkpoint:"
                + " download both again.");
      }
    }
  }

  @Override
  public CheckpointFormat format() {
    return CheckpointFormat.SAFETENSORS;
  }

  @Override
  public String where() {
    return index.where();
  }

  @Override
  public Set<String> tensorNames() {
    return index.tensorNames();
  }

  @Override
  public TensorInfo tensor(String name) {
    return shardOf(name).tensor(name);
  }

  @Override
  public void readRow(String name, long row, float[] into, int at) {
    shardOf(name).readRow(name, row, into, at);
  }

  private SafetensorsFile shardOf(String name) {
    String shard = index.shardOf(name);
    if (shard == null) {
      throw new WeightFormatException(index.where() + " lists no tensor " + name + ".");
    }
    return shards.get(shard);
  }
}
