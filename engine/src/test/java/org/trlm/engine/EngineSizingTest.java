package org.trlm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.trlm.engine.cache.PrefixCaching;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.kernel.KvCacheDtype;
import org.trlm.engine.kernel.PanelDtype;
import org.trlm.engine.model.ModelConfig;
import org.trlm.engine.model.ModelWeights;
import org.trlm.engine.model.RopeScaling;

class EngineSizingTest {
  private static final long MIB = 1 << 20;
  private final ModelConfig model = TinyReasoner.config();

  @Test
  void plentyOfMemoryGivesTheDefaults() {
    EngineSizing sizing = EngineSizing.fit(model, 1024 * MIB, RequestedLimits.NONE);
    // 96 slots of 512 tokens in blocks of 16
    assertThat(sizing.config()).isEqualTo(new EngineConfig(1024, 96, 512, 96 * 32));
    // 16 tokens, 4 layers, 2 key/value heads of 32, keys and values, float32
    assertThat(sizing.blockBytes()).isEqualTo(16 * 4 * 2 * 32 * 2 * 4);
    assertThat(sizing.totalBytes()).isLessThan(1024 * MIB);
    assertThat(sizing.describe())
        .contains(
            "96 slots", "512 tokens a step", "96.0 MiB of float32 (3072 blocks, 49152 tokens)");
  }

  @Test
  void fortyEightSlotsOfAModelOf135MParametersFitTheHeapsOfTheDocs() {
    ModelConfig small =
        new ModelConfig(
            49152,
            576,
            1536,
            30,
            9,
            3,
            64,
            1e-5f,
            100000.0,
            RopeScaling.NONE,
            8192,
            true,
            1,
            List.of(2));
    long checkpoint = ModelWeights.packedBytes(small, PanelDtype.BFLOAT16);
    long spark = 150 * MIB;
    for (PanelDtype dtype : PanelDtype.values()) {
      long heap = (dtype == PanelDtype.FLOAT32 ? 4096 : 3500) * MIB;
      long free = heap - spark - checkpoint - ModelWeights.packedBytes(small, dtype);
      // a job gives its tasks four fifths of what is free when slots were asked for
      EngineSizing sizing =
          EngineSizing.fit(small, free / 5 * 4 / 2, new RequestedLimits(512, 48, 0, 0));
      assertThat(sizing.config().maxNumSeqs()).as("%s", dtype).isEqualTo(48);
      assertThat(sizing.config().numKvBlocks()).as("%s", dtype).isEqualTo(48 * 32);
    }
  }

  @Test
  void littleMemoryGivesFewerSlotsWithEnoughCacheForEach() {
    for (long mebibytes : new long[] {8, 12, 20, 40, 80}) {
      EngineSizing sizing = EngineSizing.fit(model, mebibytes * MIB, RequestedLimits.NONE);
      EngineConfig config = sizing.config();
      assertThat(config.maxNumSeqs()).isBetween(1, 95);
      assertThat(config.numKvBlocks()).isGreaterThanOrEqualTo(config.maxNumSeqs() * 32);
      assertThat(sizing.totalBytes()).isBetween((mebibytes - 3) * MIB, mebibytes * MIB);
    }
  }

  @Test
  void whatWasAskedForIsKept() {
    EngineSizing sizing =
        EngineSizing.fit(model, 1024 * MIB, new RequestedLimits(700, 3, 17, 3 * MIB));
    assertThat(sizing.config()).isEqualTo(new EngineConfig(700, 3, 17, 96));
    // more than three sequences of 700 tokens can use is not taken
    assertThat(
            EngineSizing.fit(model, 1024 * MIB, new RequestedLimits(700, 3, 17, 500 * MIB))
                .config()
                .numKvBlocks())
        .isEqualTo(3 * 44);
    // a small step bounds the slots that were not asked for
    assertThat(
            EngineSizing.fit(model, 1024 * MIB, new RequestedLimits(0, 0, 5, 0))
                .config()
                .maxNumSeqs())
        .isEqualTo(5);
  }

