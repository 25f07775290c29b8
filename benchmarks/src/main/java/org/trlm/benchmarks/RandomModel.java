package org.trlm.benchmarks;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.model.CheckpointNames;
import org.trlm.engine.model.ModelConfig;
import org.trlm.engine.model.ModelWeights;
import org.trlm.engine.model.RopeScaling;
import org.trlm.engine.model.WeightDtype;
import org.trlm.engine.weights.CheckpointFormat;
import org.trlm.engine.weights.TensorInfo;
import org.trlm.engine.weights.WeightSource;
import org.trlm.engine.weights.WeightType;

/**
 * A checkpoint of the shape of SmolLM2-135M whose weights are made as they are read. Speed does not
 * depend on the weights as long as activations stay normal numbers; norms see to that.
 */
final class RandomModel implements WeightSource {

  private static final ModelConfig CONFIG =
      new ModelConfig(
          49152,
          576,
          1536,
          30,
          9,
          3,
          64,
          1e-5f,
          100000.0,
          RopeScaling.NONE,
          8192,
          true,
          1,
          List.of(2));

  private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

  private RandomModel() {
    CheckpointNames names = CheckpointNames.of(CONFIG, format());
    for (CheckpointNames.Parameter parameter : names.all()) {
      TensorInfo info = new TensorInfo(parameter.tensorName(), WeightType.BF16, parameter.shape());
      tensors.put(info.name(), info);
    }
  }

  static ModelWeights pack(Kernels kernels, WeightDtype dtype) {
    return ModelWeights.pack(CONFIG, new RandomModel(), kernels, dtype);
  }

  @Override
  public CheckpointFormat format() {
    return CheckpointFormat.SAFETENSORS;
  }

  @Override
  public String where() {
    return "random model";
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
    int random = name.hashCode() * 31 + (int) row * 0x9e3779b9 | 1;
    for (int i = 0; i < length; i++) {
      // xorshift (Marsaglia 2003), its upper bits as a bfloat16 number in about [-0.06, 0.06)
      random ^= random << 13;
      random ^= random >>> 17;
      random ^= random << 5;
      float value = tensors.get(name).shape().length == 1 ? 1f : random * 0x1p-35f;
      into[at + i] = Float.intBitsToFloat(Float.floatToRawIntBits(value) & 0xffff0000);
    }
  }
}
