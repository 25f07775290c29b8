package org.trlm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.trlm.engine.cache.PrefixCaching;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.request.FinishReason;
import org.trlm.engine.request.Request;
import org.trlm.engine.request.RequestOutput;
import org.trlm.engine.request.RequestRefusedException;
import org.trlm.engine.request.RequestRefusedException.Reason;
import org.trlm.engine.request.SamplingParams;
import org.trlm.engine.sample.RandomStream;
import org.trlm.engine.sample.Sampler;
import org.trlm.engine.schedule.ScheduledBatch;

/** The loop around a hand-written forward pass. */
class EngineTest {
  private static final int MAX_MODEL_LEN = 150;
  private static final int END_OF_TURN = 0;

  @Test
  void everyBatchGivesTheTokensOfANaiveLoop() {
    long seed = 20260105;
    Random random = new Random(seed);
    List<Request> requests = new ArrayList<>();
    Map<String, String> expected = new TreeMap<>();
    for (int i = 0; i < 70; i++) {
      Request request = randomRequest(random, "row " + i);
      requests.add(request);
      expected.put(request.id(), naive(request));
    }
    assertThat(expected.values()).anyMatch(text -> text.contains("LENGTH"));
    assertThat(expected.values()).anyMatch(text -> text.contains("STOP null"));
    assertThat(expected.values()).anyMatch(text -> text.matches(".*STOP \\d+ -1"));
    assertThat(expected.values()).anyMatch(text -> text.matches(".*STOP [a-z]+ \\d+"));
    for (EngineConfig config :
        List.of(
            new EngineConfig(MAX_MODEL_LEN, 1, 512, 10),
            new EngineConfig(MAX_MODEL_LEN, 1, 5, 10),
            new EngineConfig(MAX_MODEL_LEN, 5, 5, 50),
            new EngineConfig(MAX_MODEL_LEN, 7, 512, 70),
            new EngineConfig(MAX_MODEL_LEN, 64, 64, 200),
            new EngineConfig(MAX_MODEL_LEN, 64, 512, 25))) {
      Collections.shuffle(requests, random);
      assertThat(run(config, requests)).as("seed %s, %s", seed, config).isEqualTo(expected);
    }
  }

