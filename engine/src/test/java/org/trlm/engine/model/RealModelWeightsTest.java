package org.trlm.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.trlm.engine.model.CheckpointNames.Parameter;
import org.trlm.engine.weights.CheckpointBytes;
import org.trlm.engine.weights.GgufFile;
import org.trlm.engine.weights.SafetensorsCheckpoint;
import org.trlm.engine.weights.ShardIndex;
import org.trlm.engine.weights.WeightSource;
import org.trlm.engine.weights.WeightType;

/** The real 135M weights as GGUF and as sharded bfloat16 safetensors: the same model, twice. */
@Tag("real-model")
class RealModelWeightsTest {

  @Test
  void bothCheckpointsHoldTheSameParameters() throws IOException {
    GgufFile gguf = GgufFile.open(read(property("trlm.smollm2.gguf")));
    Map<WeightType, Integer> types = new TreeMap<>();
    gguf.tensorNames().forEach(name -> types.merge(gguf.tensor(name).type(), 1, Integer::sum));
    assertThat(types)
        .isEqualTo(Map.of(WeightType.Q4_1, 210, WeightType.F32, 61, WeightType.Q8_0, 1));
    ModelConfig ggufConfig = ModelConfig.fromGguf(gguf);
    CheckpointNames ggufNames = CheckpointNames.of(ggufConfig, gguf.format());
    ggufNames.check(gguf);

    Path directory = property("trlm.trlm135.dir");
    ModelConfig config =
        ModelConfig.fromJson(Files.readAllBytes(directory.resolve("config.json")), "config.json");
    WeightSource shards = shards(directory);
    CheckpointNames names = CheckpointNames.of(config, shards.format());
    names.check(shards);
    assertThat(config.vocabSize()).isEqualTo(ggufConfig.vocabSize() + 2);

    Parameter[][] pairs = {
      {ggufNames.embedTokens(), names.embedTokens()},
      {ggufNames.norm(), names.norm()},
      {ggufNames.inputLayernorm(3), names.inputLayernorm(3)},
      {ggufNames.qProj(7), names.qProj(7)},
      {ggufNames.kProj(29), names.kProj(29)},
      {ggufNames.vProj(0), names.vProj(0)},
      {ggufNames.oProj(11), names.oProj(11)},
      {ggufNames.gateProj(5), names.gateProj(5)},
      {ggufNames.upProj(5), names.upProj(5)},
      {ggufNames.downProj(5), names.downProj(5)},
    };
    for (Parameter[] pair : pairs) {
      compare(gguf, pair[0], shards, pair[1]);
    }
  }

  private static void compare(
      WeightSource gguf, Parameter ours, WeightSource shards, Parameter theirs) {
    float[] exact = new float[ours.rowLength()];
    float[] rounded = new float[theirs.rowLength()];
    assertThat(shards.isExactlyBfloat16(theirs.tensorName())).isTrue();
    for (long row = 0; row < ours.rows(); row += Math.max(1, ours.rows() / 97)) {
      gguf.readRow(ours.tensorName(), ours.storedRow(row), exact, 0);
      shards.readRow(theirs.tensorName(), theirs.storedRow(row), rounded, 0);
      for (int i = 0; i < exact.length; i++) {
        assertThat(Math.abs(rounded[i] - exact[i]))
            .as("%s row %d value %d", theirs.tensorName(), row, i)
            .isLessThanOrEqualTo(Math.abs(exact[i]) * 0x1p-8f);
      }
    }
  }

  private static WeightSource shards(Path directory) throws IOException {
    Path indexFile = directory.resolve("model.safetensors.index.json");
    ShardIndex index = ShardIndex.parse(Files.readAllBytes(indexFile), indexFile.toString());
    Map<String, CheckpointBytes> files = new HashMap<>();
    for (String name : index.shardNames()) {
      files.put(name, read(directory.resolve(name)));
    }
    return SafetensorsCheckpoint.open(index, files);
  }

  private static CheckpointBytes read(Path file) throws IOException {
    try (var in = Files.newInputStream(file)) {
      return CheckpointBytes.read(in, Files.size(file), file.toString());
    }
  }

  private static Path property(String name) {
    assertThat(System.getProperty(name))
        .as("system property " + name + " must name the real model")
        .isNotBlank();
    Path path = Path.of(System.getProperty(name));
    assertThat(path).as(name).exists();
    return path;
  }
}
