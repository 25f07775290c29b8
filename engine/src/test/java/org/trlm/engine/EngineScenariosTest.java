package org.trlm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.trlm.engine.cache.KvCacheManager;
import org.trlm.engine.cache.PrefixCaching;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.kernel.KvCacheDtype;
import org.trlm.engine.model.ModelWeights;
import org.trlm.engine.model.NaiveModel;
import org.trlm.engine.request.FinishReason;
import org.trlm.engine.request.RepetitionDetection;
import org.trlm.engine.request.Request;
import org.trlm.engine.request.RequestOutput;
import org.trlm.engine.request.SamplingParams;
import org.trlm.engine.request.StructuredOutputs;
import org.trlm.engine.request.StructuredOutputs.Kind;
import org.trlm.engine.request.ThoughtTags.State;
import org.trlm.engine.request.TokenLogprobs;
import org.trlm.engine.sample.RandomStream;

/**
 * Random companies of rows of the real tiny model: shared prefixes, duplicates, several samples of
 * one prompt, all sampling parameters, constraints on the content, budgets of the thought, late
 * arrivals and aborts, in engines of random limits, down to a cache that holds one row. Every row
 * gets the tokens and log-probabilities that it gets alone, and alone it gets those of a naive
 * loop. The system property {@code trlm.scenarios} sets how many scenarios run, {@code trlm.seed}
 * which.
 */
class EngineScenariosTest {
  private static final int NUM_SCENARIOS = Integer.getInteger("trlm.scenarios", 30);
  private static final int MANY_SCENARIOS = 200;
  private static final int NUM_NAIVE = 30;
  private static final long SEED = Long.getLong("trlm.seed", 20260213);
  private static final int MAX_MODEL_LEN = 110;
  private static final int BLOCKS_OF_ONE_ROW = KvCacheManager.blocksFor(MAX_MODEL_LEN);
  private static final int VOCAB_SIZE = 768;
  private static final int END_OF_TURN = TinyReasoner.END_OF_TURN;

  /** Shared, so that constraints are compiled once. */
  private static final AnswerFormat FORMAT = TinyReasoner.format();

  private static ModelWeights vector;
  private static ModelWeights scalar;
  private static NaiveRules rules;

  /** Each the samples of one prompt, often one. */
  private static List<List<Request>> groups;

  /** By type of the key/value cache, what each row gets alone. */
  private static Map<KvCacheDtype, Map<String, RequestOutput>> alone;

  @BeforeAll
  static void runEachRowAlone() {
    vector = TinyReasoner.fastWeights();
    scalar = TinyReasoner.isExact() ? TinyReasoner.weights(KernelProvider.scalar()) : vector;
    rules = new NaiveRules(TinyReasoner.tokenText());
    Random random = new Random(SEED);
    int[][] prefixes = new int[6][];
    for (int i = 0; i < prefixes.length; i++) {
      prefixes[i] = tokens(random, 5 + random.nextInt(40));
    }
    groups = new ArrayList<>();
    while (groups.size() < 70) {
      int[] prompt = prompt(random, prefixes[random.nextInt(prefixes.length)]);
      // with duplicates, as of one row that is there several times
      for (int copies = 1 + random.nextInt(2) * random.nextInt(3); copies > 0; copies--) {
        groups.add(samples(random, "row " + groups.size(), prompt));
      }
    }
    alone = new EnumMap<>(KvCacheDtype.class);
    for (KvCacheDtype dtype : KvCacheDtype.values()) {
      Map<String, RequestOutput> outputs = new TreeMap<>();
      for (List<Request> group : groups) {
        for (Request request : group) {
          outputs.put(request.id(), runAlone(request, engineOfOneRow(dtype)));
        }
      }
      alone.put(dtype, outputs);
    }
  }

  private static Engine engineOfOneRow(KvCacheDtype dtype) {
    return engine(
        vector,
        new EngineConfig(
            MAX_MODEL_LEN, 1, MAX_MODEL_LEN, BLOCKS_OF_ONE_ROW, PrefixCaching.DISABLED, dtype));
  }

  private static RequestOutput runAlone(Request request, Engine engine) {
    engine.add(request);
    List<RequestOutput> outputs = List.of();
    while (engine.hasUnfinishedRequests()) {
      outputs = engine.step();
    }
    return outputs.get(0);
  }

