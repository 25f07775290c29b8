package org.trlm.engine.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.trlm.engine.cache.KvCacheManager;
import org.trlm.engine.cache.PrefixCaching;
import org.trlm.engine.constraint.TokenRules;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.request.Request;
import org.trlm.engine.request.SamplingParams;
import org.trlm.engine.sample.PromptLogprobs;
import org.trlm.engine.sample.Sampler;
import org.trlm.engine.sample.SequenceSampling;
import org.trlm.engine.schedule.Sequence.State;

class SchedulerTest {
  private static final byte[] NO_TEXT = {};
  private static final int MAX_MODEL_LEN = 200;

  @Test
  void aLongPromptIsComputedInChunksBesideDecodingSequences() {
    Scheduler scheduler = new Scheduler(4, 10, cache(100));
    scheduler.add(sequence("short", 3, 50));
    scheduler.add(sequence("long", 25, 5));
    scheduler.add(sequence("after", 2, 5));
    assertThat(step(scheduler)).isEqualTo("short[0,3)! long[0,7)");
    assertThat(step(scheduler)).isEqualTo("short[3,4)! long[7,16)");
    assertThat(step(scheduler)).isEqualTo("short[4,5)! long[16,25)!");
    assertThat(step(scheduler)).isEqualTo("short[5,6)! long[25,26)! after[0,2)!");
  }

  @Test
  void aSlotIsRefilledInTheStepAfterItBecameFree() {
    Scheduler scheduler = new Scheduler(2, 10, cache(2));
    Sequence a = sequence("a", 2, 1);
    scheduler.add(a);
    assertThat(a.state()).isEqualTo(State.WAITING);
    scheduler.add(sequence("b", 2, 3));
    scheduler.add(sequence("c", 2, 1));
    assertThat(step(scheduler)).isEqualTo("b[0,2)! a[0,2)!");
    assertThat(a.state()).isEqualTo(State.FINISHED);
    assertThat(scheduler.numRunning()).isEqualTo(1);
    assertThat(step(scheduler)).isEqualTo("b[2,3)! c[0,2)!");
    assertThat(step(scheduler)).isEqualTo("b[3,4)!");
    assertThat(step(scheduler)).isEmpty();
    scheduler.checkIntegrity();
  }

  @Test
  void theLongestExpectedWorkStartsFirstAndEqualWorkByArrival() {
    Scheduler scheduler = new Scheduler(1, 100, cache(20));
    scheduler.add(sequence("20 in all", 19, 1));
    scheduler.add(sequence("60 in all", 59, 1));
    scheduler.add(sequence("20 as well", 19, 1));
    scheduler.add(sequence("40 in all", 39, 1));
    List<String> order = new ArrayList<>();
    while (scheduler.numWaiting() > 0) {
      order.add(step(scheduler).replaceFirst("\\[.*", ""));
    }
    assertThat(order).containsExactly("60 in all", "40 in all", "20 in all", "20 as well");
  }

  @Test
  void aShortSequenceIsNotOvertakenForEver() {
    Scheduler scheduler = new Scheduler(1, 100, cache(20));
    Sequence overtaken = sequence("short", 2, 1);
    scheduler.add(overtaken);
    int overtakers = 0;
    while (overtaken.state() == State.WAITING) {
      assertThat(overtakers++).isLessThan(100);
      scheduler.add(sequence("long " + overtakers, 6, 1));
      step(scheduler);
    }
    assertThat(overtakers).isBetween(4 * 16 - 1, 4 * 16 + 1);
  }

  @Test
  void aSequenceStartsWithBlocksForWhatItHasAndNobodyOvertakesIt() {
    Scheduler scheduler = new Scheduler(4, 100, cache(4));
    scheduler.add(sequence("two blocks", 17, 40));
    scheduler.add(sequence("two more", 20, 20));
    scheduler.add(sequence("one", 3, 3));
    // two blocks are free, but one is kept for the running sequence to grow
    assertThat(step(scheduler)).isEqualTo("two blocks[0,17)!");
    assertThat(scheduler.numWaiting()).isEqualTo(2);
    scheduler.remove(scheduler.scheduled(0));
    assertThat(step(scheduler)).isEqualTo("two more[0,20)! one[0,3)!");
  }

  @Test
  void theYoungestIsPreemptedKeepsItsTokensAndComesBackFirst() {
    Scheduler scheduler = new Scheduler(3, 100, cache(4));
    Sequence old = sequence("old", 16, 48);
    Sequence young = sequence("young", 14, 20);
    scheduler.add(old);
    scheduler.add(young);
    assertThat(step(scheduler)).isEqualTo("old[0,16)! young[0,14)!");
    Sequence waiting = sequence("waiting", 30, 30);
    scheduler.add(waiting);
    for (int i = 0; i < 16; i++) {
      step(scheduler);
      scheduler.checkIntegrity();
    }
    assertThat(young.state()).isEqualTo(State.RUNNING);
    assertThat(scheduler.numPreemptions()).isZero();
    int known = young.numTokens();
    assertThat(known).isEqualTo(14 + 17);
    // the old one takes its third block; what the young one leaves is too little to start with
    assertThat(step(scheduler)).isEqualTo("old[32,33)!");
    scheduler.checkIntegrity();
    assertThat(young.state()).isEqualTo(State.PREEMPTED);
    assertThat(young.numComputedTokens()).isZero();
    assertThat(young.mostComputedTokens()).isEqualTo(known - 1);
    assertThat(scheduler.numPreemptions()).isEqualTo(1);
    scheduler.remove(old);
    assertThat(step(scheduler)).startsWith("young[0," + known + ")!");
    assertThat(young.state()).isEqualTo(State.RUNNING);
    scheduler.checkIntegrity();
  }

