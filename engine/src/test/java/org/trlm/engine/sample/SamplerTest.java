package org.trlm.engine.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.request.SamplingParams;

class SamplerTest {

  @Test
  void greedyTakesTheLowestIdOnTies() {
    Sampler sampler = sampler(5);
    assertThat(sampler.sample(logits(1, 3, 2, 3, 0), 0, SamplingParams.greedy(1), 7, 0))
        .isEqualTo(1);
    assertThat(sampler.sample(logits(9, 9, 0, 0, 0, 0, 8), 2, SamplingParams.greedy(1), 7, 0))
        .isEqualTo(4);
    assertThat(sampler.sample(logits(-0f, 0f, -0f, -1, -1), 0, SamplingParams.greedy(1), 7, 0))
        .isZero();
  }

  @Test
  void aLogitThatIsNotFiniteIsNamedWhereverItStands() {
    for (float wrong : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      for (int at = 0; at < 7; at++) {
        float[] row = new float[9];
        row[1 + at] = wrong;
        assertThatThrownBy(() -> sampler(7).sample(row, 1, SamplingParams.greedy(1), 0, 0))
            .isInstanceOf(ArithmeticException.class)
            .hasMessageContaining(
                "the logit of token " + (indexOf(row, wrong) - 1) + " is " + wrong);
      }
    }
  }

  @Test
  void keptSetsAreThoseOfASort() {
    long seed = 20260103;
    Random random = new Random(seed);
    int exact = 0;
    int cut = 0;
    int rounds = 3_000;
    for (int round = 0; round < rounds; round++) {
      int vocabSize = 1 + random.nextInt(300);
      float[] row = randomRow(random, vocabSize);
      SamplingParams params = randomParams(random, vocabSize);
      Sampler sampler = sampler(vocabSize);
      int token = sampler.sample(row, 0, params, round, 0);
      TreeSet<Integer> kept = kept(sampler.candidates());
      // a share of 1e-5 on either side of top_p allows for float32 probabilities
      TreeSet<Integer> least = sortedKept(row, params, params.topP() - 1e-5);
      TreeSet<Integer> most = sortedKept(row, params, params.topP() + 1e-5);
      String what = "seed " + seed + ", round " + round + ", " + params;
      assertThat(kept).as(what).containsAll(least);
      assertThat(most).as(what).containsAll(kept);
      assertThat(kept).as(what).contains(token);
      exact += least.equals(most) ? 1 : 0;
      cut += kept.size() < vocabSize ? 1 : 0;
    }
    assertThat(exact).isGreaterThan(rounds * 9 / 10);
    assertThat(cut).isGreaterThan(rounds / 2);
  }

  @Test
  void topKKeepsTies() {
    assertThat(kept(logits(5, 1, 4, 4, 4, 3), params(1, 1, 2, 0))).containsExactly(0, 2, 3, 4);
    assertThat(kept(logits(5, 1, 4, 4, 4, 3), params(1, 1, 1, 0))).containsExactly(0);
    assertThat(kept(logits(2, 2, 2), params(1, 1, 1, 0))).containsExactly(0, 1, 2);
    assertThat(kept(logits(3, 2, 1), params(1, 1, 99, 0))).containsExactly(0, 1, 2);
  }

  @Test
  void topPKeepsTheCrossingTokenAndTheLowestIdsOfTies() {
    float[] even = new float[10];
    assertThat(kept(even, params(1, 0.3, 0, 0))).containsExactly(0, 1, 2);
    assertThat(kept(even, params(1, 0.31, 0, 0))).containsExactly(0, 1, 2, 3);
    assertThat(kept(even, params(1, 1e-9, 0, 0))).containsExactly(0);
    assertThat(kept(logits(0, 5, 0, 5), params(1, 0.5, 0, 0))).containsExactly(1, 3);
    assertThat(kept(logits(0, 5, 0, 5), params(1, 0.4, 0, 0))).containsExactly(1);
  }

  @Test
  void minPIsRelativeToTheMostLikely() {
    float half = (float) StrictMath.log(0.5);
    assertThat(kept(logits(half - 0.01f, 0, half + 0.01f), params(1, 1, 0, 0.5)))
        .containsExactly(1, 2);
    assertThat(kept(logits(1, 0, 1), params(1, 1, 0, 1))).containsExactly(0, 2);
    // at temperature 2 the same logits are closer together
    assertThat(kept(logits(half - 0.01f, 0, half + 0.01f), params(2, 1, 0, 0.5)))
        .containsExactly(0, 1, 2);
  }

  @Test
  void extremesOfLogitsAndTemperatureStillDraw() {
    float max = Float.MAX_VALUE;
    for (double temperature : new double[] {Double.MIN_VALUE, 1e-40, 1e-3, 1, 100}) {
      for (double topP : new double[] {1e-300, 0.5, 1}) {
        SamplingParams params = params(temperature, topP, 0, 0);
        assertThat(kept(logits(-max, max, -max), params)).containsExactly(1);
        assertThat(kept(logits(1, 1.0001f, 0), params)).contains(1);
      }
    }
    assertThat(kept(logits(5), params(1, 0.1, 1, 1))).containsExactly(0);
    // 2^-40 of the most likely token's chance is no chance
    assertThat(kept(logits(0, -27.5f, -28.5f), params(1, 1, 0, 0))).containsExactly(0, 1);
  }

