package org.trlm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The recorded outputs of SmolLM2's tokenizer, from both kinds of file. */
class GoldenTest {

  @Test
  void fromTokenizerJson() {
    assertGoldens(TokenizerJson.read(TestTokenizers.smollm2(), "tokenizer.json"));
  }

  @Test
  void fromGgufMetadata() {
    assertGoldens(TokenizerGguf.read(ggufMetadata(), "model.gguf"));
  }

  /** What a GGUF file of the same tokenizer holds. */
  static Map<String, Object> ggufMetadata() {
    JsonNode json = TestTokenizers.parse(TestTokenizers.smollm2());
    JsonNode vocabulary = json.get("model").get("vocab");
    String[] tokens = new String[vocabulary.size()];
    vocabulary.properties().forEach(entry -> tokens[entry.getValue().asInt()] = entry.getKey());
    List<Object> types = new ArrayList<>();
    for (int id = 0; id < tokens.length; id++) {
      types.add(id < 17 ? 3 : 1);
    }
    List<Object> merges = new ArrayList<>();
    json.get("model").get("merges").forEach(merge -> merges.add(merge.asText()));
    Map<String, Object> metadata = new HashMap<>();
    metadata.put("tokenizer.ggml.model", "gpt2");
    metadata.put("tokenizer.ggml.pre", "smollm");
    metadata.put("tokenizer.ggml.tokens", tokens);
    metadata.put("tokenizer.ggml.token_type", types);
    metadata.put("tokenizer.ggml.merges", merges);
    metadata.put("tokenizer.ggml.add_bos_token", false);
    metadata.put("tokenizer.ggml.bos_token_id", 1);
    metadata.put("tokenizer.ggml.eos_token_id", 2);
    return metadata;
  }

  private static void assertGoldens(Tokenizer tokenizer) {
    String[] lines =
        new String(
                TestTokenizers.resource("/golden/smollm2_tokenizer.jsonl"), StandardCharsets.UTF_8)
            .split("\n");
    assertThat(lines).hasSize(189);
    for (String line : lines) {
      JsonNode golden = TestTokenizers.parse(line.getBytes(StandardCharsets.UTF_8));
      int[] ids = TestTokenizers.MAPPER.convertValue(golden.get("ids"), int[].class);
      assertThat(tokenizer.encode(golden.get("text").asText())).as(line).isEqualTo(ids);
      assertThat(tokenizer.decode(ids, false)).isEqualTo(golden.get("decoded").asText());
      assertThat(tokenizer.decode(ids, true))
          .isEqualTo(golden.get("decoded_skip_special").asText());
    }
    assertThat(tokenizer.vocabSize()).isEqualTo(49152);
    assertThat(tokenizer.tokenId("<|im_end|>")).hasValue(2);
    assertThat(tokenizer.isSpecial(2)).isTrue();
    assertThat(tokenizer.isSpecial(17)).isFalse();
    assertThat(tokenizer.tokenBytes(28)).containsExactly(',');
  }
}
