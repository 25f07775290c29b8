package org.trlm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.trlm.engine.cache.KvCacheManager;
import org.trlm.engine.cache.PrefixCaching;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.model.ModelWeights;
import org.trlm.engine.request.Request;
import org.trlm.engine.request.RequestOutput;
import org.trlm.engine.request.SamplingParams;

/**
 * Random companies of rows of the real tiny model: shared prefixes, duplicates, late arrivals and
 * aborts, in engines of random limits, down to a cache that holds one row. Every row gets the
 * tokens that it gets alone. The system property {@code trlm.scenarios} sets how many scenarios
 * run.
 */
class EngineScenariosTest {
  private static final int NUM_SCENARIOS = Integer.getInteger("trlm.scenarios", 30);
  private static final long SEED = Long.getLong("trlm.seed", 20260213);
  private static final int MAX_MODEL_LEN = 110;
  private static final int BLOCKS_OF_ONE_ROW = KvCacheManager.blocksFor(MAX_MODEL_LEN);
  private static final int VOCAB_SIZE = 768;
  private static final int END_OF_TURN = 2;

  private static ModelWeights vector;
  private static ModelWeights scalar;
  private static List<Request> requests;
  private static Map<String, String> expected;

  @BeforeAll
  static void runEachRowAlone() {
    vector = TinyReasoner.weights(KernelProvider.vector());
    scalar = TinyReasoner.weights(KernelProvider.scalar());
    Random random = new Random(SEED);
    int[][] prefixes = new int[6][];
    for (int i = 0; i < prefixes.length; i++) {
      prefixes[i] = tokens(random, 5 + random.nextInt(40));
    }
    requests = new ArrayList<>();
    while (requests.size() < 80) {
      int[] prompt = prompt(random, prefixes[random.nextInt(prefixes.length)]);
      // with duplicates, as of one row sampled several times
      for (int copies = 1 + random.nextInt(2) * random.nextInt(4); copies > 0; copies--) {
        requests.add(
            new Request("row " + requests.size(), prompt, params(random), random.nextLong()));
      }
    }
    expected = new TreeMap<>();
    for (Request request : requests) {
      EngineConfig alone =
          new EngineConfig(
              MAX_MODEL_LEN, 1, MAX_MODEL_LEN, BLOCKS_OF_ONE_ROW, PrefixCaching.DISABLED);
      Engine engine = engine(vector, alone);
      engine.add(request);
      while (engine.hasUnfinishedRequests()) {
        engine.step().forEach(output -> expected.put(output.id(), text(output)));
      }
    }
  }

  @Test
  void everyRowGetsTheTokensThatItGetsAlone() {
    long preemptions = 0;
    long cached = 0;
    long recomputed = 0;
    for (int scenario = 0; scenario < NUM_SCENARIOS; scenario++) {
      Engine engine = runScenario(SEED + scenario);
      preemptions += engine.preemptions();
      recomputed += engine.tokensRecomputed();
      cached += cachedTokens;
    }
    System.out.printf(
        "%d scenarios from seed %d: %d preemptions, %d tokens recomputed, %d cached%n",
        NUM_SCENARIOS, SEED, preemptions, recomputed, cached);
    assertThat(preemptions).isGreaterThan(2L * NUM_SCENARIOS);
    assertThat(recomputed).isGreaterThan(20L * NUM_SCENARIOS);
    assertThat(cached).isGreaterThan(200L * NUM_SCENARIOS);
  }

  private static long cachedTokens;

  private static Engine runScenario(long seed) {
    Random random = new Random(seed);
    EngineConfig config = randomConfig(random);
    String what = "seed " + seed + ", " + config;
    Engine engine = engine(random.nextInt(6) == 0 ? scalar : vector, config);
    List<Request> coming = new ArrayList<>(requests);
    Collections.shuffle(coming, random);
    coming.subList(40, coming.size()).clear();
    Map<String, String> awaited = new TreeMap<>();
    coming.forEach(request -> awaited.put(request.id(), expected.get(request.id())));
    Map<String, String> outputs = new TreeMap<>();
    boolean allAtOnce = random.nextBoolean();
    cachedTokens = 0;
    while (!coming.isEmpty() || engine.hasUnfinishedRequests()) {
      int arrivals = allAtOnce ? coming.size() : Math.min(coming.size(), random.nextInt(4));
      for (; arrivals > 0; arrivals--) {
        engine.add(coming.remove(coming.size() - 1));
      }
      if (random.nextInt(25) == 0) {
        String victim = requests.get(random.nextInt(requests.size())).id();
        if (engine.abort(victim)) {
          awaited.remove(victim);
        }
      }
      for (RequestOutput output : engine.step()) {
        outputs.put(output.id(), text(output));
        cachedTokens += output.cachedTokens();
        assertThat(output.cachedTokens()).as(what).isBetween(0, output.promptTokens() - 1);
      }
      engine.checkIntegrity();
    }
    assertThat(outputs).as(what).isEqualTo(awaited);
    assertThat(engine.numRunning() + engine.numWaiting()).as(what).isZero();
    if (config.prefixCaching() == PrefixCaching.DISABLED) {
      assertThat(cachedTokens).as(what).isZero();
    }
    return engine;
  }

  private static EngineConfig randomConfig(Random random) {
    int slots = 1 + random.nextInt(random.nextBoolean() ? 4 : 40);
    int budget = slots + random.nextInt(random.nextBoolean() ? 20 : 300);
    int blocks = BLOCKS_OF_ONE_ROW + random.nextInt(random.nextInt(3) > 0 ? 10 : 300);
    PrefixCaching caching = random.nextInt(3) > 0 ? PrefixCaching.ENABLED : PrefixCaching.DISABLED;
    return new EngineConfig(MAX_MODEL_LEN, slots, budget, blocks, caching);
  }

  /** All of a shared prefix or a part of it, and tokens of its own, often none. */
  private static int[] prompt(Random random, int[] prefix) {
    int shared = random.nextInt(3) == 0 ? 1 + random.nextInt(prefix.length) : prefix.length;
    int own = random.nextInt(2) * random.nextInt(20);
    int[] prompt = Arrays.copyOf(prefix, shared + own);
    System.arraycopy(tokens(random, own), 0, prompt, shared, own);
    return prompt;
  }

  private static SamplingParams params(Random random) {
    return SamplingParams.builder()
        .temperature(random.nextBoolean() ? 0 : 0.5 + random.nextDouble())
        .topP(random.nextBoolean() ? 1 : 0.5 + 0.5 * random.nextDouble())
        .topK(random.nextInt(2) * random.nextInt(50))
        .maxTokens(1 + random.nextInt(70))
        .ignoreEos(random.nextInt(4) > 0)
        .build();
  }

  private static int[] tokens(Random random, int length) {
    return random.ints(length, 0, VOCAB_SIZE).toArray();
  }

  private static Engine engine(ModelWeights weights, EngineConfig config) {
    return new Engine(weights, config, new byte[0][], new int[] {END_OF_TURN});
  }

  private static String text(RequestOutput output) {
    return Arrays.toString(output.tokenIds()) + " " + output.finishReason() + output.failure();
  }
}
