package org.trlm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.trlm.engine.cache.PrefixCaching;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.kernel.KvCacheDtype;
import org.trlm.engine.model.ModelWeights;
import org.trlm.engine.model.NaiveModel;
import org.trlm.engine.request.Request;
import org.trlm.engine.request.RequestOutput;
import org.trlm.engine.request.SamplingParams;
import org.trlm.engine.sample.Sampler;

/** The tokens of a row of the real tiny model are the same in every company. */
class EngineEqualityTest {
  private static final long SEED = 20260108;
  private static final int MAX_MODEL_LEN = 80;
  private static final int END_OF_TURN = 2;

  private static ModelWeights scalar;
  private static ModelWeights vector;
  private static List<Request> requests;
  private static Map<String, String> expected;

  @BeforeAll
  static void runEachRowAlone() {
    scalar = TinyReasoner.weights(KernelProvider.scalar());
    vector = TinyReasoner.weights(KernelProvider.vector());
    Random random = new Random(SEED);
    requests = new ArrayList<>();
    for (int i = 0; i < 70; i++) {
      requests.add(randomRequest(random, "row " + i));
    }
    expected = new TreeMap<>();
    for (Request request : requests) {
      EngineConfig alone = new EngineConfig(MAX_MODEL_LEN, 1, MAX_MODEL_LEN, 5);
      expected.putAll(run(scalar, alone, List.of(request)));
    }
    assertThat(expected.values().stream().distinct().count()).isGreaterThan(60);
  }

  /**
   * A loop over the naive model would choose the same tokens: fed with the engine's tokens, it
   * chooses each next one.
   */
  @Test
  void aNaiveLoopChoosesTheSameTokens() {
    NaiveModel naive = new NaiveModel(TinyReasoner.config(), TinyReasoner.checkpoint());
    Sampler sampler = new Sampler(KernelProvider.scalar(), 768);
    Engine engine =
        new Engine(
            vector,
            new EngineConfig(MAX_MODEL_LEN, 16, 23, 80),
            new byte[0][],
            new int[] {END_OF_TURN});
    Map<String, Request> unanswered = new TreeMap<>();
    for (Request request : requests.subList(0, 40)) {
      unanswered.put(request.id(), request);
      engine.add(request);
    }
    while (engine.hasUnfinishedRequests()) {
      for (RequestOutput output : engine.step()) {
        Request request = unanswered.remove(output.id());
        int[] prompt = request.promptTokenIds();
        int[] answer = output.tokenIds();
        int[] tokens = Arrays.copyOf(prompt, prompt.length + answer.length);
        System.arraycopy(answer, 0, tokens, prompt.length, answer.length);
        float[][] logits = naive.logits(tokens);
        for (int i = 0; i < answer.length; i++) {
          float[] row = logits[prompt.length + i - 1];
          assertThat(sampler.sample(row, 0, request.params(), request.streamKey(), i))
              .as("seed %s, %s, token %s", SEED, output.id(), i)
              .isEqualTo(answer[i]);
        }
      }
    }
    assertThat(unanswered).isEmpty();
  }

  @Test
  void batchesOfSeven() {
    assertSame(vector, new EngineConfig(MAX_MODEL_LEN, 7, 512, 35));
  }

  @Test
  void batchesOfSixtyFour() {
    assertSame(scalar, new EngineConfig(MAX_MODEL_LEN, 64, 512, 320));
    assertSame(vector, new EngineConfig(MAX_MODEL_LEN, 64, 512, 320));
  }

  @Test
  void chunksOfFive() {
    assertSame(vector, new EngineConfig(MAX_MODEL_LEN, 5, 5, 25));
  }

  @Test
  void oneByOneAndWithFewBlocks() {
    assertSame(vector, new EngineConfig(MAX_MODEL_LEN, 1, 512, 5));
    assertSame(vector, new EngineConfig(MAX_MODEL_LEN, 64, 64, 23));
  }

