package org.trlm.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.trlm.engine.cache.KvCache;
import org.trlm.engine.cache.KvCacheManager;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.kernel.KvCacheDtype;
import org.trlm.engine.kernel.PanelDtype;
import org.trlm.engine.schedule.ScheduledBatch;
import org.trlm.engine.weights.CheckpointFormat;
import org.trlm.engine.weights.WeightFormatException;
import org.trlm.engine.weights.WeightType;

/**
 * The batched transformer against the naive model: the same bits for every batch, chunk, kernel and
 * storage of the weights.
 */
class TransformerTest {

  private static final int MAX_LENGTH = 80;

  static List<ModelConfig> shapes() {
    RopeScaling none = RopeScaling.NONE;
    return List.of(
        RandomCheckpoint.config(97, 64, 96, 2, 4, 2, 32, none, true),
        RandomCheckpoint.config(130, 60, 100, 2, 3, 1, 20, none, false),
        RandomCheckpoint.config(64, 33, 65, 1, 7, 7, 2, none, true),
        RandomCheckpoint.config(70, 80, 48, 2, 4, 1, 40, none, true),
        RandomCheckpoint.config(
            200, 128, 64, 2, 6, 2, 64, new RopeScaling.Llama3(8, 1, 4, 64), false));
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void returnsTheBitsOfTheNaiveModelForAnyBatchAndChunk(ModelConfig config) {
    long seed = new Random().nextLong();
    System.out.println("transformer scenarios: seed " + seed);
    Random random = new Random(seed);
    for (WeightType type : List.of(WeightType.BF16, WeightType.F32)) {
      for (CheckpointFormat format : CheckpointFormat.values()) {
        RandomCheckpoint checkpoint = new RandomCheckpoint(config, format, type, random);
        KvCacheDtype cacheDtype = KvCacheDtype.values()[random.nextInt(2)];
        NaiveModel naive = new NaiveModel(config, checkpoint, cacheDtype);
        int[][] sequences = randomSequences(config, random);
        float[][][] expected =
            Arrays.stream(sequences).map(naive::logits).toArray(float[][][]::new);
        for (Kernels kernels : List.of(KernelProvider.scalar(), KernelProvider.vector())) {
          for (WeightDtype dtype : exactDtypes(type)) {
            ModelWeights weights = ModelWeights.pack(config, checkpoint, kernels, dtype);
            String label =
                String.join(
                    " ",
                    kernels.name(),
                    type.name(),
                    dtype.name(),
                    "cache " + cacheDtype,
                    "seed " + seed);
            runRandomly(weights, cacheDtype, sequences, expected, random, label);
          }
        }
      }
    }
  }

  /** bfloat16 weights may be packed either way, others only as float32, without changing bits. */
  private static List<WeightDtype> exactDtypes(WeightType type) {
    return type == WeightType.BF16
        ? List.of(WeightDtype.values())
        : List.of(WeightDtype.AUTO, WeightDtype.FLOAT32);
  }

  private static int[][] randomSequences(ModelConfig config, Random random) {
    int[][] sequences = new int[1 + random.nextInt(6)][];
    for (int s = 0; s < sequences.length; s++) {
      sequences[s] = random.ints(1 + random.nextInt(MAX_LENGTH), 0, config.vocabSize()).toArray();
    }
    return sequences;
  }

  /** Steps of random subsets and chunks until every token is computed, over scattered blocks. */
  private static void runRandomly(
      ModelWeights weights,
      KvCacheDtype cacheDtype,
      int[][] sequences,
      float[][][] expected,
      Random random,
      String label) {
    ModelConfig config = weights.config();
    int maxTokens = 1 + random.nextInt(40);
    int[][] blockTables = scatteredBlocks(sequences, random);
    int numBlocks = Arrays.stream(blockTables).mapToInt(table -> table.length).sum();
    KvCache cache =
        new KvCache(config.attentionShape(), cacheDtype, config.numHiddenLayers(), numBlocks);
    Transformer transformer = new Transformer(weights, cache, maxTokens, maxTokens, MAX_LENGTH);
    ScheduledBatch batch = new ScheduledBatch(sequences.length, maxTokens, maxTokens);
    int[] computed = new int[sequences.length];
    while (IntStream.range(0, computed.length).anyMatch(s -> computed[s] < sequences[s].length)) {
      batch.clear();
      List<float[]> wanted = new ArrayList<>();
      List<Integer> order = new ArrayList<>(IntStream.range(0, computed.length).boxed().toList());
      Collections.shuffle(order, random);
      for (int s : order) {
        int most = Math.min(sequences[s].length - computed[s], maxTokens - batch.numTokens());
        int chunk = random.nextInt(4) == 0 ? most : Math.min(most, random.nextInt(8));
        if (chunk > 0) {
          int begin = computed[s];
          int end = begin + chunk;
          int logitsBegin = begin + random.nextInt(chunk + 1);
          batch.add(sequences[s], begin, end, logitsBegin, blockTables[s]);
          wanted.addAll(Arrays.asList(expected[s]).subList(logitsBegin, end));
          computed[s] = end;
        }
      }
      if (batch.numTokens() > 0) {
        transformer.forward(batch);
      }
      for (int i = 0; i < wanted.size(); i++) {
        int offset = transformer.logitsOffset(i);
        assertThat(Arrays.copyOfRange(transformer.logits(), offset, offset + config.vocabSize()))
            .as(label)
            .isEqualTo(wanted.get(i));
      }
    }
  }

  private static int[][] scatteredBlocks(int[][] sequences, Random random) {
    int[][] tables = new int[sequences.length][];
    List<Integer> ids = new ArrayList<>();
    for (int s = 0; s < sequences.length; s++) {
      tables[s] = new int[KvCacheManager.blocksFor(sequences[s].length)];
      for (int i = 0; i < tables[s].length; i++) {
        ids.add(ids.size());
      }
    }
    Collections.shuffle(ids, random);
    int next = 0;
    for (int[] table : tables) {
      for (int i = 0; i < table.length; i++) {
        table[i] = ids.get(next++);
      }
    }
    return tables;
  }

  @ParameterizedTest
  @EnumSource
  void aStepAllocatesNothing(KvCacheDtype dtype) {
    ModelConfig config = shapes().get(0);
    RandomCheckpoint checkpoint =
        new RandomCheckpoint(config, CheckpointFormat.SAFETENSORS, WeightType.BF16, new Random(1));
    ModelWeights weights =
        ModelWeights.pack(config, checkpoint, KernelProvider.scalar(), WeightDtype.AUTO);
    KvCache cache = new KvCache(config.attentionShape(), dtype, 2, 4);
    Transformer transformer = new Transformer(weights, cache, 20, 4, MAX_LENGTH);
    ScheduledBatch batch = new ScheduledBatch(2, 20, 4);
    int[] tokens = new int[32];
    batch.add(tokens, 0, 17, 16, new int[] {3, 1});
    batch.add(tokens, 0, 2, 1, new int[] {0, 2});
    transformer.forward(batch);
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    long counting = threads.getCurrentThreadAllocatedBytes() - before;
    before = threads.getCurrentThreadAllocatedBytes();
    for (int step = 0; step < 100; step++) {
      transformer.forward(batch);
    }
    assertThat(threads.getCurrentThreadAllocatedBytes() - before - counting).isZero();
  }

  @Test
  void weightsThatAreNotFiniteAreRefusedByTensorName() {
    ModelConfig config = shapes().get(0);
    for (String name :
        List.of(
            "model.layers.1.self_attn.k_proj.weight",
            "model.layers.0.input_layernorm.weight",
            "model.embed_tokens.weight")) {
      RandomCheckpoint checkpoint =
          new RandomCheckpoint(config, CheckpointFormat.SAFETENSORS, WeightType.F32, new Random(1));
      checkpoint.set(name, 5, Float.NaN);
      assertThatThrownBy(
              () ->
                  ModelWeights.pack(config, checkpoint, KernelProvider.scalar(), WeightDtype.AUTO))
          .isInstanceOf(WeightFormatException.class)
          .hasMessageContaining(name);
    }
  }

  @Test
  void memoryIsAsTheFormulasSay() {
    for (ModelConfig config : shapes()) {
      RandomCheckpoint checkpoint =
          new RandomCheckpoint(
              config, CheckpointFormat.SAFETENSORS, WeightType.BF16, new Random(1));
      Kernels kernels = KernelProvider.scalar();
      assertThat(ModelWeights.pack(config, checkpoint, kernels, WeightDtype.AUTO).bytes())
          .isEqualTo(ModelWeights.packedBytes(config, PanelDtype.BFLOAT16));
      assertThat(ModelWeights.pack(config, checkpoint, kernels, WeightDtype.FLOAT32).bytes())
          .isEqualTo(ModelWeights.packedBytes(config, PanelDtype.FLOAT32));
    }
  }

  @Test
  void aBatchBeyondTheLimitsIsRefused() {
    ModelConfig config = shapes().get(0);
    RandomCheckpoint checkpoint =
        new RandomCheckpoint(config, CheckpointFormat.SAFETENSORS, WeightType.BF16, new Random(1));
    ModelWeights weights =
        ModelWeights.pack(config, checkpoint, KernelProvider.scalar(), WeightDtype.AUTO);
    Transformer transformer =
        new Transformer(
            weights,
            new KvCache(config.attentionShape(), KvCacheDtype.FLOAT32, 2, 4),
            4,
            2,
            MAX_LENGTH);
    ScheduledBatch batch = new ScheduledBatch(1, 8, 8);
    batch.add(new int[8], 0, 5, 5, new int[] {0});
    assertThatThrownBy(() -> transformer.forward(batch))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at most 4 tokens and 2 rows of logits, found 5 and 0");
  }
}
