package org.trlm.job;

import java.io.PrintWriter;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.trlm.engine.EngineSizing;
import org.trlm.engine.kernel.PanelDtype;
import org.trlm.engine.model.ModelConfig;
import org.trlm.engine.model.ModelWeights;
import org.trlm.engine.weights.WeightSource;
import org.trlm.job.JobConfig.Compute;
import org.trlm.job.JobConfig.Dtype;
import org.trlm.job.JobConfig.ReasoningPreset;
import org.trlm.job.model.GenerationDefaults;
import org.trlm.job.model.ModelBundle;
import org.trlm.job.model.ThoughtFormat;

/** What a model is, in lines of name and value. */
final class ModelReport {
  /** Memory without an end: asks the engine what it would take, not what it can get. */
  private static final long UNBOUNDED = Long.MAX_VALUE / 4;

  /** Share of the heap beside the weights that engines take; Spark's own buffers have the rest. */
  private static final double HEAP_SHARE = 0.6;

  /** What a JVM takes beside its heap and the weights: Spark's own least overhead. */
  private static final long JVM_OVERHEAD = 384L << 20;

  private final ModelBundle model;
  private final JobConfig config;

  ModelReport(ModelBundle model, JobConfig config) {
    this.model = model;
    this.config = config;
  }

  void print(PrintWriter out) {
    ModelConfig sizes = model.config();
    out.println("Model " + model.path());
    line(out, "fingerprint", model.fingerprint());
    line(out, "architecture", architecture(sizes));
    line(out, "parameters", String.format(Locale.ROOT, "%,d", parameters()));
    line(out, "stored", mebibytes(model.bytes()) + "; tensors: " + tensors());
    line(out, "computed in", computedIn().word());
    line(out, "longest sequence", sizes.maxPositionEmbeddings() + " tokens");
    line(out, "tokenizer", tokenizer(sizes));
    line(out, "special tokens", specialTokens());
    line(out, "end of turn", endOfTurn());
    line(out, "think tags", thinkTags());
    line(out, "chat template", chatTemplate());
    line(out, "generation", generation(model.generationDefaults()));
    memory(out, sizes);
    out.flush();
  }

  private static String architecture(ModelConfig sizes) {
    return String.format(
        Locale.ROOT,
        "Llama: %d layers, hidden %d, intermediate %d, %d heads over %d key/value heads of %d,"
            + " vocabulary %d (%s)",
        sizes.numHiddenLayers(),
        sizes.hiddenSize(),
        sizes.intermediateSize(),
        sizes.numAttentionHeads(),
        sizes.numKeyValueHeads(),
        sizes.headDim(),
        sizes.vocabSize(),
        sizes.tieWordEmbeddings() ? "tied embeddings" : "own output layer");
  }

  private long parameters() {
    WeightSource weights = model.weights();
    long parameters = 0;
    for (String name : weights.tensorNames()) {
      long count = 1;
      for (long size : weights.tensor(name).shape()) {
        count *= size;
      }
      parameters += count;
    }
    return parameters;
  }

  private String tensors() {
    return model.tensorsByType().entrySet().stream()
        .map(entry -> entry.getValue() + " " + entry.getKey())
        .collect(Collectors.joining(", "));
  }

  /** What {@code --dtype auto} comes to. */
  private Dtype computedIn() {
    return KeySettings.dtype(config.engine().dtype(), model);
  }

  private String tokenizer(ModelConfig sizes) {
    int tokens = model.tokenizer().vocabSize();
    int unused = sizes.vocabSize() - tokens;
    return "byte-level BPE, "
        + tokens
        + " tokens"
        + (unused == 0 ? "" : "; " + unused + " rows of the embedding table have no token");
  }

  private String specialTokens() {
    Map<String, String> tokens = model.specialTokens();
    return tokens.isEmpty()
        ? "none named"
        : tokens.entrySet().stream()
            .map(token -> token.getKey() + " " + token.getValue())
            .collect(Collectors.joining(", "));
  }

  private String endOfTurn() {
    int[] ids = model.endOfTurnTokenIds();
    return ids.length == 0
        ? "none: answers end by max_tokens or a stop text only"
        : Arrays.stream(ids)
            .mapToObj(id -> id + " " + model.tokenizer().decode(new int[] {id}, false))
            .collect(Collectors.joining(", "));
  }