  private static List<Request> samples(Random random, String id, int[] prompt) {
    SamplingParams params = params(random);
    int n = params.temperature() > 0 && random.nextInt(4) > 0 ? 2 + random.nextInt(3) : 1;
    long seed = random.nextLong();
    State thought = random.nextInt(3) == 0 ? State.OPEN : State.NONE;
    List<Request> samples = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      long key = RandomStream.key(seed, new byte[] {1}, i);
      samples.add(new Request(id + " sample " + i, prompt, params, key, thought));
    }
    return samples;
  }

  @Test
  void everyRowGetsTheTokensThatItGetsAlone() {
    runScenarios(SEED, NUM_SCENARIOS);
  }

  @Test
  @Tag("real-model")
  void everyRowGetsTheTokensThatItGetsAloneInManyMoreScenarios() {
    runScenarios(SEED + NUM_SCENARIOS, MANY_SCENARIOS);
  }

  private static void runScenarios(long seed, int count) {
    long preemptions = 0;
    long cached = 0;
    long recomputed = 0;
    for (int scenario = 0; scenario < count; scenario++) {
      Engine engine = runScenario(seed + scenario);
      preemptions += engine.preemptions();
      recomputed += engine.tokensRecomputed();
      cached += cachedTokens;
    }
    System.out.printf(
        "%d scenarios from seed %d: %d preemptions, %d tokens recomputed, %d cached%n",
        count, seed, preemptions, recomputed, cached);
    assertThat(preemptions).isGreaterThan(2L * count);
    assertThat(recomputed).isGreaterThan(20L * count);
    assertThat(cached).isGreaterThan(200L * count);
  }

  @Test
  void tokensWithoutAChoiceAreThoseOfStepsOnTheirOwn() {
    long fewerSteps = 0;
    for (List<Request> group : groups) {
      Request request = group.get(0);
      SamplingParams params = request.params();
      if (params.structuredOutputs() == null && params.thinkingTokenBudget() < 0) {
        continue;
      }
      Engine jumping = engineOfOneRow(KvCacheDtype.FLOAT32);
      Engine walking = engineOfOneRow(KvCacheDtype.FLOAT32);
      int none = SamplingParams.NO_LOGPROBS;
      RequestOutput jumped = runAlone(withLogprobs(request, none), jumping);
      RequestOutput walked = runAlone(withLogprobs(request, 0), walking);
      assertThat(jumped.tokenIds()).as(request.id()).isEqualTo(walked.tokenIds());
      assertThat(jumped.finishReason()).as(request.id()).isEqualTo(walked.finishReason());
      assertThat(walked.logprobs().logprobs()).hasSameSizeAs(walked.tokenIds());
      fewerSteps += walking.steps() - jumping.steps();
    }
    assertThat(fewerSteps).isGreaterThan(80);
  }

  private static Request withLogprobs(Request request, int logprobs) {
    SamplingParams params = request.params().toBuilder().logprobs(logprobs).build();
    return new Request(
        request.id(), request.promptTokenIds(), params, request.streamKey(), request.thought());
  }

  @Test
  void finishedContentsSatisfyTheirConstraints() {
    Map<Kind, Integer> finished = new EnumMap<>(Kind.class);
    int afterThought = 0;
    for (List<Request> group : groups) {
      for (Request request : group) {
        StructuredOutputs constraint = request.params().structuredOutputs();
        RequestOutput output = alone.get(KvCacheDtype.FLOAT32).get(request.id());
        int[] tokens = output.tokenIds();
        if (constraint != null && tokens[tokens.length - 1] == END_OF_TURN) {
          List<Integer> answer = Arrays.stream(tokens, 0, tokens.length - 1).boxed().toList();
          assertThat(rules.isValid(request, answer)).as(request.id()).isTrue();
          finished.merge(constraint.kind(), 1, Integer::sum);
          afterThought += answer.contains(TinyReasoner.CLOSE_THOUGHT) ? 1 : 0;
        }
      }
    }
    System.out.println("finished: " + finished + ", after a thought: " + afterThought);
    assertThat(finished.keySet()).contains(Kind.CHOICE, Kind.REGEX, Kind.JSON);
    assertThat(finished.values()).allMatch(count -> count >= 3);
    assertThat(afterThought).isGreaterThan(5);
  }

  @Test
  void theParametersMix() {
    Map<FinishReason, Integer> reasons = new EnumMap<>(FinishReason.class);
    Collection<RequestOutput> outputs = alone.get(KvCacheDtype.FLOAT32).values();
    outputs.forEach(output -> reasons.merge(output.finishReason(), 1, Integer::sum));
    assertThat(outputs).allMatch(output -> output.failure() == null);
    assertThat(reasons.values()).hasSize(3).allMatch(count -> count >= 5);
    assertThat(outputs.stream().filter(output -> output.logprobs() != null).count())
        .isGreaterThan(20);
    assertThat(outputs.stream().filter(output -> output.promptLogprobs() != null).count())
        .isGreaterThan(20);
    assertThat(groups.stream().filter(group -> group.size() > 1).count()).isGreaterThan(10);
  }

  /** Fed with the engine's tokens, a naive loop chooses each next one and ends with the last. */
  @ParameterizedTest
  @EnumSource
  void alonePerfectlyMatchesANaiveLoop(KvCacheDtype dtype) {
    NaiveModel model = new NaiveModel(TinyReasoner.config(), TinyReasoner.checkpoint(), dtype);
    NaiveSampling sampling = new NaiveSampling(VOCAB_SIZE, END_OF_TURN, rules);
    for (List<Request> group : groups.subList(0, NUM_NAIVE)) {
      Request request = group.get(group.size() - 1);
      RequestOutput output = alone.get(dtype).get(request.id());
      String what = "seed " + SEED + ", " + dtype + ", " + request;
      int[] prompt = request.promptTokenIds();
      int[] answer = output.tokenIds();
      int[] all = Arrays.copyOf(prompt, prompt.length + answer.length);
      System.arraycopy(answer, 0, all, prompt.length, answer.length);
      float[][] logits = model.logits(all);
      List<Integer> generated = new ArrayList<>();
      for (int i = 0; i < answer.length; i++) {
        if (i > 0 && all.length < MAX_MODEL_LEN) {
          assertThat(sampling.end(request, generated)).as(what).isNull();
        }
        int next = sampling.next(logits[prompt.length + i - 1], request, generated);
        assertThat(answer[i]).as("token %s of %s", i, what).isEqualTo(next);
        generated.add(next);
      }
      FinishReason end =
          all.length == MAX_MODEL_LEN && sampling.end(request, generated) != FinishReason.STOP
              ? FinishReason.LENGTH
              : sampling.end(request, generated);
      assertThat(output.finishReason()).as(what).isEqualTo(end);
      SamplingParams params = request.params();
      if (params.logprobs() >= 0) {
        float[][] rows = Arrays.copyOfRange(logits, prompt.length - 1, all.length - 1);
        assertThat(text(output.logprobs()))
            .as(what)
            .isEqualTo(text(sampling.logprobs(rows, answer, params.logprobs())));
      }
      if (params.promptLogprobs() >= 0) {
        int start = Math.min(params.promptLogprobsStart(), prompt.length);
        float[][] rows = Arrays.copyOfRange(logits, start - 1, prompt.length - 1);
        int[] scored = Arrays.copyOfRange(prompt, start, prompt.length);
        assertThat(text(output.promptLogprobs()))
            .as(what)
            .isEqualTo(text(sampling.logprobs(rows, scored, params.promptLogprobs())));
      }
    }
  }

  private static long cachedTokens;

  private static Engine runScenario(long seed) {
    Random random = new Random(seed);
    EngineConfig config = randomConfig(random);
    String what = "seed " + seed + ", " + config;
    Engine engine = engine(random.nextInt(6) == 0 ? scalar : vector, config);
    List<List<Request>> coming = new ArrayList<>(groups);
    Collections.shuffle(coming, random);
    coming.subList(30, coming.size()).clear();
    Map<String, String> awaited = new TreeMap<>();
    Map<String, Integer> groupSizes = new HashMap<>();
    for (List<Request> group : coming) {
      for (Request request : group) {
        awaited.put(request.id(), text(alone.get(config.kvCacheDtype()).get(request.id())));
        groupSizes.put(request.id(), group.size());
      }
    }
    List<String> ids = new ArrayList<>(awaited.keySet());
    Map<String, String> outputs = new TreeMap<>();
    boolean allAtOnce = random.nextBoolean();
    cachedTokens = 0;
    while (!coming.isEmpty() || engine.hasUnfinishedRequests()) {
      int arrivals = allAtOnce ? coming.size() : Math.min(coming.size(), random.nextInt(4));
      for (; arrivals > 0; arrivals--) {
        engine.addSamples(coming.remove(coming.size() - 1));
      }
      if (random.nextInt(25) == 0) {
        String victim = ids.get(random.nextInt(ids.size()));
        if (engine.abort(victim)) {
          awaited.remove(victim);
        }
      }
      for (RequestOutput output : engine.step()) {
        outputs.put(output.id(), text(output));
        cachedTokens += output.cachedTokens();
        assertThat(output.cachedTokens()).as(what).isBetween(0, output.promptTokens() - 1);
        if (config.prefixCaching() == PrefixCaching.DISABLED && groupSizes.get(output.id()) == 1) {
          assertThat(output.cachedTokens()).as(what).isZero();
        }
      }
      engine.checkIntegrity();
    }
    assertThat(outputs).as(what).isEqualTo(awaited);
    assertThat(engine.numRunning() + engine.numWaiting()).as(what).isZero();
    return engine;
  }

  private static EngineConfig randomConfig(Random random) {
    int slots = 1 + random.nextInt(random.nextBoolean() ? 4 : 40);
    int budget = slots + random.nextInt(random.nextBoolean() ? 20 : 300);
    int blocks = BLOCKS_OF_ONE_ROW + random.nextInt(random.nextInt(3) > 0 ? 10 : 300);
    PrefixCaching caching = random.nextInt(3) > 0 ? PrefixCaching.ENABLED : PrefixCaching.DISABLED;
    KvCacheDtype dtype = random.nextInt(3) > 0 ? KvCacheDtype.FLOAT32 : KvCacheDtype.BFLOAT16;
    return new EngineConfig(MAX_MODEL_LEN, slots, budget, blocks, caching, dtype);
  }

  /** All of a shared prefix or a part of it, and tokens of its own, often none. */
  private static int[] prompt(Random random, int[] prefix) {
    int shared = random.nextInt(3) == 0 ? 1 + random.nextInt(prefix.length) : prefix.length;
    int own = random.nextInt(2) * random.nextInt(20);
    int[] prompt = Arrays.copyOf(prefix, shared + own);
    System.arraycopy(tokens(random, own), 0, prompt, shared, own);
    return prompt;
  }

  /** Each parameter in some of the rows, so that most pairs occur. */
  private static SamplingParams params(Random random) {
    SamplingParams.Builder params =
        SamplingParams.builder()
            .temperature(random.nextBoolean() ? 0 : 0.5 + random.nextDouble())
            .topP(random.nextBoolean() ? 1 : 0.5 + 0.5 * random.nextDouble())
            .topK(random.nextInt(2) * random.nextInt(50))
            .ignoreEos(random.nextInt(4) > 0);
    int maxTokens = 1 + random.nextInt(70);
    params.maxTokens(maxTokens);
    if (random.nextInt(3) == 0) {
      params.minTokens(random.nextInt(maxTokens + 1));
    }
    if (random.nextInt(4) == 0) {
      params.stopTokenIds(tokens(random, 8));
    }
    if (random.nextInt(4) == 0) {
      params.repetitionPenalty(0.8 + random.nextDouble());
    }
    if (random.nextInt(4) == 0) {
      params.frequencyPenalty(random.nextDouble() * 4 - 2);
    }
    if (random.nextInt(4) == 0) {
      params.presencePenalty(random.nextDouble() * 4 - 2);
    }
    if (random.nextInt(5) == 0) {
      TreeMap<Integer, Double> bias = new TreeMap<>();
      random.ints(6, 0, VOCAB_SIZE).forEach(id -> bias.put(id, random.nextDouble() * 20 - 5));
      params.logitBias(bias);
    }
    if (random.nextInt(5) == 0) {
      params.allowedTokenIds(tokens(random, 300));
    }
    if (random.nextInt(5) == 0) {
      params.badWords(List.of(tokens(random, 1), tokens(random, 2), tokens(random, 1)));
    }
    if (random.nextInt(3) == 0) {
      params.logprobs(random.nextInt(6));
    }
    if (random.nextInt(3) == 0) {
      params.promptLogprobs(random.nextInt(4), 1 + random.nextInt(2) * random.nextInt(12));
    }
    if (random.nextInt(3) == 0) {
      params.repetitionDetection(new RepetitionDetection(1 + random.nextInt(6), 0, 2));
    }
    if (random.nextInt(3) == 0) {
      params.structuredOutputs(NaiveRules.constraints().get(random.nextInt(3)));
      params.maxTokens(70);
    }
    if (random.nextInt(3) == 0) {
      params.thinkingTokenBudget(random.nextInt(2) * random.nextInt(12));
    }
    return params.build();
  }

  private static int[] tokens(Random random, int length) {
    return random.ints(length, 0, VOCAB_SIZE).toArray();
  }

  private static Engine engine(ModelWeights weights, EngineConfig config) {
    return new Engine(weights, config, FORMAT);
  }

  private static String text(RequestOutput output) {
    return Arrays.toString(output.tokenIds())
        + (" " + output.finishReason() + output.failure())
        + (" " + text(output.logprobs()) + " " + text(output.promptLogprobs()));
  }

  private static String text(TokenLogprobs logprobs) {
    return logprobs == null
        ? "none"
        : Arrays.toString(logprobs.logprobs())
            + Arrays.toString(logprobs.ranks())
            + Arrays.toString(logprobs.alternativeIds())
            + Arrays.toString(logprobs.alternativeLogprobs());
  }
}