  @Test
  void aCacheOfBfloat16HoldsTwiceTheTokens() {
    EngineSizing narrow = EngineSizing.fit(model, 40 * MIB, inBfloat16(0));
    EngineSizing wide = EngineSizing.fit(model, 40 * MIB, RequestedLimits.NONE);
    assertThat(narrow.blockBytes()).isEqualTo(wide.blockBytes() / 2);
    assertThat(narrow.config().maxNumSeqs()).isGreaterThan(wide.config().maxNumSeqs() * 3 / 2);
    assertThat(narrow.config().kvCacheDtype()).isEqualTo(KvCacheDtype.BFLOAT16);
    assertThat(narrow.describe()).contains(" MiB of bfloat16 (");
    assertThat(EngineSizing.fit(model, 100 * MIB, inBfloat16(3 * MIB)).config().numKvBlocks())
        .isEqualTo(192);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EngineSizing.fit(model, 100 * MIB, inBfloat16(1000)))
        .withMessageContaining("kv_cache_memory is 1000 bytes; one block of 16 tokens takes 16384");
  }

  private static RequestedLimits inBfloat16(long kvCacheMemory) {
    return new RequestedLimits(
        0, 0, 0, kvCacheMemory, PrefixCaching.ENABLED, KvCacheDtype.BFLOAT16);
  }

  @ParameterizedTest
  @EnumSource
  void theFormulaCoversWhatAnEngineTakes(KvCacheDtype dtype) {
    EngineSizing sizing =
        EngineSizing.fit(
            model, 64 * MIB, new RequestedLimits(0, 0, 0, 0, PrefixCaching.ENABLED, dtype));
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    ModelWeights weights = TinyReasoner.weights(KernelProvider.scalar());
    // the first engine makes the rotation's table; StrictMath of newer Javas leaves garbage in it
    Engine first = new Engine(weights, sizing.config(), new byte[0][], new int[0]);
    assertThat(first.numRunning()).isZero();
    long before = threads.getCurrentThreadAllocatedBytes();
    Engine engine = new Engine(weights, sizing.config(), new byte[0][], new int[0]);
    long taken = threads.getCurrentThreadAllocatedBytes() - before;
    assertThat(engine.numRunning()).isZero();
    assertThat(taken).isBetween(sizing.totalBytes() * 9 / 10, sizing.totalBytes() + MIB / 2);
  }

  @Test
  void whatDoesNotFitSaysWhatToSet() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EngineSizing.fit(model, 3 * MIB, RequestedLimits.NONE))
        .withMessageContaining("there are 3.0 MiB for each running task")
        .withMessageContaining("lower kv_cache_memory, max_num_seqs");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> EngineSizing.fit(model, 100 * MIB, new RequestedLimits(0, 0, 0, 150 * MIB)))
        .withMessageContaining("150.0 MiB) beside the weights; there are 100.0 MiB");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EngineSizing.fit(model, 100 * MIB, new RequestedLimits(0, 0, 0, 1000)))
        .withMessageContaining("kv_cache_memory is 1000 bytes; one block of 16 tokens takes 32768");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EngineSizing.fit(model, 100 * MIB, new RequestedLimits(1025, 0, 0, 0)))
        .withMessageContaining("max_model_len is 1025; the model was made for at most 1024");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EngineSizing.fit(model, 100 * MIB, new RequestedLimits(0, 20, 10, 0)))
        .withMessageContaining("max_num_batched_tokens is 10; it must be at least 20");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new RequestedLimits(0, -1, 0, 0))
        .withMessageContaining("max_num_seqs is -1");
  }

  @Test
  void whatDoesNotFitNamesTheMemoryThatDoes() {
    RequestedLimits asked = new RequestedLimits(256, 4, 64, 8 * MIB);
    EngineDoesNotFitException refusal =
        catchThrowableOfType(
            EngineDoesNotFitException.class, () -> EngineSizing.fit(model, MIB, asked));
    EngineSizing sizing = EngineSizing.fit(model, refusal.neededBytes(), asked);
    assertThat(sizing.totalBytes()).isEqualTo(refusal.neededBytes());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EngineSizing.fit(model, refusal.neededBytes() - 1, asked));
  }

  @Test
  void anEngineBeyondItsModelIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new Engine(
                    TinyReasoner.weights(KernelProvider.scalar()),
                    new EngineConfig(2000, 1, 16, 200),
                    new byte[0][],
                    new int[0]))
        .withMessageContaining("max_model_len is 2000");
  }
}