  private String thinkTags() {
    ThoughtFormat thought = ThoughtFormat.of(config.model(), model);
    return switch (thought.tags()) {
      case IDS ->
          "%s %d, %s %d"
              .formatted(thought.open(), thought.openId(), thought.close(), thought.closeId());
      case TEXT -> "%s, %s, found in the text".formatted(thought.open(), thought.close());
      case NONE ->
          config.model().reasoning().parser() == ReasoningPreset.NONE
              ? "not looked for (--reasoning-parser none)"
              : "%s and %s are no tokens of this model: answers have no reasoning"
                  .formatted(thought.open(), thought.close());
    };
  }

  private String chatTemplate() {
    if (config.model().noChatTemplate()) {
      return "not used (--no-chat-template)";
    }
    if (config.model().chatTemplate() != null) {
      return "from --chat-template";
    }
    return model.hasChatTemplate() ? "the model's own" : "none";
  }

  private static String generation(GenerationDefaults defaults) {
    if (defaults.equals(GenerationDefaults.NONE)) {
      return "no generation_config.json: greedy, 256 tokens unless asked for";
    }
    StringBuilder text = new StringBuilder();
    append(text, "temperature", defaults.temperature());
    append(text, "top_p", defaults.topP());
    append(text, "top_k", defaults.topK());
    append(text, "min_p", defaults.minP());
    append(text, "max_tokens", defaults.maxTokens());
    append(text, "repetition_penalty", defaults.repetitionPenalty());
    return text + " (the model's own; rows and options win over it)";
  }

  private static void append(StringBuilder text, String name, Object value) {
    if (value != null) {
      text.append(text.length() == 0 ? "" : ", ").append(name).append(' ').append(value);
    }
  }

  private void memory(PrintWriter out, ModelConfig sizes) {
    boolean offHeap = config.engine().compute() == Compute.BF16;
    long packed =
        offHeap
            ? ModelWeights.packedBytes(sizes, PanelDtype.BFLOAT16)
            : parameters() * (computedIn() == Dtype.BFLOAT16 ? Short.BYTES : Float.BYTES);
    line(
        out,
        "memory",
        "an executor holds the files twice while it reads them ("
            + mebibytes(2 * model.bytes())
            + "), then the packed weights once ("
            + mebibytes(packed)
            + (offHeap ? ", off the heap" : "")
            + ") and one engine a running task");
    try {
      EngineSizing sizing = EngineSizing.fit(sizes, UNBOUNDED, config.engine().limits());
      line(
          out,
          "engine",
          "up to "
              + mebibytes(sizing.totalBytes())
              + " a task, less where the heap is smaller: "
              + sizing.config().maxNumSeqs()
              + " slots, "
              + sizing.config().maxNumBatchedTokens()
              + " tokens a step, "
              + sizing.config().numKvBlocks()
              + " cache blocks of 16 tokens in "
              + sizing.config().kvCacheDtype().spelling());
      long onHeap = 2 * model.bytes() + (offHeap ? 0 : packed);
      line(
          out,
          "executor heap",
          (offHeap ? "files + tasks x engine / 0.6: " : "files + weights + tasks x engine / 0.6: ")
              + executorHeap(onHeap, sizing.totalBytes()));
      if (config.engine().compute() != Compute.EXACT) {
        line(out, "off the heap", offHeap(sizes));
      }
    } catch (IllegalArgumentException e) {
      throw new JobException(e.getMessage(), e);
    }
  }

  /** Heap that full-size engines want, by the tasks that an executor runs at once. */
  private static String executorHeap(long model, long engine) {
    StringBuilder text = new StringBuilder();
    for (int tasks : new int[] {1, 2, 4}) {
      long heap = model + (long) (tasks * engine / HEAP_SHARE);
      text.append(mebibytes(heap)).append(" for ").append(tasks).append(tasks == 4 ? "" : ", ");
    }
    return text + " tasks; with less, engines have fewer slots";
  }

  /** What the memory of an executor beside its heap must hold when it computes in bf16. */
  private String offHeap(ModelConfig sizes) {
    long packed = ModelWeights.packedBytes(sizes, PanelDtype.BFLOAT16);
    return "%s%s of packed weights in bf16: give spark.executor.memoryOverhead at least %s"
        .formatted(
            config.engine().compute() == Compute.AUTO ? "where auto comes to bf16, " : "",
            mebibytes(packed),
            mebibytes(packed + JVM_OVERHEAD));
  }

  private static String mebibytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f MiB", bytes / (1024.0 * 1024.0));
  }

  static void line(PrintWriter out, String name, String value) {
    out.printf("  %-17s %s%n", name, value);
  }
}
