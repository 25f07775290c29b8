package org.trlm.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.trlm.engine.weights.GgufBuilder;
import org.trlm.engine.weights.WeightFormatException;

class ModelConfigTest {
  private static final String GOOD =
      """
      {"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_act":"silu",
       "vocab_size":100,"hidden_size":48,"intermediate_size":96,"num_hidden_layers":2,
       "num_attention_heads":6,"num_key_value_heads":3,"rms_norm_eps":1e-05,"rope_theta":100000.0,
       "rope_scaling":null,"max_position_embeddings":512,"tie_word_embeddings":true,
       "attention_bias":false,"mlp_bias":false,"bos_token_id":1,"eos_token_id":2,
       "pretraining_tp":1,"use_cache":true,"unheard_of":{"a":[1]}}
      """;

  @Test
  void sizesAreReadAsTransformersReadsThem() throws Exception {
    ModelConfig config = with("{}");
    assertThat(config.vocabSize()).isEqualTo(100);
    assertThat(config.hiddenSize()).isEqualTo(48);
    assertThat(config.intermediateSize()).isEqualTo(96);
    assertThat(config.numHiddenLayers()).isEqualTo(2);
    assertThat(config.numAttentionHeads()).isEqualTo(6);
    assertThat(config.numKeyValueHeads()).isEqualTo(3);
    assertThat(config.headDim()).isEqualTo(8);
    assertThat(config.rmsNormEps()).isEqualTo(1e-5f);
    assertThat(config.ropeTheta()).isEqualTo(100_000);
    assertThat(config.ropeScaling()).isEqualTo(RopeScaling.NONE);
    assertThat(config.maxPositionEmbeddings()).isEqualTo(512);
    assertThat(config.tieWordEmbeddings()).isTrue();
    assertThat(config.bosTokenId()).isEqualTo(1);
    assertThat(config.eosTokenIds()).containsExactly(2);
    assertThat(copy(config)).isEqualTo(config);
  }

  @Test
  void absentKeysHaveLlamaConfigsDefaults() throws IOException {
    ModelConfig config =
        with(
            """
            {"num_key_value_heads":null,"rms_norm_eps":null,"rope_theta":null,"hidden_act":null,
             "max_position_embeddings":null,"tie_word_embeddings":null,"bos_token_id":null,
             "eos_token_id":null,"architectures":null}
            """);
    assertThat(config.numKeyValueHeads()).isEqualTo(6);
    assertThat(config.rmsNormEps()).isEqualTo(1e-6f);
    assertThat(config.ropeTheta()).isEqualTo(10_000);
    assertThat(config.maxPositionEmbeddings()).isEqualTo(2048);
    assertThat(config.tieWordEmbeddings()).isFalse();
    assertThat(config.bosTokenId()).isEqualTo(ModelConfig.NO_TOKEN);
    assertThat(config.eosTokenIds()).isEmpty();
  }

