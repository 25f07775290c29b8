package org.trlm.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.weights.CheckpointBytes;
import org.trlm.engine.weights.GgufFile;
import org.trlm.engine.weights.SafetensorsCheckpoint;
import org.trlm.engine.weights.ShardIndex;

/** The 135M models give the tokens, logits and log-probabilities that transformers gave. */
@Tag("real-model")
class RealModelTest {

  @Test
  void smollm2FromGguf() throws IOException {
    GgufFile checkpoint = GgufFile.open(bytes(path("trlm.smollm2.gguf")));
    ModelConfig config = ModelConfig.fromGguf(checkpoint);
    ModelWeights weights =
        ModelWeights.pack(config, checkpoint, KernelProvider.vector(), WeightDtype.AUTO);
    int compared = GoldenGeneration.check(weights, GoldenGeneration.read("smollm2_greedy.jsonl"));
    System.out.println("smollm2: " + compared + " tokens compared");
    assertThat(compared).as("tokens compared").isGreaterThan(1500);
  }

  @Test
  void trlmShapedFromShardedBfloat16Safetensors() throws IOException {
    Path directory = path("trlm.trlm135.dir");
    Path indexFile = directory.resolve("model.safetensors.index.json");
    ShardIndex index = ShardIndex.parse(Files.readAllBytes(indexFile), indexFile.toString());
    Map<String, CheckpointBytes> files = new HashMap<>();
    for (String shard : index.shardNames()) {
      files.put(shard, bytes(directory.resolve(shard)));
    }
    SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(index, files);
    Path configFile = directory.resolve("config.json");
    ModelConfig config =
        ModelConfig.fromJson(Files.readAllBytes(configFile), configFile.toString());
    ModelWeights weights =
        ModelWeights.pack(config, checkpoint, KernelProvider.vector(), WeightDtype.AUTO);
    int compared =
        GoldenGeneration.check(weights, GoldenGeneration.read("trlm_shaped_greedy.jsonl"));
    System.out.println("TRLM-shaped: " + compared + " tokens compared");
    assertThat(compared).as("tokens compared").isGreaterThan(500);
  }

  private static Path path(String property) {
    String value = System.getProperty(property);
    assertThat(value).as("system property " + property + " must name the real model").isNotBlank();
    assertThat(Path.of(value)).as(property).exists();
    return Path.of(value);
  }

  private static CheckpointBytes bytes(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return CheckpointBytes.read(in, Files.size(file), file.toString());
    }
  }
}
