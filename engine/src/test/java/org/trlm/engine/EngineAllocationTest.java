package org.trlm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.request.RepetitionDetection;
import org.trlm.engine.request.Request;
import org.trlm.engine.request.SamplingParams;

/** A step makes no objects; only the output of a sequence that ends is new. */
class EngineAllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @Test
  void stepsWithoutAnEndAllocateNothing() {
    Engine engine = assertNoAllocation(new EngineConfig(400, 12, 40, 12 * 25), 40);
    assertThat(engine.numRunning()).isEqualTo(12);
  }

  @Test
  void neitherDoPreemptionEvictionAndSharing() {
    Engine engine = assertNoAllocation(new EngineConfig(400, 12, 40, 60), 150);
    assertThat(engine.preemptions()).isGreaterThan(3);
  }

  private static Engine assertNoAllocation(EngineConfig config, int numSteps) {
    Engine engine =
        new Engine(
            TinyReasoner.weights(KernelProvider.scalar()), config, new byte[768][7], new int[0]);
    // the first engine loads classes and links call sites
    fill(engine);
    for (int i = 0; i < 20; i++) {
      engine.step();
    }
    for (int i = 0; i < 24; i++) {
      engine.abort("row " + i);
    }
    engine.checkIntegrity();
    fill(engine);

    int stepsThatAllocate = 0;
    long tokensBefore = engine.promptTokensComputed() + engine.tokensGenerated();
    for (int i = 0; i < numSteps; i++) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      List<?> outputs = engine.step();
      long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
      assertThat(allocated).isLessThan(1024);
      stepsThatAllocate += allocated > 0 ? 1 : 0;
      assertThat(outputs).isEmpty();
    }
    assertThat(engine.promptTokensComputed() + engine.tokensGenerated() - tokensBefore)
        .isGreaterThan(100);
    // the JVM itself allocates now and then while it compiles; code that allocates does so in most
    // steps: every sequence fills a block at another one
    assertThat(stepsThatAllocate).isLessThanOrEqualTo(5);
    engine.checkIntegrity();
    return engine;
  }

  @Test
  void theMeasurementSeesAllocations() {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    byte[] bytes = new byte[1000];
    long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    assertThat(allocated).isBetween((long) bytes.length, 2000L);
  }

  /**
   * Greedy and sampled rows with every limit, stop strings, logits processors, prompts of several
   * chunks.
   */
  private static void fill(Engine engine) {
    // looked for in each step, and longer than any answer
    RepetitionDetection circles = new RepetitionDetection(40, 1, 300);
    for (int i = 0; i < 24; i++) {
      int[] prompt = new int[1 + 5 * i];
      Arrays.fill(prompt, 3 + i);
      SamplingParams params =
          SamplingParams.builder()
              .temperature(i % 3 * 0.5)
              .topP(i % 2 == 0 ? 1 : 0.9)
              .topK(i % 5 * 10)
              .minP(i % 4 * 0.01)
              .maxTokens(200)
              .stopTokenIds(100_000)
              .stop(List.of(new byte[] {0, 0, 1}, new byte[] {2}))
              .ignoreEos(true)
              .minTokens(i % 2 * 150)
              .logitBias(i % 3 == 0 ? new TreeMap<>(Map.of(5, 1.0, 9, -1.0)) : new TreeMap<>())
              .badWords(i % 4 == 0 ? List.of(new int[] {7, 8}, new int[] {9}) : List.of())
              .allowedTokenIds(i % 5 == 0 ? new int[] {3, 4, 5, 6, 7, 11, 40} : null)
              .repetitionPenalty(i % 3 == 1 ? 1.1 : 1)
              .frequencyPenalty(i % 4 == 1 ? 0.1 : 0)
              .presencePenalty(i % 4 == 2 ? 0.1 : 0)
              .repetitionDetection(i % 7 == 0 ? circles : RepetitionDetection.OFF)
              .build();
      engine.add(new Request("row " + i, prompt, params, i));
    }
  }
}