  @Test
  void cacheForTheRequestsAtTheirEndsIsEnoughToRunAllAtOnce() {
    long seed = 20261123;
    Random random = new Random(seed);
    List<Request> requests = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      requests.add(randomRequest(random, "row " + i));
    }
    EngineConfig limits = new EngineConfig(MAX_MODEL_LEN, 40, 512, 400);
    EngineConfig fitting = limits.forNoMoreThan(requests);
    assertThat(fitting.numKvBlocks()).as("seed %s", seed).isBetween(40, 399);
    Engine engine = engine(fitting);
    requests.forEach(engine::add);
    int mostRunning = 0;
    while (engine.hasUnfinishedRequests()) {
      engine.step();
      mostRunning = Math.max(mostRunning, engine.numRunning());
    }
    assertThat(engine.preemptions()).isZero();
    assertThat(mostRunning).as("seed %s", seed).isGreaterThan(30);
    assertThat(limits.forNoMoreThan(List.of()).numKvBlocks()).isEqualTo(1);
    EngineConfig small = new EngineConfig(MAX_MODEL_LEN, 40, 512, 20);
    assertThat(small.forNoMoreThan(requests)).isEqualTo(small);
  }

  @Test
  void requestsThatComeLaterAndOthersThatAreAbortedChangeNothing() {
    long seed = 20260106;
    Random random = new Random(seed);
    Engine engine = engine(new EngineConfig(MAX_MODEL_LEN, 6, 20, 30));
    Map<String, String> expected = new TreeMap<>();
    Map<String, String> outputs = new TreeMap<>();
    int aborted = 0;
    for (int i = 0; i < 60 || engine.hasUnfinishedRequests(); i++) {
      if (i < 60) {
        Request request = randomRequest(random, "row " + i);
        engine.add(request);
        expected.put(request.id(), naive(request));
      }
      String victim = "row " + random.nextInt(60);
      if (random.nextInt(4) == 0 && engine.abort(victim)) {
        expected.remove(victim);
        aborted++;
        assertThat(engine.abort(victim)).isFalse();
      }
      engine.step().forEach(output -> outputs.put(output.id(), text(output)));
      engine.checkIntegrity();
    }
    assertThat(aborted).isGreaterThan(5);
    assertThat(outputs).as("seed %s", seed).isEqualTo(expected);
    assertIdle(engine);
  }

  @Test
  void moreTokensContinueTheSameSample() {
    for (int seed = 0; seed < 20; seed++) {
      int[] few = generated(sampled("x", seed, 8));
      int[] many = generated(sampled("x", seed, 30));
      assertThat(many).startsWith(few);
    }
    assertThat(generated(sampled("x", 1, 30))).isNotEqualTo(generated(sampled("x", 2, 30)));
  }

  @Test
  void endsAreToldApart() {
    int[] free = generated(new Request("r", prompt(5), greedy(12).build(), 0));
    assertThat(free).hasSize(12).doesNotContain(END_OF_TURN);
    RequestOutput length = only(new Request("r", prompt(5), greedy(12).build(), 0));
    assertThat(length.finishReason()).isEqualTo(FinishReason.LENGTH);
    assertThat(length.stopReason()).isNull();
    assertThat(length.failure()).isNull();
    assertThat(length.promptTokens()).isEqualTo(5);
    assertThat(length.cachedTokens()).isZero();

    int stopAt = firstOccurrence(free, free[4]);
    RequestOutput token = only(new Request("r", prompt(5), greedy(12).stopToken(free[4]), 0));
    assertThat(token.finishReason()).isEqualTo(FinishReason.STOP);
    assertThat(token.stopReason()).isEqualTo(Integer.toString(free[4]));
    assertThat(token.tokenIds()).isEqualTo(Arrays.copyOf(free, stopAt + 1));

    String between = letters(free, 2, 5);
    RequestOutput string = only(new Request("r", prompt(5), greedy(12).stop(between), 0));
    assertThat(string.finishReason()).isEqualTo(FinishReason.STOP);
    assertThat(string.stopReason()).isEqualTo(between);
    int offset = letters(free, 0, 12).indexOf(between);
    assertThat(string.stopTextOffset()).isEqualTo(offset);
    assertThat(letters(string.tokenIds(), 0, string.tokenIds().length))
        .isEqualTo(letters(free, 0, 12).substring(0, offset + between.length()));

    EngineConfig config = new EngineConfig(MAX_MODEL_LEN, 1, 16, 10);
    Engine ending = engine(new HistoryModel(config), config, free[3], free[7]);
    ending.add(new Request("r", prompt(5), greedy(12).build(), 0));
    RequestOutput eos = untilIdle(ending).get("r");
    assertThat(eos.finishReason()).isEqualTo(FinishReason.STOP);
    assertThat(eos.stopReason()).isNull();
    assertThat(eos.tokenIds())
        .endsWith(eos.tokenIds()[eos.tokenIds().length - 1] == free[3] ? free[3] : free[7]);
    ending.add(new Request("r", prompt(5), greedy(12).ignoreEos(), 0));
    assertThat(untilIdle(ending).get("r").tokenIds()).isEqualTo(free);
  }

  @Test
  void theModelLengthEndsWhatMaxTokensWouldNot() {
    RequestOutput output =
        only(new Request("r", prompt(MAX_MODEL_LEN - 1), greedy(Integer.MAX_VALUE).build(), 0));
    assertThat(output.tokenIds()).hasSize(1);
    assertThat(output.finishReason()).isEqualTo(FinishReason.LENGTH);
  }

  @Test
  void aFailureIsItsOwnAndNeighboursKeepTheirTokens() {
    long seed = 20260107;
    Random random = new Random(seed);
    EngineConfig config = new EngineConfig(MAX_MODEL_LEN, 8, 64, 80);
    List<Request> requests = new ArrayList<>();
    Map<String, String> expected = new TreeMap<>();
    for (int i = 0; i < 20; i++) {
      Request request = new Request("row " + i, prompt(3 + i), greedy(20).ignoreEos(), i);
      requests.add(request);
      expected.put(request.id(), naive(request));
    }
    int poisoned = generated(requests.get(4))[6];
    // any sequence fails when it is at this length and token: its logits are not numbers
    Engine engine =
        engine(
            new HistoryModel(config) {
              @Override
              public void forward(ScheduledBatch batch) {
                super.forward(batch);
                for (int i = 0; i < batch.numLogits(); i++) {
                  int t = batch.logitsTokens()[i];
                  if (batch.positions()[t] == 7 + 6 && batch.tokenIds()[t] == poisoned) {
                    logits()[logitsOffset(i) + random.nextInt(VOCAB_SIZE)] = Float.NaN;
                  }
                }
              }
            },
            config,
            END_OF_TURN);
    requests.forEach(engine::add);
    Map<String, RequestOutput> outputs = untilIdle(engine);
    RequestOutput failed = outputs.get("row 4");
    assertThat(failed.finishReason()).isNull();
    assertThat(failed.failure()).contains("generation failed at token 7", "NaN");
    assertThat(failed.tokenIds()).isEqualTo(Arrays.copyOf(generated(requests.get(4)), 7));
    outputs.values().removeIf(output -> output.failure() != null);
    assertThat(outputs).hasSizeGreaterThan(15);
    outputs.forEach((id, output) -> assertThat(text(output)).isEqualTo(expected.get(id)));
    assertIdle(engine);
  }

  @Test
  void aFailureOfTheForwardPassIsThrown() {
    EngineConfig config = new EngineConfig(MAX_MODEL_LEN, 1, 16, 10);
    Engine engine =
        engine(
            new HistoryModel(config) {
              @Override
              public void forward(ScheduledBatch batch) {
                throw new IllegalStateException("broken");
              }
            },
            config,
            END_OF_TURN);
    engine.add(new Request("r", prompt(3), greedy(3).build(), 0));
    assertThatThrownBy(engine::step).isInstanceOf(IllegalStateException.class).hasMessage("broken");
  }

  @Test
  void whatCanNeverRunIsRefusedAtTheDoor() {
    Engine engine = engine(new EngineConfig(MAX_MODEL_LEN, 2, 16, 4));
    SamplingParams params = greedy(4).build();
    assertRefused(engine, new Request("r", new int[0], params, 0), Reason.INVALID, "empty prompt");
    assertRefused(
        engine,
        new Request("r", new int[] {1, HistoryModel.VOCAB_SIZE}, params, 0),
        Reason.INVALID,
        "prompt token 1 is 40; the model knows 0 to 39");
    assertRefused(
        engine,
        new Request("r", new int[] {-1}, params, 0),
        Reason.INVALID,
        "prompt token 0 is -1");
    assertRefused(
        engine,
        new Request("r", prompt(MAX_MODEL_LEN), params, 0),
        Reason.PROMPT_TOO_LONG,
        "the prompt has 150 tokens",
        "max_model_len = 150");
    assertRefused(
        engine,
        new Request("r", prompt(60), greedy(6).build(), 0),
        Reason.KV_CACHE_TOO_SMALL,
        "prompt (60 tokens) and max_tokens = 6",
        "5 cache blocks of 16 tokens",
        "kv_cache_memory holds 4");
    assertIdle(engine);
    engine.add(new Request("r", prompt(60), greedy(5).build(), 0));
    assertRefused(engine, new Request("r", prompt(2), params, 0), Reason.INVALID, "'r' is in use");
    assertThat(untilIdle(engine).get("r").tokenIds()).isNotEmpty();
    engine.add(new Request("r", prompt(2), params, 0));
    assertThat(untilIdle(engine)).containsOnlyKeys("r");
  }

  @Test
  void countersAndClocksAddUp() {
    Engine engine = engine(new EngineConfig(MAX_MODEL_LEN, 2, 8, 20, PrefixCaching.DISABLED));
    assertThat(engine.step()).isEmpty();
    assertThat(engine.steps()).isZero();
    int prompts = 0;
    long begin = System.nanoTime();
    for (int i = 0; i < 5; i++) {
      engine.add(new Request("row " + i, prompt(10 + i), greedy(6).ignoreEos(), 0));
      prompts += 10 + i;
    }
    assertThat(engine.numWaiting()).isEqualTo(5);
    engine.step();
    assertThat(engine.numRunning()).isEqualTo(1);
    assertThat(engine.promptTokensComputed()).isEqualTo(8);
    assertThat(engine.numUnfinishedRequests()).isEqualTo(5);
    Map<String, RequestOutput> outputs = untilIdle(engine);
    assertThat(engine.promptTokensComputed()).isEqualTo(prompts);
    assertThat(engine.tokensGenerated()).isEqualTo(5 * 6);
    double elapsedMs = (System.nanoTime() - begin) / 1e6;
    for (RequestOutput output : outputs.values()) {
      RequestOutput.Timings timings = output.timings();
      assertThat(timings.queueMs()).isPositive();
      assertThat(timings.prefillMs()).isPositive();
      assertThat(timings.decodeMs()).isPositive();
      assertThat(timings.e2eMs()).isLessThanOrEqualTo(elapsedMs);
    }
  }

  private static void assertRefused(
      Engine engine, Request request, Reason reason, String... words) {
    RequestRefusedException refused =
        catchThrowableOfType(RequestRefusedException.class, () -> engine.add(request));
    assertThat(refused).isNotNull().hasMessageContainingAll(words);
    assertThat(refused.reason()).isEqualTo(reason);
  }

  private static void assertIdle(Engine engine) {
    assertThat(engine.hasUnfinishedRequests()).isFalse();
    assertThat(engine.numRunning() + engine.numWaiting()).isZero();
    engine.checkIntegrity();
  }

  /** One sequence, one token at a time, whole text searched for stop strings after each. */
  private static String naive(Request request) {
    SamplingParams params = request.params();
    Sampler sampler = new Sampler(KernelProvider.scalar(), HistoryModel.VOCAB_SIZE);
    float[] logits = new float[HistoryModel.VOCAB_SIZE];
    long history = 0;
    for (int token : request.promptTokenIds()) {
      history = HistoryModel.extend(history, token);
    }
    List<Integer> tokens = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    while (true) {
      HistoryModel.logitsAfter(history, logits, 0);
      int token = sampler.sample(logits, 0, params, request.streamKey(), tokens.size());
      history = HistoryModel.extend(history, token);
      tokens.add(token);
      text.append(letter(token));
      if (token == END_OF_TURN && !params.ignoreEos()) {
        return tokens + " STOP null -1";
      }
      if (Arrays.stream(params.stopTokenIds()).anyMatch(stop -> stop == token)) {
        return tokens + " STOP " + token + " -1";
      }
      String ending = null;
      for (byte[] stop : params.stop()) {
        String string = new String(stop, StandardCharsets.UTF_8);
        if (text.toString().endsWith(string)
            && (ending == null || string.length() > ending.length())) {
          ending = string;
        }
      }
      if (ending != null) {
        return tokens + " STOP " + ending + " " + (text.length() - ending.length());
      }
      if (tokens.size() == params.maxTokens()
          || request.promptTokenIds().length + tokens.size() == MAX_MODEL_LEN) {
        return tokens + " LENGTH null -1";
      }
    }
  }

  private static String text(RequestOutput output) {
    return Arrays.toString(output.tokenIds())
        + (" " + output.finishReason() + " " + output.stopReason())
        + (" " + output.stopTextOffset());
  }

  private static Map<String, String> run(EngineConfig config, List<Request> requests) {
    Engine engine = engine(config);
    requests.forEach(engine::add);
    Map<String, String> outputs = new TreeMap<>();
    untilIdle(engine).forEach((id, output) -> outputs.put(id, text(output)));
    return outputs;
  }

  private static Map<String, RequestOutput> untilIdle(Engine engine) {
    Map<String, RequestOutput> outputs = new HashMap<>();
    while (engine.hasUnfinishedRequests()) {
      for (RequestOutput output : engine.step()) {
        assertThat(outputs.put(output.id(), output)).isNull();
      }
      engine.checkIntegrity();
    }
    assertIdle(engine);
    return outputs;
  }

  private static RequestOutput only(Request request) {
    Engine engine = engine(new EngineConfig(MAX_MODEL_LEN, 1, 16, 10));
    engine.add(request);
    return untilIdle(engine).get(request.id());
  }

  private static int[] generated(Request request) {
    return only(request).tokenIds();
  }

  private static Request sampled(String row, int seed, int maxTokens) {
    SamplingParams params =
        SamplingParams.builder()
            .temperature(1.2)
            .topP(0.95)
            .maxTokens(maxTokens)
            .ignoreEos(true)
            .build();
    byte[] key = row.getBytes(StandardCharsets.UTF_8);
    return new Request(row, prompt(4), params, RandomStream.key(seed, key, 0));
  }

  private static Request randomRequest(Random random, String id) {
    List<byte[]> stop = new ArrayList<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      stop.add(letters(random.ints(2, 1, 6).toArray(), 0, 2).getBytes(StandardCharsets.UTF_8));
    }
    SamplingParams params =
        SamplingParams.builder()
            .temperature(random.nextInt(3) == 0 ? 0 : 0.3 + random.nextDouble())
            .topP(random.nextBoolean() ? 1 : 0.2 + 0.8 * random.nextDouble())
            .topK(random.nextInt(2) * random.nextInt(20))
            .minP(random.nextInt(2) * random.nextDouble() * 0.2)
            .maxTokens(1 + random.nextInt(60))
            .stopTokenIds(random.ints(random.nextInt(2), 1, HistoryModel.VOCAB_SIZE).toArray())
            .stop(stop)
            .ignoreEos(random.nextBoolean())
            .build();
    int[] prompt = random.ints(1 + random.nextInt(120), 0, HistoryModel.VOCAB_SIZE).toArray();
    return new Request(id, prompt, params, random.nextLong());
  }

  private static Engine engine(EngineConfig config) {
    return engine(new HistoryModel(config), config, END_OF_TURN);
  }

  private static Engine engine(ForwardPass model, EngineConfig config, int... endOfTurn) {
    byte[][] tokenText = new byte[HistoryModel.VOCAB_SIZE][];
    for (int token = 0; token < tokenText.length; token++) {
      tokenText[token] = letter(token).getBytes(StandardCharsets.UTF_8);
    }
    return new Engine(
        model,
        KernelProvider.scalar(),
        HistoryModel.VOCAB_SIZE,
        config,
        AnswerFormat.of(tokenText, endOfTurn));
  }

  /** Several tokens share a letter, so that stop strings occur. */
  private static String letter(int token) {
    return String.valueOf((char) ('a' + token % 8));
  }

  private static String letters(int[] tokens, int begin, int end) {
    StringBuilder text = new StringBuilder();
    for (int i = begin; i < end; i++) {
      text.append(letter(tokens[i]));
    }
    return text.toString();
  }

  private static int firstOccurrence(int[] tokens, int token) {
    int i = 0;
    while (tokens[i] != token) {
      i++;
    }
    return i;
  }

  private static int[] prompt(int length) {
    int[] prompt = new int[length];
    for (int i = 0; i < length; i++) {
      prompt[i] = 1 + (i * 7) % (HistoryModel.VOCAB_SIZE - 1);
    }
    return prompt;
  }

  private static Params greedy(int maxTokens) {
    return new Params(maxTokens);
  }

  /** Greedy parameters with one thing changed. */
  private record Params(int maxTokens) {
    SamplingParams build() {
      return SamplingParams.greedy(maxTokens);
    }

    SamplingParams ignoreEos() {
      return SamplingParams.builder().maxTokens(maxTokens).ignoreEos(true).build();
    }

    SamplingParams stopToken(int token) {
      return SamplingParams.builder().maxTokens(maxTokens).stopTokenIds(token).build();
    }

    SamplingParams stop(String text) {
      List<byte[]> stop = List.of(text.getBytes(StandardCharsets.UTF_8));
      return SamplingParams.builder().maxTokens(maxTokens).stop(stop).build();
    }
  }
}
