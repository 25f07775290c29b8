package org.trlm.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.trlm.engine.cache.KvCache;
import org.trlm.engine.cache.KvCacheManager;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.kernel.KvCacheDtype;
import org.trlm.engine.schedule.ScheduledBatch;
import org.trlm.engine.weights.CheckpointBytes;
import org.trlm.engine.weights.SafetensorsFile;

/** The embedded model gives the tokens and logits that transformers gave. */
class TinyReasonerTest {

  private static final Path MODEL = Path.of("..", "examples", "tiny-reasoner");

  private static final String DIGEST =
      "0b475a2b710491ef15a2435ba9d9ced45105c5c8c53774d674575a580d9d7031";

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
    List<JsonNode> rows = goldens();
    ModelWeights weights =
        ModelWeights.pack(config, checkpoint, KernelProvider.vector(), WeightDtype.AUTO);
    int compared = GoldenGeneration.check(weights, rows);
    assertThat(compared).as("tokens compared").isGreaterThan(2700);
  }

  @Test
  void givesTheGoldenTokensWithTheScalarKernels() throws IOException {
    List<JsonNode> rows = goldens().subList(0, 4);
    ModelWeights weights =
        ModelWeights.pack(config, checkpoint, KernelProvider.scalar(), WeightDtype.FLOAT32);
    assertThat(GoldenGeneration.check(weights, rows)).as("tokens compared").isPositive();
  }

  /**
   * One digest for every Java, processor and kernel: this test runs on Java 17 and 25, and the bits
   * of all logits of twelve prompts and their answers must be those of the first machine.
   */
  @Test
  void theBitsAreThoseOfEveryOtherMachine() throws Exception {
    List<JsonNode> rows = goldens().subList(0, 12);
    assertThat(digest(rows, KernelProvider.vector(), WeightDtype.AUTO)).isEqualTo(DIGEST);
    assertThat(digest(rows, KernelProvider.scalar(), WeightDtype.FLOAT32)).isEqualTo(DIGEST);
  }

  private String digest(List<JsonNode> rows, Kernels kernels, WeightDtype dtype) throws Exception {
    ModelWeights weights = ModelWeights.pack(config, checkpoint, kernels, dtype);
    MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
    for (JsonNode row : rows) {
      int[] tokens =
          IntStream.concat(ids(row.get("prompt_token_ids")), ids(row.get("token_ids"))).toArray();
      KvCache cache =
          new KvCache(
              config.attentionShape(),
              KvCacheDtype.FLOAT32,
              config.numHiddenLayers(),
              KvCacheManager.blocksFor(tokens.length));
      int[] blockTable = IntStream.range(0, KvCacheManager.blocksFor(tokens.length)).toArray();
      Transformer transformer =
          new Transformer(weights, cache, tokens.length, tokens.length, tokens.length);
      ScheduledBatch batch = new ScheduledBatch(1, tokens.length, tokens.length);
      batch.add(tokens, 0, tokens.length, 0, blockTable);
      transformer.forward(batch);
      ByteBuffer bits = ByteBuffer.allocate(tokens.length * config.vocabSize() * Float.BYTES);
      for (int i = 0; i < tokens.length; i++) {
        int offset = transformer.logitsOffset(i);
        bits.asFloatBuffer().put(transformer.logits(), offset, config.vocabSize());
        bits.position(bits.position() + config.vocabSize() * Float.BYTES);
      }
      sha256.update(bits.array());
    }
    return HexFormat.of().formatHex(sha256.digest());
  }

  private static IntStream ids(JsonNode ids) {
    return IntStream.range(0, ids.size()).map(i -> ids.get(i).asInt());
  }

  private static List<JsonNode> goldens() throws IOException {
    return GoldenGeneration.rows(Files.readString(MODEL.resolveSibling("expected.jsonl")));
  }
}
