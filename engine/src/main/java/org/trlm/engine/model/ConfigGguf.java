package org.trlm.engine.model;

import java.util.ArrayList;
import java.util.List;
import org.trlm.engine.weights.GgufFile;
import org.trlm.engine.weights.TensorInfo;

/** Reads the metadata of a GGUF file whose architecture is llama, with llama.cpp's defaults. */
final class ConfigGguf {
  private static final double DEFAULT_THETA = 10_000;
  private static final String HIDDEN = "llama.embedding_length";
  private static final String HEADS = "llama.attention.head_count";
  private static final String KEY_LENGTH = "llama.attention.key_length";
  private static final String VALUE_LENGTH = "llama.attention.value_length";
  private static final String EPS = "llama.attention.layer_norm_rms_epsilon";

  private ConfigGguf() {}

  static ModelConfig read(GgufFile file) {
    ConfigFields fields = new ConfigFields(file.metadata(), file.where());
    checkArchitecture(fields);
    int vocab = vocabSize(fields, file);
    int hidden = fields.size(HIDDEN, ConfigFields.MAX_WIDTH);
    int heads = fields.size(HEADS, ConfigFields.MAX_HEADS);
    if (!fields.has(EPS)) {
      throw fields.bad(EPS, "a number above 0");
    }
    return new ModelConfig(
        vocab,
        hidden,
        fields.size("llama.feed_forward_length", ConfigFields.MAX_WIDTH),
        fields.size("llama.block_count", ConfigFields.MAX_LAYERS),
        heads,
        fields.keyValueHeads("llama.attention.head_count_kv", HEADS, heads),
        headDim(fields, hidden, heads),
        (float) fields.positive(EPS, 0),
        fields.positive("llama.rope.freq_base", DEFAULT_THETA),
        RopeScaling.NONE,
        fields.size("llama.context_length", ConfigFields.MAX_POSITIONS),
        !file.contains("output.weight"),
        fields.tokenId("tokenizer.ggml.bos_token_id", vocab),
        eosTokenIds(fields, vocab));
  }

  private static void checkArchitecture(ConfigFields fields) {
    if (!"llama".equals(fields.value("general.architecture"))) {
      throw fields.unsupported("general.architecture", "llama");
    }
    fields.onlyNeutral("general.type", "model");
    fields.onlyNeutral("llama.rope.scaling.type", "none");
    fields.onlyNeutral("llama.rope.scale_linear", 1.0);
    fields.onlyNeutral("llama.expert_count", 0L);
    fields.onlyNeutral("llama.attention.sliding_window", 0L);
    fields.onlyNeutral("llama.attention.causal", true);
    fields.onlyNeutral("llama.attention.scale");
    fields.onlyNeutral("llama.logit_scale", 1.0);
    fields.onlyNeutral("llama.embedding_scale", 1.0);
    fields.onlyNeutral("llama.residual_scale", 1.0);
  }

  /** Older files do not name it: then it is the rows of the embedding table. */
  private static int vocabSize(ConfigFields fields, GgufFile file) {
    String embedding = "token_embd.weight";
    if (!fields.has("llama.vocab_size") && file.contains(embedding)) {
      TensorInfo table = file.tensor(embedding);
      if (table.shape().length == 2 && table.rows() > 0 && table.rows() <= ConfigFields.MAX_VOCAB) {
        return (int) table.rows();
      }
    }
    return fields.size("llama.vocab_size", ConfigFields.MAX_VOCAB);
  }

  private static int headDim(ConfigFields fields, int hidden, int heads) {
    int headDim = fields.headDim(KEY_LENGTH, HIDDEN, hidden, HEADS, heads);
    if (fields.size(VALUE_LENGTH, ConfigFields.MAX_HEAD_DIM, headDim) != headDim) {
      throw fields.unsupported(VALUE_LENGTH, "the size of a query head, " + headDim);
    }
    String rotated = "llama.rope.dimension_count";
    if (fields.size(rotated, ConfigFields.MAX_HEAD_DIM, headDim) != headDim) {
      throw fields.unsupported(rotated, "the whole head, " + headDim);
    }
    return headDim;
  }

  private static List<Integer> eosTokenIds(ConfigFields fields, int vocab) {
    List<Integer> ids = new ArrayList<>();
    for (String kind : List.of("eos", "eot", "eom")) {
      int id = fields.tokenId("tokenizer.ggml." + kind + "_token_id", vocab);
      if (id != ModelConfig.NO_TOKEN && !ids.contains(id)) {
        ids.add(id);
      }
    }
    return List.copyOf(ids);
  }
}
