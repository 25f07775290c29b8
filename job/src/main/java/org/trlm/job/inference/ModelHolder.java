package org.trlm.job.inference;

import java.util.Optional;
import org.trlm.engine.AnswerFormat;
import org.trlm.engine.WarmUp;
import org.trlm.engine.kernel.ComputeMode;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.kernel.MatrixPacker;
import org.trlm.engine.model.ModelWeights;
import org.trlm.engine.model.WeightDtype;
import org.trlm.job.JobConfig;
import org.trlm.job.JobConfig.EngineOptions;
import org.trlm.job.model.ModelBundle;
import org.trlm.job.model.ThoughtFormat;
import org.trlm.job.progress.RunCounters;
import org.trlm.tokenizer.Tokenizer;

/**
 * The packed weights of this executor JVM: one model in one mode at a time, packed once, its
 * kernels warm, held strongly until another model is asked for. Spark itself holds broadcast values
 * softly and would read and pack them again under memory pressure. Safe from any thread; the first
 * task packs, the others wait.
 */
final class ModelHolder {
  private static String heldKey;
  private static LoadedModel held;

  private ModelHolder() {}

  /**
   * The model, packed now if this JVM does not hold it.
   *
   * @throws IllegalStateException when this JVM cannot compute in the mode that was chosen, or has
   *     no Vector API and scalar kernels are not allowed
   */
  static synchronized LoadedModel model(
      ModelBundle bundle, JobConfig config, RunCounters counters) {
    EngineOptions engine = config.engine();
    ComputeMode mode = engine.compute().mode();
    WeightDtype dtype = WeightDtype.valueOf(engine.dtype().name());
    String key = String.join("/", bundle.fingerprint(), dtype.name(), mode.name());
    if (!key.equals(heldKey)) {
      Kernels kernels = kernels(engine.allowScalar());
      MatrixPacker packer = packer(mode, kernels);
      letGo();
      held =
          load(
              bundle,
              config,
              ModelWeights.pack(bundle.config(), bundle.weights(), kernels, packer, dtype));
      heldKey = key;
      counters.modelPacked();
    }
    held = held.with(ThoughtFormat.of(config.model(), bundle), config.model());
    return held;
  }

  /** Lets go of the other model first, so that the memory need not hold two. */
  private static void letGo() {
    if (held != null) {
      heldKey = null;
      held = null;
      // weights off the heap are freed once nothing refers to them
      System.gc();
    }
  }

  /**
   * @throws IllegalStateException naming the JVM option that is missing
   */
  private static Kernels kernels(boolean allowScalar) {
    return KernelProvider.vectorAvailable() || !allowScalar
        ? KernelProvider.vector()
        : KernelProvider.scalar();
  }

  /**
   * @throws IllegalStateException naming what this JVM lacks
   */
  private static MatrixPacker packer(ComputeMode mode, Kernels kernels) {
    Optional<String> missing = KernelProvider.missing(mode);
    if (missing.isPresent()) {
      throw new IllegalStateException(
          "this run computes in %s, as all executors could when it began, and this one cannot: %s"
              .formatted(mode.spelling(), missing.get()));
    }
    return KernelProvider.packer(mode, kernels);
  }

  private static LoadedModel load(ModelBundle bundle, JobConfig config, ModelWeights weights) {
    WarmUp.run(weights, config.engine().kvCacheDtype());
    Tokenizer tokenizer = bundle.tokenizer();
    ThoughtFormat thought = ThoughtFormat.of(config.model(), bundle);
    TokenText text = new TokenText(tokenizer, thought.tagIds());
    return new LoadedModel(
        bundle.config(),
        weights,
        tokenizer,
        text,
        thought,
        thought.parser(config.model()),
        AnswerFormat.of(text.matched(), bundle.endOfTurnTokenIds(), thought.engineTags(tokenizer)),
        bundle.endOfTurnTokenIds(),
        freeBytes());
  }

  /**
   * What the heap could still take, after a collection, so that garbage of loading is not counted.
   */
  private static long freeBytes() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.maxMemory() - (runtime.totalMemory() - runtime.freeMemory());
  }
}
