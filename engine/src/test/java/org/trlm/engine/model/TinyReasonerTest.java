package org.trlm.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.weights.CheckpointBytes;
import org.trlm.engine.weights.SafetensorsFile;

/** The embedded model gives the tokens and logits that transformers gave. */
class TinyReasonerTest {

  private static final Path MODEL = Path.of("..", "examples", "tiny-reasoner");

  private final ModelConfig config;
  private final SafetensorsFile checkpoint;

  TinyReasonerTest() throws IOException {
    Path file = MODEL.resolve("model.safetensors");
    checkpoint =
        SafetensorsFile.open(CheckpointBytes.of(Files.readAllBytes(file), file.toString()));
    Path configFile = MODEL.resolve("config.json");
    config = ModelConfig.fromJson(Files.readAllBytes(configFile), configFile.toString());
  }

  @Test
  void givesTheGoldenTokensAndFirstLogits() throws IOException {
    List<JsonNode> rows = GoldenGeneration.read("tiny_reasoner_greedy.jsonl");
    ModelWeights weights =
        ModelWeights.pack(config, checkpoint, KernelProvider.vector(), WeightDtype.AUTO);
    int compared = GoldenGeneration.check(weights, rows);
    assertThat(compared).as("tokens compared").isGreaterThan(2700);
  }

  @Test
  void givesTheGoldenTokensWithTheScalarKernels() throws IOException {
    List<JsonNode> rows = GoldenGeneration.read("tiny_reasoner_greedy.jsonl").subList(0, 4);
    ModelWeights weights =
        ModelWeights.pack(config, checkpoint, KernelProvider.scalar(), WeightDtype.FLOAT32);
    assertThat(GoldenGeneration.check(weights, rows)).as("tokens compared").isPositive();
  }
}
