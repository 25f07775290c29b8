package org.trlm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.trlm.engine.cache.PrefixCaching;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.model.ModelWeights;
import org.trlm.engine.request.Request;
import org.trlm.engine.request.RequestOutput;
import org.trlm.engine.request.SamplingParams;
import org.trlm.engine.request.TokenLogprobs;

/** Scores of a prompt's tokens, whatever the cache knows of it and however it is cut. */
class PromptLogprobsTest {
  private static final int PROMPT_LENGTH = 90;
  private static final int START = 40;

  private final ModelWeights weights = TinyReasoner.weights(KernelProvider.scalar());
  private final int[] prompt = prompt();

  private static int[] prompt() {
    int[] prompt = new int[PROMPT_LENGTH];
    for (int i = 0; i < prompt.length; i++) {
      prompt[i] = 10 + i * i % 700;
    }
    return prompt;
  }

  @Test
  void aPromptThatTheCacheHoldsIsScoredAllTheSame() {
    Engine engine = engine(new EngineConfig(128, 4, 64, 40));
    run(engine, new Request("plain", prompt, SamplingParams.greedy(1), 0));
    RequestOutput first = run(engine, scoring("first", START));
    RequestOutput second = run(engine, scoring("second", START));
    assertThat(first.cachedTokens()).isEqualTo(START - 1);
    assertThat(first.promptLogprobs().size()).isEqualTo(PROMPT_LENGTH - START);
    assertThat(second.promptLogprobs())
        .usingRecursiveComparison()
        .isEqualTo(first.promptLogprobs());
    RequestOutput whole = run(engine, scoring("whole", 1));
    assertThat(whole.promptLogprobs().size()).isEqualTo(PROMPT_LENGTH - 1);
    double[] end =
        Arrays.copyOfRange(whole.promptLogprobs().logprobs(), START - 1, PROMPT_LENGTH - 1);
    assertThat(end).isEqualTo(first.promptLogprobs().logprobs());
  }

  @Test
  void everyBudgetGivesTheSameBits() {
    TokenLogprobs expected = null;
    for (int budget : new int[] {1, 7, 33, 200}) {
      for (PrefixCaching caching : PrefixCaching.values()) {
        Engine engine = engine(new EngineConfig(128, 1, budget, 8, caching));
        TokenLogprobs found = run(engine, scoring("row", 5)).promptLogprobs();
        expected = expected == null ? found : expected;
        assertThat(found).usingRecursiveComparison().isEqualTo(expected);
      }
    }
  }

  @Test
  void samplesOfAPromptShareItsScores() {
    Engine engine = engine(new EngineConfig(128, 3, 16, 60, PrefixCaching.DISABLED));
    List<Request> samples = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      samples.add(new Request("sample " + i, prompt, scoring("", 1).params(), i));
    }
    engine.addSamples(samples);
    List<RequestOutput> outputs = new ArrayList<>();
    while (engine.hasUnfinishedRequests()) {
      outputs.addAll(engine.step());
      engine.checkIntegrity();
    }
    assertThat(outputs).hasSize(5);
    for (RequestOutput output : outputs) {
      assertThat(output.promptLogprobs().size()).isEqualTo(PROMPT_LENGTH - 1);
      assertThat(output.promptLogprobs())
          .usingRecursiveComparison()
          .isEqualTo(outputs.get(0).promptLogprobs());
    }
    // once for all, and the last token of each of the others for its logits
    assertThat(engine.promptTokensComputed()).isEqualTo(PROMPT_LENGTH + 4);
  }

  @Test
  void probabilitiesAreOfTheWholeVocabulary() {
    Engine engine = engine(new EngineConfig(128, 1, 64, 8));
    SamplingParams params =
        SamplingParams.builder().maxTokens(3).logprobs(20).temperature(1).topK(1).build();
    TokenLogprobs logprobs = run(engine, new Request("row", prompt, params, 0)).logprobs();
    for (int i = 0; i < logprobs.size(); i++) {
      assertThat(logprobs.ranks()[i]).isEqualTo(1);
      assertThat(logprobs.logprobs()[i]).isEqualTo(logprobs.alternativeLogprob(i, 0)).isNegative();
      double sum = 0;
      for (int j = 0; j < 20; j++) {
        sum += StrictMath.exp(logprobs.alternativeLogprob(i, j));
        assertThat(
                j == 0
                    || logprobs.alternativeLogprob(i, j - 1) >= logprobs.alternativeLogprob(i, j))
            .isTrue();
      }
      assertThat(sum).isBetween(0.2, 1 + 1e-6);
    }
    assertThat(logprobs.cumulative())
        .isCloseTo(Arrays.stream(logprobs.logprobs()).sum(), within(1e-12));
  }

  private Request scoring(String id, int start) {
    SamplingParams params = SamplingParams.builder().maxTokens(1).promptLogprobs(2, start).build();
    return new Request(id, prompt, params, 0);
  }

  private Engine engine(EngineConfig config) {
    return new Engine(weights, config, new byte[0][], new int[] {2});
  }

  private static RequestOutput run(Engine engine, Request request) {
    engine.add(request);
    List<RequestOutput> outputs = new ArrayList<>();
    while (engine.hasUnfinishedRequests()) {
      outputs.addAll(engine.step());
      engine.checkIntegrity();
    }
    return outputs.get(0);
  }
}