  @Test
  void frequenciesAreTheProbabilities() {
    assertFrequencies(logits(0.1f, 2, -1, 0.7f, 1.9f, -3, 0, 1), params(0.7, 1, 0, 0));
    assertFrequencies(logits(0.1f, 2, -1, 0.7f, 1.9f, -3, 0, 1), params(1.5, 0.9, 0, 0));
    assertFrequencies(logits(0.1f, 2, -1, 0.7f, 1.9f, -3, 0, 1), params(1, 1, 4, 0));
    assertFrequencies(logits(0.1f, 2, -1, 0.7f, 1.9f, -3, 0, 1), params(1, 1, 0, 0.2));
    assertFrequencies(new float[32], params(1, 1, 0, 0));
  }

  /** Chi-square over the positions of one stream and over the first position of many. */
  private static void assertFrequencies(float[] row, SamplingParams params) {
    int draws = 20_000;
    Sampler sampler = sampler(row.length);
    int[] byPosition = new int[row.length];
    int[] byKey = new int[row.length];
    for (int i = 0; i < draws; i++) {
      byPosition[sampler.sample(row, 0, params, 20260104, i)]++;
      byKey[sampler.sample(row, 0, params, RandomStream.key(i, new byte[] {1}, 0), 0)]++;
    }
    TreeSet<Integer> kept = sortedKept(row, params, params.topP());
    double total = kept.stream().mapToDouble(id -> weight(row, params, id)).sum();
    double bound = (kept.size() - 1) + 4 * StrictMath.sqrt(2 * (kept.size() - 1)) + 4;
    for (int[] observed : new int[][] {byPosition, byKey}) {
      double chiSquare = 0;
      int counted = 0;
      for (int id : kept) {
        double expected = draws * weight(row, params, id) / total;
        chiSquare += (observed[id] - expected) * (observed[id] - expected) / expected;
        counted += observed[id];
      }
      assertThat(counted).isEqualTo(draws);
      assertThat(chiSquare).isLessThan(bound);
    }
  }

  /** What is to be kept, by sorting in float64. */
  private static TreeSet<Integer> sortedKept(float[] row, SamplingParams params, double topP) {
    List<Integer> ids = new ArrayList<>();
    for (int id = 0; id < row.length; id++) {
      ids.add(id);
    }
    ids.sort(Comparator.<Integer>comparingDouble(id -> -row[id]).thenComparingInt(id -> id));
    ids.removeIf(id -> weight(row, params, id) < params.minP());
    if (params.topK() > 0 && params.topK() < ids.size()) {
      float smallest = row[ids.get(params.topK() - 1)];
      ids.removeIf(id -> row[id] < smallest);
    }
    double total = ids.stream().mapToDouble(id -> weight(row, params, id)).sum();
    TreeSet<Integer> kept = new TreeSet<>();
    double reached = 0;
    for (int id : ids) {
      if (params.topP() < 1 && !kept.isEmpty() && reached / total >= topP) {
        break;
      }
      kept.add(id);
      reached += weight(row, params, id);
    }
    return kept;
  }

  private static double weight(float[] row, SamplingParams params, int id) {
    float max = Float.NEGATIVE_INFINITY;
    for (float logit : row) {
      max = StrictMath.max(max, logit);
    }
    return StrictMath.exp(((double) row[id] - max) / params.temperature());
  }

  /** Logits on a grid of quarters, so that ties are many and distinct ones are far apart. */
  private static float[] randomRow(Random random, int vocabSize) {
    float[] row = new float[vocabSize];
    int levels = 1 + random.nextInt(60);
    for (int i = 0; i < vocabSize; i++) {
      row[i] = (random.nextInt(levels) - 30) * 0.25f;
    }
    return row;
  }

  private static SamplingParams randomParams(Random random, int vocabSize) {
    double temperature = 0.7 + random.nextDouble();
    double topP = random.nextInt(3) == 0 ? 1 : 0.001 + 0.998 * random.nextDouble();
    int topK = random.nextInt(3) == 0 ? 0 : 1 + random.nextInt(vocabSize + 5);
    double minP = random.nextInt(2) == 0 ? 0 : random.nextDouble() * random.nextDouble();
    return params(temperature, topP, topK, minP);
  }

  private static TreeSet<Integer> kept(float[] row, SamplingParams params) {
    Sampler sampler = sampler(row.length);
    int token = sampler.sample(row, 0, params, 3, 3);
    TreeSet<Integer> kept = kept(sampler.candidates());
    assertThat(kept).contains(token);
    return kept;
  }

  private static TreeSet<Integer> kept(Candidates candidates) {
    TreeSet<Integer> kept = new TreeSet<>();
    for (int i = 0; i < candidates.count(); i++) {
      kept.add(candidates.id(i));
    }
    return kept;
  }

  private static SamplingParams params(double temperature, double topP, int topK, double minP) {
    return SamplingParams.builder()
        .temperature(temperature)
        .topP(topP)
        .topK(topK)
        .minP(minP)
        .maxTokens(1)
        .build();
  }

  private static Sampler sampler(int vocabSize) {
    return new Sampler(KernelProvider.scalar(), vocabSize);
  }

  private static int indexOf(float[] row, float value) {
    int i = 0;
    while (Float.compare(row[i], value) != 0) {
      i++;
    }
    return i;
  }

  private static float[] logits(float... logits) {
    return logits;
  }
}
