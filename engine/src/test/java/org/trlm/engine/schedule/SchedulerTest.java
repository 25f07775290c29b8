package org.trlm.engine.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.trlm.engine.cache.KvCacheManager;
import org.trlm.engine.cache.PrefixCaching;
import org.trlm.engine.request.Request;
import org.trlm.engine.request.SamplingParams;

class SchedulerTest {
  private static final byte[] NO_TEXT = {};
  private static final int MAX_MODEL_LEN = 200;

  @Test
  void aLongPromptIsComputedInChunksBesideDecodingSequences() {
    Scheduler scheduler = new Scheduler(4, 10, cache(100));
    scheduler.add(sequence("short", 3, 5));
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
    scheduler.add(sequence("a", 2, 1));
    scheduler.add(sequence("b", 2, 3));
    scheduler.add(sequence("c", 2, 1));
    assertThat(step(scheduler)).isEqualTo("a[0,2)! b[0,2)!");
    assertThat(scheduler.numRunning()).isEqualTo(1);
    assertThat(step(scheduler)).isEqualTo("b[2,3)! c[0,2)!");
    assertThat(step(scheduler)).isEqualTo("b[3,4)!");
    assertThat(step(scheduler)).isEmpty();
    scheduler.checkIntegrity();
  }

  @Test
  void aSequenceWaitsForAllItsBlocksAndNobodyOvertakesIt() {
    KvCacheManager cache = cache(3);
    Scheduler scheduler = new Scheduler(4, 100, cache);
    scheduler.add(sequence("two blocks", 16, 2));
    scheduler.add(sequence("two more", 10, 20));
    scheduler.add(sequence("one", 3, 3));
    assertThat(step(scheduler)).isEqualTo("two blocks[0,16)!");
    assertThat(scheduler.numWaiting()).isEqualTo(2);
    assertThat(step(scheduler)).isEqualTo("two blocks[16,17)!");
    assertThat(step(scheduler)).isEqualTo("two more[0,10)! one[0,3)!");
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
    for (long seed = 1; seed <= 60; seed++) {
      runScenario(seed);
    }
  }

  private static void runScenario(long seed) {
    Random random = new Random(seed);
    int slots = 1 + random.nextInt(12);
    int budget = slots + random.nextInt(40);
    int blocks = KvCacheManager.blocksFor(MAX_MODEL_LEN) + random.nextInt(40);
    KvCacheManager cache = new KvCacheManager(blocks);
    Scheduler scheduler = new Scheduler(slots, budget, cache);
    Map<String, Sequence> unfinished = new LinkedHashMap<>();
    List<String> started = new ArrayList<>();
    int added = 0;
    int steps = 0;
    while (added < 40 || !unfinished.isEmpty()) {
      String what = "seed " + seed + ", step " + steps;
      assertThat(steps++).as(what).isLessThan(40 * MAX_MODEL_LEN);
      while (added < 40 && random.nextInt(3) == 0) {
        String id = "" + added++;
        Sequence sequence = sequence(id, 1 + random.nextInt(120), 1 + random.nextInt(120));
        unfinished.put(id, sequence);
        scheduler.add(sequence);
      }
      if (!unfinished.isEmpty() && random.nextInt(20) == 0) {
        List<String> ids = List.copyOf(unfinished.keySet());
        scheduler.remove(unfinished.remove(ids.get(random.nextInt(ids.size()))));
      }
      int before = scheduler.numRunning();
      ScheduledBatch batch = scheduler.schedule(0);
      assertThat(batch.numTokens()).as(what).isLessThanOrEqualTo(budget);
      assertThat(scheduler.numRunning()).as(what).isBetween(before, slots);
      assertThat(batch.numSequences()).as(what).isEqualTo(scheduler.numRunning());
      assertThat(batch.numSequences() > 0).as(what).isEqualTo(!unfinished.isEmpty());
      checkBatch(batch, scheduler, what);
      for (int s = before; s < batch.numSequences(); s++) {
        started.add(scheduler.scheduled(s).request().id());
      }
      advance(scheduler, batch, random, unfinished);
      scheduler.checkIntegrity();
    }
    assertThat(started).as("seed %s", seed).isSortedAccordingTo(byNumber());
    cache.checkIntegrity(0);
    assertThat(cache.numFreeBlocks()).isEqualTo(blocks);
  }

  /** Every sequence's part is the right one, in its own blocks, with logits at its last token. */
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
      for (int block : batch.blockTable(s)) {
        assertThat(blocks.add(block)).as(what).isTrue();
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

  private static Comparator<String> byNumber() {
    return Comparator.comparingInt(Integer::parseInt);
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

  private static KvCacheManager cache(int numBlocks) {
    return new KvCacheManager(numBlocks, PrefixCaching.DISABLED);
  }

  private static Sequence sequence(String id, int promptTokens, int maxTokens) {
    int[] prompt = new int[promptTokens];
    for (int i = 0; i < promptTokens; i++) {
      prompt[i] = 100 + i;
    }
    Request request = new Request(id, prompt, SamplingParams.greedy(maxTokens), 0);
    return new Sequence(request, MAX_MODEL_LEN, 0);
  }
}