  /**
   * What transformers answers to the embedded prompts, all of them in one batch. Its logits differ
   * in the last digits, so rows may part where two tokens are nearly equally likely.
   */
  @Test
  void greedyAnswersAreThoseOfTheReference() throws IOException {
    Engine engine =
        new Engine(
            vector,
            new EngineConfig(512, 64, 512, 64 * 32),
            new byte[0][],
            new int[] {END_OF_TURN});
    Map<String, JsonNode> rows = new TreeMap<>();
    for (String line : Files.readAllLines(Path.of("../examples/expected.jsonl"))) {
      JsonNode row = new ObjectMapper().readTree(line);
      rows.put(row.get("id").textValue(), row);
      int[] answer = ints(row.get("token_ids"));
      SamplingParams params = SamplingParams.greedy(answer.length);
      engine.add(
          new Request(row.get("id").textValue(), ints(row.get("prompt_token_ids")), params, 0));
    }
    assertThat(rows).hasSize(60);
    int whole = 0;
    while (engine.hasUnfinishedRequests()) {
      for (RequestOutput output : engine.step()) {
        JsonNode row = rows.remove(output.id());
        int[] answer = ints(row.get("token_ids"));
        int certain = 0;
        while (certain < answer.length && row.get("gap").get(certain).doubleValue() >= 0.002) {
          certain++;
        }
        assertThat(Arrays.copyOf(output.tokenIds(), certain))
            .as(output.id())
            .isEqualTo(Arrays.copyOf(answer, certain));
        whole += certain == answer.length ? 1 : 0;
      }
    }
    assertThat(rows).isEmpty();
    assertThat(whole).isGreaterThan(50);
  }

  /** Other bits, but the same bits on every machine: the count does not vary. */
  @Test
  void keysAndValuesInBfloat16LeaveTheseAnswersAsTheyAre() throws IOException {
    EngineConfig config =
        new EngineConfig(512, 64, 512, 64 * 32, PrefixCaching.ENABLED, KvCacheDtype.BFLOAT16);
    Engine engine = new Engine(vector, config, new byte[0][], new int[] {END_OF_TURN});
    Map<String, int[]> answers = new TreeMap<>();
    for (String line : Files.readAllLines(Path.of("../examples/expected.jsonl"))) {
      JsonNode row = new ObjectMapper().readTree(line);
      int[] answer = ints(row.get("token_ids"));
      answers.put(row.get("id").textValue(), answer);
      SamplingParams params = SamplingParams.greedy(answer.length);
      engine.add(
          new Request(row.get("id").textValue(), ints(row.get("prompt_token_ids")), params, 0));
    }
    int same = 0;
    while (engine.hasUnfinishedRequests()) {
      for (RequestOutput output : engine.step()) {
        same += Arrays.equals(output.tokenIds(), answers.get(output.id())) ? 1 : 0;
      }
    }
    assertThat(same).isEqualTo(answers.size()).isEqualTo(60);
  }

  private static int[] ints(JsonNode array) {
    int[] ints = new int[array.size()];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = array.get(i).intValue();
    }
    return ints;
  }

  private static void assertSame(ModelWeights weights, EngineConfig config) {
    List<Request> shuffled = new ArrayList<>(requests);
    Collections.shuffle(shuffled, new Random(SEED + config.hashCode()));
    assertThat(run(weights, config, shuffled))
        .as("seed %s, %s, %s", SEED, weights.kernels().name(), config)
        .isEqualTo(expected);
  }

  private static Map<String, String> run(
      ModelWeights weights, EngineConfig config, List<Request> requests) {
    Engine engine = new Engine(weights, config, new byte[0][], new int[] {END_OF_TURN});
    requests.forEach(engine::add);
    Map<String, String> outputs = new TreeMap<>();
    while (engine.hasUnfinishedRequests()) {
      for (RequestOutput output : engine.step()) {
        assertThat(output.failure()).isNull();
        outputs.put(output.id(), Arrays.toString(output.tokenIds()) + " " + output.finishReason());
      }
    }
    engine.checkIntegrity();
    assertThat(engine.numRunning()).isZero();
    return outputs;
  }

  private static Request randomRequest(Random random, String id) {
    SamplingParams params =
        SamplingParams.builder()
            .temperature(random.nextInt(3) == 0 ? 0 : 0.5 + random.nextDouble())
            .topP(random.nextBoolean() ? 1 : 0.5 + 0.5 * random.nextDouble())
            .topK(random.nextInt(2) * random.nextInt(50))
            .minP(random.nextInt(2) * random.nextDouble() * 0.1)
            .maxTokens(1 + random.nextInt(30))
            .ignoreEos(random.nextBoolean())
            .build();
    int[] prompt = random.ints(1 + random.nextInt(60), 0, 768).toArray();
    return new Request(id, prompt, params, random.nextLong());
  }
}
