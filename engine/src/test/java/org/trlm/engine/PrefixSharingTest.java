package org.trlm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.trlm.engine.cache.PrefixCaching;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.request.Request;
import org.trlm.engine.request.RequestOutput;
import org.trlm.engine.request.SamplingParams;

/** How much of what rows have in common is computed more than once. */
class PrefixSharingTest {
  private static final int MAX_MODEL_LEN = 600;

  @Test
  void aSystemPromptIsPaidForOnce() {
    Random random = new Random(20260214);
    // whole blocks and not
    for (int shared : new int[] {400, 401, 407, 415}) {
      int[] systemPrompt = tokens(random, shared);
      List<int[]> prompts = new ArrayList<>();
      long unshared = 0;
      for (int i = 0; i < 100; i++) {
        int own = 10 + random.nextInt(40);
        int[] prompt = Arrays.copyOf(systemPrompt, shared + own);
        System.arraycopy(tokens(random, own), 0, prompt, shared, own);
        prompts.add(prompt);
        unshared += own;
      }
      Engine engine = engine(48, 512, 2000, PrefixCaching.ENABLED);
      long cached = run(engine, prompts, 30);
      // the shared part once, and no more than one in twenty of the rest twice
      assertThat(engine.promptTokensComputed() - shared).isBetween(0L, unshared * 105 / 100);
      assertThat(cached).isEqualTo(100L * shared + unshared - engine.promptTokensComputed());
    }
  }

  @Test
  void equalPromptsAreComputedOnceButForTheirLastToken() {
    Random random = new Random(20260215);
    for (int length : new int[] {1, 15, 16, 17, 90, 96, 500}) {
      for (int slots : new int[] {1, 3, 20}) {
        List<int[]> prompts = new ArrayList<>();
        int[] prompt = tokens(random, length);
        for (int i = 0; i < 20; i++) {
          prompts.add(prompt);
        }
        Engine engine = engine(slots, 64, 1000, PrefixCaching.ENABLED);
        run(engine, prompts, 9);
        assertThat(engine.promptTokensComputed()).as("length %s", length).isEqualTo(length + 19);
      }
    }
  }

  @Test
  void rowsWithNothingInCommonAreNotHeldUp() {
    Random random = new Random(20260216);
    List<int[]> prompts = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      int[] prompt = tokens(random, 30);
      prompt[0] = i % HistoryModel.VOCAB_SIZE;
      prompts.add(prompt);
    }
    Engine with = engine(40, 2000, 1000, PrefixCaching.ENABLED);
    Engine without = engine(40, 2000, 1000, PrefixCaching.DISABLED);
    assertThat(run(with, prompts, 10)).isZero();
    assertThat(run(without, prompts, 10)).isZero();
    assertThat(with.steps()).isEqualTo(without.steps()).isEqualTo(10);
  }

  @Test
  void whatWasComputedTwiceIsCountedApart() {
    Random random = new Random(20260217);
    List<int[]> prompts = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      prompts.add(tokens(random, 40));
    }
    Engine engine = engine(20, 100, 40, PrefixCaching.DISABLED);
    run(engine, prompts, 300);
    assertThat(engine.preemptions()).isBetween(5L, 100L);
    assertThat(engine.promptTokensComputed()).isEqualTo(20 * 40);
    assertThat(engine.tokensRecomputed()).isBetween(500L, 20_000L);
  }

  /** Prompt tokens found in the cache, all rows together. */
  private static long run(Engine engine, List<int[]> prompts, int maxTokens) {
    SamplingParams params =
        SamplingParams.builder().temperature(1).maxTokens(maxTokens).ignoreEos(true).build();
    for (int i = 0; i < prompts.size(); i++) {
      engine.add(new Request("row " + i, prompts.get(i), params, i));
    }
    long cached = 0;
    while (engine.hasUnfinishedRequests()) {
      for (RequestOutput output : engine.step()) {
        assertThat(output.tokenIds()).hasSize(maxTokens);
        cached += output.cachedTokens();
      }
      engine.checkIntegrity();
    }
    return cached;
  }

  private static Engine engine(int slots, int budget, int blocks, PrefixCaching caching) {
    EngineConfig config = new EngineConfig(MAX_MODEL_LEN, slots, budget, blocks, caching);
    return new Engine(
        new HistoryModel(config),
        KernelProvider.scalar(),
        HistoryModel.VOCAB_SIZE,
        config,
        AnswerFormat.of(new byte[0][]));
  }

  private static int[] tokens(Random random, int length) {
    return random.ints(length, 0, HistoryModel.VOCAB_SIZE).toArray();
  }
}