  @Test
  void equalPromptsAreComputedOnce() {
    Scheduler scheduler = new Scheduler(4, 100, sharing(100));
    scheduler.add(sequence("first", 40, 5));
    scheduler.add(sequence("equal", 40, 5));
    scheduler.add(sequence("longer", 50, 5));
    scheduler.add(other("other", 39, 5));
    assertThat(step(scheduler)).isEqualTo("longer[0,50)! other[0,39)!");
    assertThat(step(scheduler))
        .isEqualTo("longer[50,51)! other[39,40)! first[39,40)! equal[39,40)!");
    scheduler.checkIntegrity();
  }

  @Test
  void aPrefixIsWaitedForChunkByChunk() {
    Scheduler scheduler = new Scheduler(4, 20, sharing(100));
    scheduler.add(sequence("first", 50, 5));
    scheduler.add(sequence("second", 49, 5));
    assertThat(step(scheduler)).isEqualTo("first[0,20)");
    assertThat(step(scheduler)).isEqualTo("first[20,40)");
    assertThat(step(scheduler)).isEqualTo("first[40,50)!");
    assertThat(step(scheduler)).isEqualTo("first[50,51)! second[48,49)!");
  }

  @Test
  void onlyTheLastTokenOfAWholePromptIsComputedAgain() {
    Scheduler scheduler = new Scheduler(1, 100, sharing(100));
    scheduler.add(sequence("a", 32, 1));
    scheduler.add(sequence("b", 32, 1));
    assertThat(step(scheduler)).isEqualTo("a[0,32)!");
    ScheduledBatch batch = scheduler.schedule(0);
    assertThat(batch.numTokens()).isEqualTo(1);
    assertThat(batch.positions()[0]).isEqualTo(31);
    assertThat(batch.numCopies()).isZero();
  }

  @Test
  void theLastTokenNeedsNoBlock() {
    assertThat(sequence("17 tokens", 1, 16).blockTable()).hasSize(1);
    assertThat(sequence("18 tokens", 1, 17).blockTable()).hasSize(2);
    assertThat(sequence("as long as it gets", 100, Integer.MAX_VALUE).tokenIds())
        .hasSize(MAX_MODEL_LEN);
  }

  @Test
  void invariantsHoldInRandomScenarios() {
    long preemptions = 0;
    for (long seed = 1; seed <= 60; seed++) {
      preemptions += runScenario(seed);
    }
    assertThat(preemptions).isGreaterThan(50);
  }

  private static long runScenario(long seed) {
    Random random = new Random(seed);
    int slots = 1 + random.nextInt(12);
    int budget = slots + random.nextInt(40);
    int blocks = KvCacheManager.blocksFor(MAX_MODEL_LEN) + random.nextInt(20);
    KvCacheManager cache = seed % 2 == 0 ? cache(blocks) : sharing(blocks);
    Scheduler scheduler = new Scheduler(slots, budget, cache);
    Map<String, Sequence> unfinished = new LinkedHashMap<>();
    int added = 0;
    int steps = 0;
    while (added < 40 || !unfinished.isEmpty()) {
      String what = "seed " + seed + ", step " + steps;
      assertThat(steps++).as(what).isLessThan(40 * MAX_MODEL_LEN);
      while (added < 40 && random.nextInt(3) == 0) {
        String id = "" + added++;
        int promptTokens = 1 + random.nextInt(120);
        int maxTokens = 1 + random.nextInt(120);
        Sequence sequence =
            random.nextBoolean()
                ? sequence(id, promptTokens, maxTokens)
                : other(id, promptTokens, maxTokens);
        unfinished.put(id, sequence);
        scheduler.add(sequence);
      }
      if (!unfinished.isEmpty() && random.nextInt(20) == 0) {
        List<String> ids = List.copyOf(unfinished.keySet());
        scheduler.remove(unfinished.remove(ids.get(random.nextInt(ids.size()))));
      }
      ScheduledBatch batch = scheduler.schedule(0);
      assertThat(batch.numTokens()).as(what).isLessThanOrEqualTo(budget);
      assertThat(scheduler.numRunning()).as(what).isBetween(0, slots);
      assertThat(batch.numSequences()).as(what).isEqualTo(scheduler.numRunning());
      assertThat(batch.numSequences() > 0).as(what).isEqualTo(!unfinished.isEmpty());
      checkBatch(batch, scheduler, what);
      advance(scheduler, batch, random, unfinished);
      scheduler.checkIntegrity();
    }
    cache.checkIntegrity(new int[blocks]);
    assertThat(cache.numFreeBlocks()).isEqualTo(blocks);
    return scheduler.numPreemptions();
  }

