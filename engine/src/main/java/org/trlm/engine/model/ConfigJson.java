package org.trlm.engine.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.trlm.engine.weights.StrictJson;
import org.trlm.engine.weights.WeightFormatException;

/**
 * Reads Hugging Face's config.json with the meaning and defaults of transformers' LlamaConfig. Keys
 * that do not change the computation are ignored; keys that would are refused by name.
 */
final class ConfigJson {
  private static final double DEFAULT_THETA = 10_000;
  private static final double DEFAULT_EPS = 1e-6;
  private static final int DEFAULT_POSITIONS = 2048;

  private ConfigJson() {}

  static ModelConfig read(byte[] json, String where) {
    ConfigFields fields = fields(StrictJson.readTree(json, where), where);
    checkArchitecture(fields);
    int vocab = fields.size("vocab_size", ConfigFields.MAX_VOCAB);
    int hidden = fields.size("hidden_size", ConfigFields.MAX_WIDTH);
    int heads = fields.size("num_attention_heads", ConfigFields.MAX_HEADS);
    ConfigFields rope = ropeFields(fields);
    return new ModelConfig(
        vocab,
        hidden,
        fields.size("intermediate_size", ConfigFields.MAX_WIDTH),
        fields.size("num_hidden_layers", ConfigFields.MAX_LAYERS),
        heads,
        fields.keyValueHeads("num_key_value_heads", "num_attention_heads", heads),
        fields.headDim("head_dim", "hidden_size", hidden, "num_attention_heads", heads),
        (float) fields.positive("rms_norm_eps", DEFAULT_EPS),
        rope.positive("rope_theta", fields.positive("rope_theta", DEFAULT_THETA)),
        ropeScaling(rope),
        fields.size("max_position_embeddings", ConfigFields.MAX_POSITIONS, DEFAULT_POSITIONS),
        fields.flag("tie_word_embeddings", false),
        fields.tokenId("bos_token_id", vocab),
        eosTokenIds(fields, vocab));
  }

  private static void checkArchitecture(ConfigFields fields) {
    boolean named = fields.has("model_type");
    if (!named && !fields.has("architectures")) {
      throw new WeightFormatException(
          fields.where()
              + ": model_type and architectures are missing; expected: \"llama\" and"
              + " [\"LlamaForCausalLM\"]. Check that it is the configuration of a language model.");
    }
    if (named && !"llama".equals(fields.value("model_type"))) {
      throw fields.unsupported("model_type", "llama");
    }
    if (fields.has("architectures")
        && !List.of("LlamaForCausalLM").equals(fields.value("architectures"))) {
      throw fields.unsupported("architectures", "[LlamaForCausalLM]");
    }
    fields.onlyNeutral("hidden_act", "silu", "swish");
    fields.onlyNeutral("attention_bias", false);
    fields.onlyNeutral("mlp_bias", false);
    fields.onlyNeutral("sliding_window");
    fields.onlyNeutral("partial_rotary_factor", 1L, 1.0);
    fields.onlyNeutral("quantization_config");
    fields.onlyNeutral("num_local_experts");
  }

  /** transformers 5 keeps theta and scaling in rope_parameters, earlier ones in rope_scaling. */
  private static ConfigFields ropeFields(ConfigFields fields) {
    String key = fields.has("rope_parameters") ? "rope_parameters" : "rope_scaling";
    if (!fields.has(key)) {
      return new ConfigFields(Map.of(), fields.where());
    }
    if (!(fields.value(key) instanceof JsonNode node && node.isObject())) {
      throw fields.bad(key, "null or an object with rope_type");
    }
    return fields(node, fields.where() + ": " + key);
  }

  private static RopeScaling ropeScaling(ConfigFields rope) {
    String key = rope.has("rope_type") ? "rope_type" : "type";
    rope.onlyNeutral("partial_rotary_factor", 1L, 1.0);
    if (!rope.has(key)) {
      // an object without a type but with other parameters is one we do not understand
      for (String parameter : List.of("factor", "full_attention", "sliding_attention")) {
        rope.onlyNeutral(parameter);
      }
      return RopeScaling.NONE;
    }
    return switch (String.valueOf(rope.value(key))) {
      case "default", "none" -> RopeScaling.NONE;
      case "llama3" -> llama3(rope);
      default -> throw rope.unsupported(key, "default, llama3");
    };
  }

  private static RopeScaling llama3(ConfigFields rope) {
    for (String key : List.of("factor", "low_freq_factor", "high_freq_factor")) {
      if (!rope.has(key)) {
        throw rope.bad(key, "a number above 0");
      }
    }
    double low = rope.positive("low_freq_factor", 0);
    double high = rope.positive("high_freq_factor", 0);
    if ((float) high <= (float) low) {
      throw rope.bad("high_freq_factor", "a number above low_freq_factor (" + low + ")");
    }
    int positions = rope.size("original_max_position_embeddings", ConfigFields.MAX_POSITIONS);
    return new RopeScaling.Llama3(rope.positive("factor", 0), low, high, positions);
  }

  private static List<Integer> eosTokenIds(ConfigFields fields, int vocab) {
    Object value = fields.value("eos_token_id");
    if (!(value instanceof List<?> ids)) {
      int id = fields.tokenId("eos_token_id", vocab);
      return id == ModelConfig.NO_TOKEN ? List.of() : List.of(id);
    }
    List<Integer> all = new ArrayList<>();
    for (Object id : ids) {
      if (!(id instanceof Long number) || number < 0 || number >= vocab) {
        throw fields.bad("eos_token_id", "ids from 0 to " + (vocab - 1));
      }
      if (!all.contains(number.intValue())) {
        all.add(number.intValue());
      }
    }
    return List.copyOf(all);
  }

  /** Scalars and lists of scalars as Java values; objects and other arrays stay nodes. */
  private static ConfigFields fields(JsonNode object, String where) {
    Map<String, Object> values = new HashMap<>();
    object.properties().forEach(entry -> values.put(entry.getKey(), value(entry.getValue())));
    return new ConfigFields(values, where);
  }

  private static Object value(JsonNode node) {
    if (node.isNull()) {
      return null;
    }
    if (node.isIntegralNumber() && node.canConvertToLong()) {
      return node.longValue();
    }
    if (node.isNumber()) {
      return node.doubleValue();
    }
    if (node.isBoolean()) {
      return node.booleanValue();
    }
    if (node.isTextual()) {
      return node.textValue();
    }
    if (node.isArray() && node.size() <= 64) {
      List<Object> list = new ArrayList<>();
      node.forEach(element -> list.add(element.isContainerNode() ? element : value(element)));
      return list;
    }
    return node;
  }
}
