package org.trlm.engine.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.trlm.engine.weights.CheckpointFormat;
import org.trlm.engine.weights.TensorInfo;
import org.trlm.engine.weights.WeightSource;
import org.trlm.engine.weights.WeightType;

/** A checkpoint of random weights in memory, for models of any shape. */
final class RandomCheckpoint implements WeightSource {

  private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
  private final Map<String, float[]> values = new LinkedHashMap<>();
  private final CheckpointFormat format;

  /**
   * @param type BF16: the values are exactly bfloat16; F32: they are not
   */
  RandomCheckpoint(ModelConfig config, CheckpointFormat format, WeightType type, Random random) {
    this.format = format;
    for (CheckpointNames.Parameter parameter : CheckpointNames.of(config, format).all()) {
      TensorInfo info = new TensorInfo(parameter.tensorName(), type, parameter.shape());
      float[] all = new float[(int) (parameter.rows() * parameter.rowLength())];
      for (int i = 0; i < all.length; i++) {
        float value = (float) random.nextGaussian() / (float) Math.sqrt(parameter.rowLength());
        value = parameter.shape().length == 1 ? 1f + value : 2f * value;
        all[i] =
            type == WeightType.BF16
                ? Float.intBitsToFloat(Float.floatToRawIntBits(value) & 0xffff0000)
                : value;
      }
      tensors.put(info.name(), info);
      values.put(info.name(), all);
    }
  }

  /** Model sizes for tests; everything else is small and fixed. */
  static ModelConfig config(
      int vocabSize,
      int hiddenSize,
      int intermediateSize,
      int layers,
      int heads,
      int keyValueHeads,
      int headDim,
      RopeScaling scaling,
      boolean tied) {
    return new ModelConfig(
        vocabSize,
        hiddenSize,
        intermediateSize,
        layers,
        heads,
        keyValueHeads,
        headDim,
        1e-5f,
        10000.0,
        scaling,
        512,
        tied,
        1,
        List.of(2));
  }

  void set(String name, int index, float value) {
    values.get(name)[index] = value;
  }

  @Override
  public CheckpointFormat format() {
    return format;
  }

  @Override
  public String where() {
    return "random checkpoint";
  }

  @Override
  public Set<String> tensorNames() {
    return tensors.keySet();
  }

  @Override
  public TensorInfo tensor(String name) {
    return tensors.get(name);
  }

  @Override
  public void readRow(String name, long row, float[] into, int at) {
    int length = (int) tensors.get(name).rowLength();
    System.arraycopy(values.get(name), (int) row * length, into, at, length);
  }
}