  @Test
  void explicitHeadDimAndListsOfEndTokensAreTaken() throws IOException {
    ModelConfig config = with("{\"head_dim\":32,\"eos_token_id\":[2,5,2]}");
    assertThat(config.headDim()).isEqualTo(32);
    assertThat(config.eosTokenIds()).containsExactly(2, 5);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"rope_theta\":5e5,\"rope_scaling\":{\"rope_type\":\"llama3\",%s}}",
        "{\"rope_theta\":5e5,\"rope_scaling\":{\"type\":\"llama3\",%s}}",
        "{\"rope_theta\":null,\"rope_parameters\":{\"rope_type\":\"llama3\",\"rope_theta\":5e5,%s}}"
      })
  void llama3ScalingIsReadInBothItsForms(String json) throws IOException {
    String values =
        "\"factor\":8.0,\"low_freq_factor\":1.0,\"high_freq_factor\":4.0,"
            + "\"original_max_position_embeddings\":8192";
    ModelConfig config = with(json.formatted(values));
    assertThat(config.ropeTheta()).isEqualTo(500_000);
    assertThat(config.ropeScaling()).isEqualTo(new RopeScaling.Llama3(8, 1, 4, 8192));
  }

  @Test
  void defaultScalingIsNone() throws IOException {
    assertThat(with("{\"rope_scaling\":{\"type\":\"default\"}}").ropeScaling())
        .isEqualTo(RopeScaling.NONE);
    assertThat(with("{\"rope_parameters\":{\"rope_theta\":7}}").ropeTheta()).isEqualTo(7);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"model_type\":\"qwen2\"}|model_type is qwen2, which is not supported; supported: llama",
        "{\"model_type\":null,\"architectures\":null}|model_type and architectures are missing",
        "{\"architectures\":[\"LlamaForTokenClassification\"]}|supported: [LlamaForCausalLM]",
        "{\"hidden_act\":\"gelu\"}|hidden_act is gelu, which is not supported; supported: absent",
        "{\"attention_bias\":true}|attention_bias is true, which is not supported",
        "{\"mlp_bias\":true}|mlp_bias is true, which is not supported",
        "{\"sliding_window\":4096}|sliding_window is 4096, which is not supported",
        "{\"partial_rotary_factor\":0.5}|partial_rotary_factor is 0.5, which is not supported",
        "{\"quantization_config\":{\"bits\":4}}|quantization_config is {\"bits\":4}, which is not",
        "{\"num_local_experts\":8}|num_local_experts is 8, which is not supported",
        "{\"rope_scaling\":{\"type\":\"yarn\",\"factor\":4}}|type is yarn, which is not supported",
        "{\"rope_scaling\":{\"rope_type\":\"linear\"}}|rope_scaling: rope_type is linear, which",
        "{\"rope_scaling\":{\"factor\":4}}|rope_scaling: factor is 4, which is not supported",
        "{\"rope_scaling\":\"yarn\"}|rope_scaling is yarn; allowed: null or an object",
        "{\"rope_scaling\":{\"type\":\"llama3\"}}|rope_scaling: factor is null; allowed: a number",
        "{\"vocab_size\":null}|vocab_size is missing; expected: an integer from 1 to 4194304",
        "{\"vocab_size\":0}|vocab_size is 0; allowed: an integer from 1 to 4194304",
        "{\"vocab_size\":-5}|vocab_size is -5; allowed",
        "{\"vocab_size\":100.5}|vocab_size is 100.5; allowed: an integer",
        "{\"vocab_size\":\"100\"}|vocab_size is 100; allowed: an integer",
        "{\"vocab_size\":99999999999999999999}|vocab_size is 1.0E20; allowed: an integer",
        "{\"hidden_size\":0}|hidden_size is 0; allowed",
        "{\"hidden_size\":2147483647}|hidden_size is 2147483647; allowed: an integer from 1 to 131",
        "{\"intermediate_size\":0}|intermediate_size is 0; allowed",
        "{\"num_hidden_layers\":0}|num_hidden_layers is 0; allowed: an integer from 1 to 512",
        "{\"num_attention_heads\":0}|num_attention_heads is 0; allowed",
        "{\"num_key_value_heads\":0}|num_key_value_heads is 0; allowed",
        "{\"num_key_value_heads\":4}|num_key_value_heads is 4; allowed: a divisor of num_attention",
        "{\"hidden_size\":50}|hidden_size is 50; allowed: a multiple of num_attention_heads (6)",
        "{\"hidden_size\":54}|a head has 9 dimensions (hidden_size by num_attention_heads)",
        "{\"head_dim\":7}|a head has 7 dimensions (head_dim); allowed: even numbers",
        "{\"rope_theta\":0}|rope_theta is 0; allowed: a number above 0",
        "{\"rope_theta\":-1.0}|rope_theta is -1.0; allowed: a number above 0",
        "{\"rope_theta\":1e60}|rope_theta is 1.0E60; allowed: a number above 0",
        "{\"rms_norm_eps\":0}|rms_norm_eps is 0; allowed: a number above 0",
        "{\"rms_norm_eps\":\"small\"}|rms_norm_eps is small; allowed",
        "{\"max_position_embeddings\":0}|max_position_embeddings is 0; allowed",
        "{\"tie_word_embeddings\":1}|tie_word_embeddings is 1; allowed: true or false",
        "{\"bos_token_id\":100}|bos_token_id is 100; allowed: an integer from 0 to 99",
        "{\"eos_token_id\":-1}|eos_token_id is -1; allowed: an integer from 0 to 99",
        "{\"eos_token_id\":[2,100]}|eos_token_id is [2, 100]; allowed: ids from 0 to 99",
      })
  void otherModelsAndImpossibleSizesAreRefusedByName(String changes, String message) {
    assertThatThrownBy(() -> with(changes))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageStartingWith("dir/config.json: ")
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''|dir/config.json is empty",
        "<html>|dir/config.json is not valid JSON",
        "[1]|begins with START_ARRAY; expected: a JSON object",
        "{} {}|goes on after the end",
        "{\"model_type\":\"llama\",\"model_type\":\"llama\"}|Duplicate field 'model_type'",
        "{\"a\":NaN}|not valid JSON",
      })
  void whatIsNotOneJsonObjectIsRefused(String json, String message) {
    assertThatThrownBy(
            () -> ModelConfig.fromJson(json.getBytes(StandardCharsets.UTF_8), "dir/config.json"))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining(message);
  }

  @Test
  void ggufMetadataGivesTheSameModel() throws IOException {
    ModelConfig config =
        ModelConfig.fromGguf(
            GgufBuilder.open(
                gguf().floats("token_embd.weight", new long[] {100, 1}, new float[100]).build()));
    assertThat(config).isEqualTo(with("{}"));
  }

  @Test
  void aGgufWithAnOutputLayerIsNotTied() {
    byte[] file =
        gguf()
            .number("llama.vocab_size", 100)
            .number("tokenizer.ggml.eot_token_id", 7)
            .floats("output.weight", new long[] {1}, 1)
            .build();
    ModelConfig config = ModelConfig.fromGguf(GgufBuilder.open(file));
    assertThat(config.tieWordEmbeddings()).isFalse();
    assertThat(config.eosTokenIds()).containsExactly(2, 7);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "llama.rope.dimension_count|4|llama.rope.dimension_count is 4, which is not supported",
        "llama.attention.value_length|4|llama.attention.value_length is 4, which is not supported",
        "llama.attention.key_length|7|a head has 7 dimensions (llama.attention.key_length)",
        "llama.expert_count|8|llama.expert_count is 8, which is not supported",
        "llama.attention.sliding_window|64|llama.attention.sliding_window is 64, which is not",
        "llama.rope.scaling.type|1|llama.rope.scaling.type is 1, which is not supported",
        "general.type|1|general.type is 1, which is not supported; supported: absent or [model]",
        "llama.vocab_size|0|llama.vocab_size is 0; allowed: an integer from 1",
        "tokenizer.ggml.eot_token_id|100|tokenizer.ggml.eot_token_id is 100; allowed: an integer",
      })
  void otherGgufModelsAreRefusedByName(String key, long value, String message) {
    GgufBuilder builder = gguf().number(key, value);
    if (!key.equals("llama.vocab_size")) {
      builder.number("llama.vocab_size", 100);
    }
    assertThatThrownBy(() -> ModelConfig.fromGguf(GgufBuilder.open(builder.build())))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageStartingWith("model.gguf: ")
        .hasMessageContaining(message);
  }

  @Test
  void aGgufOfAnotherArchitectureOrWithoutSizesIsRefused() {
    assertThatThrownBy(
            () ->
                ModelConfig.fromGguf(
                    GgufBuilder.open(
                        new GgufBuilder().text("general.architecture", "gemma").build())))
        .hasMessageContaining("general.architecture is gemma, which is not supported");
    assertThatThrownBy(
            () ->
                ModelConfig.fromGguf(
                    GgufBuilder.open(
                        new GgufBuilder().text("general.architecture", "llama").build())))
        .hasMessageContaining("llama.vocab_size is missing");
  }

  private static GgufBuilder gguf() {
    return new GgufBuilder()
        .text("general.architecture", "llama")
        .number("llama.embedding_length", 48)
        .number("llama.feed_forward_length", 96)
        .number("llama.block_count", 2)
        .number("llama.context_length", 512)
        .number("llama.attention.head_count", 6)
        .number("llama.attention.head_count_kv", 3)
        .real("llama.attention.layer_norm_rms_epsilon", 1e-5f)
        .real("llama.rope.freq_base", 100_000)
        .number("tokenizer.ggml.bos_token_id", 1)
        .number("tokenizer.ggml.eos_token_id", 2);
  }

  /** The good configuration with some keys replaced. */
  private static ModelConfig with(String changes) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode config = (ObjectNode) mapper.readTree(GOOD);
    Iterator<Map.Entry<String, com.fasterxml.jackson.databind.JsonNode>> fields =
        mapper.readTree(changes).properties().iterator();
    fields.forEachRemaining(field -> config.set(field.getKey(), field.getValue()));
    return ModelConfig.fromJson(mapper.writeValueAsBytes(config), "dir/config.json");
  }

  private static Object copy(Object original) throws IOException, ClassNotFoundException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ObjectOutputStream objects = new ObjectOutputStream(out)) {
      objects.writeObject(original);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(out.toByteArray()))) {
      return in.readObject();
    }
  }
}
