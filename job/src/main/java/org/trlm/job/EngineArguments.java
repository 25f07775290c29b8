package org.trlm.job;

import org.trlm.engine.kernel.KvCacheDtype;
import org.trlm.job.JobConfig.Compute;
import org.trlm.job.JobConfig.Dtype;
import org.trlm.job.JobConfig.EngineOptions;
import picocli.CommandLine.Option;

/** The limits of the engine in each task. */
final class EngineArguments {
  @Option(
      names = "--dtype",
      paramLabel = "auto|float32|bfloat16",
      converter = Words.DtypeConverter.class,
      description =
          "Type of the weights in memory; auto keeps a bfloat16 checkpoint bfloat16 (exact) and"
              + " takes float32 else. Default: auto.")
  Dtype dtype;

  @Option(
      names = "--compute",
      paramLabel = "exact|bf16|auto",
      converter = Words.ComputeConverter.class,
      description =
          "What computes matrix products: exact is the Vector API, the same bits everywhere; bf16 is"
              + " the CPU's matrix units through the trlm-spark-onednn jar, faster, other bits; auto"
              + " is bf16 where every executor has both, else exact. Default: exact.")
  Compute compute;

  @Option(
      names = "--max-model-len",
      paramLabel = "N",
      description =
          "Most tokens of one row, prompt and answer together. Default: the model's"
              + " max_position_embeddings.")
  Integer maxModelLen;

  @Option(
      names = "--max-num-seqs",
      paramLabel = "N",
      description = "Rows that run at the same time in one task. Default: by memory.")
  Integer maxNumSeqs;

  @Option(
      names = "--max-num-batched-tokens",
      paramLabel = "N",
      description = "Most tokens computed in one step. Default: chosen by the engine.")
  Integer maxNumBatchedTokens;

  @Option(
      names = "--kv-cache-memory",
      paramLabel = "SIZE",
      converter = Words.SizeConverter.class,
      description =
          "Memory for keys and values in one task: bytes, or with k, m or g (1024s), as 512m."
              + " Default: what the heap leaves after the weights.")
  Long kvCacheMemory;

  @Option(
      names = "--kv-cache-dtype",
      paramLabel = "float32|bfloat16",
      converter = Words.KvCacheDtypeConverter.class,
      description =
          "Type of keys and values in memory: bfloat16 takes half of it, for other answers."
              + " Default: float32.")
  KvCacheDtype kvCacheDtype;

  @Option(
      names = "--enable-prefix-caching",
      arity = "0..1",
      fallbackValue = "true",
      hideParamSyntax = true,
      paramLabel = "true|false",
      description =
          "Compute the first tokens that rows of one task have in common only once: the same"
              + " answers, sooner. Default: true.")
  Boolean enablePrefixCaching;

  @Option(
      names = "--allow-scalar",
      arity = "0..1",
      fallbackValue = "true",
      hideParamSyntax = true,
      paramLabel = "true|false",
      description =
          "Run even if the JVM was started without --add-modules jdk.incubator.vector: the same"
              + " answers, many times slower. Default: false.")
  Boolean allowScalar;

  EngineOptions toOptions() {
    atLeast(1, "--max-model-len", maxModelLen);
    atLeast(1, "--max-num-seqs", maxNumSeqs);
    atLeast(1, "--max-num-batched-tokens", maxNumBatchedTokens);
    if (maxNumSeqs != null && maxNumBatchedTokens != null && maxNumBatchedTokens < maxNumSeqs) {
      throw new JobException(
          "--max-num-batched-tokens is "
              + maxNumBatchedTokens
              + " and --max-num-seqs "
              + maxNumSeqs
              + "; every running row computes at least one token in a step, so give at least as many"
              + " tokens as rows.");
    }
    return new EngineOptions(
        dtype == null ? Dtype.AUTO : dtype,
        compute == null ? Compute.EXACT : compute,
        maxModelLen,
        maxNumSeqs,
        maxNumBatchedTokens,
        kvCacheMemory,
        kvCacheDtype == null ? KvCacheDtype.FLOAT32 : kvCacheDtype,
        !Boolean.FALSE.equals(enablePrefixCaching),
        Boolean.TRUE.equals(allowScalar));
  }

  private static void atLeast(int lowest, String option, Integer found) {
    if (found != null && found < lowest) {
      throw new JobException(option + " is " + found + "; allowed: " + lowest + " or more.");
    }
  }
}