  /**
   * Every sequence's part is the right one, in blocks that nobody else writes to, with logits at
   * its last token.
   */
  private static void checkBatch(ScheduledBatch batch, Scheduler scheduler, String what) {
    Set<Integer> blocks = new HashSet<>();
    int logits = 0;
    for (int s = 0; s < batch.numSequences(); s++) {
      Sequence sequence = scheduler.scheduled(s);
      assertThat(batch.queryEnd(s)).as(what).isGreaterThan(batch.queryStart(s));
      for (int t = batch.queryStart(s); t < batch.queryEnd(s); t++) {
        int position = sequence.numComputedTokens() + t - batch.queryStart(s);
        assertThat(batch.positions()[t]).as(what).isEqualTo(position);
        assertThat(batch.tokenIds()[t]).as(what).isEqualTo(sequence.tokenIds()[position]);
        assertThat(position / 16).as(what).isLessThan(batch.blockTable(s).length);
      }
      int writtenTo = -1;
      for (int t = batch.queryStart(s); t < batch.queryEnd(s); t++) {
        int block = batch.blockTable(s)[batch.positions()[t] / 16];
        boolean wholePromptAgain = sequence.numComputedTokens() % 16 == 15;
        if (block != writtenTo && !wholePromptAgain) {
          assertThat(blocks.add(block)).as(what).isTrue();
          writtenTo = block;
        }
      }
      if (batch.positions()[batch.queryEnd(s) - 1] == sequence.numTokens() - 1) {
        assertThat(batch.logitsTokens()[logits]).as(what).isEqualTo(batch.queryEnd(s) - 1);
        assertThat(batch.logitsSequence(logits++)).as(what).isEqualTo(s);
      }
    }
    assertThat(batch.numLogits()).as(what).isEqualTo(logits);
  }

  private static void advance(
      Scheduler scheduler, ScheduledBatch batch, Random random, Map<String, Sequence> unfinished) {
    scheduler.computed();
    for (int i = 0; i < batch.numLogits(); i++) {
      Sequence sequence = scheduler.scheduled(batch.logitsSequence(i));
      sequence.append(random.nextInt(9), NO_TEXT, 0);
      if (sequence.isFull() || random.nextInt(40) == 0) {
        scheduler.remove(sequence);
        unfinished.remove(sequence.request().id());
      }
    }
  }

  /** Schedules, appends a token where logits were asked for, and says what was scheduled. */
  private static String step(Scheduler scheduler) {
    ScheduledBatch batch = scheduler.schedule(0);
    StringBuilder text = new StringBuilder();
    int logits = 0;
    for (int s = 0; s < batch.numSequences(); s++) {
      int begin = batch.positions()[batch.queryStart(s)];
      int end = begin + batch.queryEnd(s) - batch.queryStart(s);
      boolean last = logits < batch.numLogits() && batch.logitsSequence(logits) == s;
      logits += last ? 1 : 0;
      text.append(s > 0 ? " " : "")
          .append(scheduler.scheduled(s).request().id())
          .append("[" + begin + "," + end + ")")
          .append(last ? "!" : "");
    }
    advance(scheduler, batch, new NeverEnding(), new LinkedHashMap<>());
    return text.toString();
  }

  /** Ends no sequence by chance. */
  private static final class NeverEnding extends Random {
    private static final long serialVersionUID = 1;

    @Override
    public int nextInt(int bound) {
      return 1;
    }
  }

  /** Of the sequences made for the cache that was made last. */
  private static int scope;

  private static KvCacheManager cache(int numBlocks) {
    return cache(numBlocks, PrefixCaching.DISABLED);
  }

  private static KvCacheManager sharing(int numBlocks) {
    return cache(numBlocks, PrefixCaching.ENABLED);
  }

  private static KvCacheManager cache(int numBlocks, PrefixCaching caching) {
    KvCacheManager cache = new KvCacheManager(numBlocks, caching);
    scope = cache.scope(1);
    return cache;
  }

  /** All of these have their first tokens in common. */
  private static Sequence sequence(String id, int promptTokens, int maxTokens) {
    return sequence(id, 100, promptTokens, maxTokens);
  }

  /** These as well, but none with the former. */
  private static Sequence other(String id, int promptTokens, int maxTokens) {
    return sequence(id, 1000, promptTokens, maxTokens);
  }

  private static Sequence sequence(String id, int first, int promptTokens, int maxTokens) {
    int[] prompt = new int[promptTokens];
    for (int i = 0; i < promptTokens; i++) {
      prompt[i] = first + i;
    }
    Request request = new Request(id, prompt, SamplingParams.greedy(maxTokens), 0);
    SequenceSampling sampling =
        new Sampler(KernelProvider.scalar(), 1 << 10)
            .sequence(request.params(), request.streamKey(), new int[0], TokenRules.none());
    PromptGroup group = new PromptGroup(scope, PromptLogprobs.of(prompt, request.params()));
    return new Sequence(request, sampling, group, MAX_MODEL_LEN, 0);
  }
}
