package org.trlm.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPInputStream;

/** Tokenizer files for tests: real ones from resources, and small ones made here. */
final class TestTokenizers {

  static final ObjectMapper MAPPER = new ObjectMapper();

  static final String BYTE_LEVEL =
      "{'type':'ByteLevel','add_prefix_space':false,'trim_offsets':true,'use_regex':false}";

  private TestTokenizers() {}

  static byte[] resource(String name) {
    try (InputStream in = TestTokenizers.class.getResourceAsStream(name)) {
      return (name.endsWith(".gz") ? new GZIPInputStream(in) : in).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** SmolLM2's own file: 49,152 tokens. */
  static byte[] smollm2() {
    return resource("/smollm2-tokenizer.json.gz");
  }

  /** The file of the small embedded model: 766 tokens, merges in the array form. */
  static byte[] tinyReasoner() {
    return resource("/tiny-reasoner-tokenizer.json");
  }

  static ObjectNode parse(byte[] json) {
    try {
      return (ObjectNode) MAPPER.readTree(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** JSON, which may be written with single quotes if it holds no double ones. */
  static JsonNode json(String text) {
    try {
      return MAPPER.readTree(text.indexOf('"') >= 0 ? text : text.replace('\'', '"'));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static byte[] bytes(JsonNode json) {
    return json.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** A tokenizer whose tokens are the 256 bytes in order, with a ByteLevel that splits nothing. */
  static ObjectNode bytesOnly() {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("version", "1.0");
    root.putArray("added_tokens");
    root.putNull("normalizer");
    root.set(
        "pre_tokenizer",
        json(
            "{'type':'ByteLevel','add_prefix_space':false,'trim_offsets':true,'use_regex':false}"));
    root.putNull("post_processor");
    root.set(
        "decoder",
        json("{'type':'ByteLevel','add_prefix_space':true,'trim_offsets':true,'use_regex':true}"));
    ObjectNode model = root.putObject("model");
    model.put("type", "BPE");
    model.putNull("dropout");
    model.putNull("unk_token");
    model.putNull("continuing_subword_prefix");
    model.putNull("end_of_word_suffix");
    model.put("fuse_unk", false);
    model.put("byte_fallback", false);
    model.put("ignore_merges", false);
    ObjectNode vocabulary = model.putObject("vocab");
    for (int value = 0; value < 256; value++) {
      vocabulary.put(String.valueOf(ByteAlphabet.character(value)), value);
    }
    model.putArray("merges");
    return root;
  }

  /** Puts stages, each a JSON object, before the ByteLevel that splits nothing. */
  static ObjectNode withStages(ObjectNode root, String... stages) {
    ObjectNode sequence = root.putObject("pre_tokenizer");
    sequence.put("type", "Sequence");
    ArrayNode list = sequence.putArray("pretokenizers");
    for (String stage : stages) {
      list.add(json(stage));
    }
    list.add(json(BYTE_LEVEL));
    return root;
  }

  /** A Split stage by regular expression. */
  static String split(String regex, String behavior, boolean invert) {
    ObjectNode split = MAPPER.createObjectNode();
    split.put("type", "Split");
    split.putObject("pattern").put("Regex", regex);
    split.put("behavior", behavior);
    split.put("invert", invert);
    return split.toString();
  }

  /** Appends an added token with the next free id. */
  static ObjectNode withAdded(ObjectNode root, String content, String flags) {
    ArrayNode added = (ArrayNode) root.get("added_tokens");
    JsonNode vocabulary = root.get("model").get("vocab");
    int id = vocabulary.size();
    for (JsonNode other : added) {
      id = Math.max(id, other.get("id").asInt() + 1);
    }
    ObjectNode token = added.addObject();
    token.put("id", vocabulary.has(content) ? vocabulary.get(content).asInt() : id);
    token.put("content", content);
    for (String flag : new String[] {"single_word", "lstrip", "rstrip", "normalized", "special"}) {
      token.put(flag, flags.contains(flag));
    }
    return root;
  }
}
