package org.trlm.job.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.trlm.job.JobException;

/**
 * What stands beside tokenizer.json: the chat template and the named special tokens.
 *
 * @param chatTemplate Jinja source; null when the model has none
 * @param chatTemplateWhere the file it came from, for messages
 * @param specialTokens bos_token, eos_token, … → text, as templates see them
 */
record TokenizerSettings(
    String chatTemplate, String chatTemplateWhere, Map<String, String> specialTokens) {

  private static final String CONFIG = "tokenizer_config.json";
  private static final String SPECIAL = "special_tokens_map.json";
  private static final String JINJA = "chat_template.jinja";

  private static final String[] NAMES = {
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"
  };

  private static final Map<String, String> GGUF_IDS =
      Map.of(
          "bos_token", "tokenizer.ggml.bos_token_id",
          "eos_token", "tokenizer.ggml.eos_token_id",
          "unk_token", "tokenizer.ggml.unknown_token_id",
          "sep_token", "tokenizer.ggml.seperator_token_id",
          "pad_token", "tokenizer.ggml.padding_token_id");

  /**
   * A template file of its own wins over the one in tokenizer_config.json; tokenizer_config.json
   * wins over special_tokens_map.json. transformers does the same.
   */
  static TokenizerSettings read(Map<String, byte[]> files, String directory) {
    Map<String, String> special = new LinkedHashMap<>();
    JsonNode config = null;
    if (files.containsKey(SPECIAL)) {
      String where = directory + "/" + SPECIAL;
      putSpecialTokens(ModelJson.object(files.get(SPECIAL), where), where, special);
    }
    if (files.containsKey(CONFIG)) {
      String where = directory + "/" + CONFIG;
      config = ModelJson.object(files.get(CONFIG), where);
      putSpecialTokens(config, where, special);
    }
    if (files.containsKey(JINJA)) {
      String where = directory + "/" + JINJA;
      return new TokenizerSettings(
          new String(files.get(JINJA), StandardCharsets.UTF_8), where, special);
    }
    String where = directory + "/" + CONFIG + ", chat_template";
    return new TokenizerSettings(config == null ? null : template(config, where), where, special);
  }

  /** The same from GGUF metadata: token ids there are names here. */
  static TokenizerSettings fromGguf(Map<String, Object> metadata, String file) {
    String key = "tokenizer.chat_template";
    Object template = metadata.get(key);
    if (template != null && !(template instanceof String)) {
      throw new JobException(file + ": " + key + " is not a string. Convert the model again.");
    }
    Map<String, String> special = new LinkedHashMap<>();
    List<?> tokens =
        metadata.get("tokenizer.ggml.tokens") instanceof List<?> list ? list : List.of();
    for (String name : NAMES) {
      if (metadata.get(GGUF_IDS.getOrDefault(name, name)) instanceof Number id
          && id.longValue() >= 0
          && id.longValue() < tokens.size()) {
        special.put(name, String.valueOf(tokens.get(id.intValue())));
      }
    }
    return new TokenizerSettings((String) template, file + ", " + key, special);
  }

  private static void putSpecialTokens(JsonNode json, String where, Map<String, String> into) {
    for (String name : NAMES) {
      JsonNode node = json.path(name);
      JsonNode text = node.isObject() ? node.path("content") : node;
      if (text.isTextual()) {
        into.put(name, text.textValue());
      } else if (!node.isMissingNode() && !node.isNull()) {
        throw new JobException(
            where
                + ": "
                + name
                + " is "
                + node
                + "; expected the token's text, or an object whose content is the text.");
      }
    }
  }

  /** A string, or a list of named ones of which {@code default} is the one to use. */
  private static String template(JsonNode config, String where) {
    JsonNode node = config.path("chat_template");
    if (node.isMissingNode() || node.isNull()) {
      return null;
    }
    if (node.isTextual()) {
      return node.textValue();
    }
    if (node.isArray()) {
      for (JsonNode named : node) {
        if (named.path("name").asText().equals("default") && named.path("template").isTextual()) {
          return named.path("template").textValue();
        }
      }
      throw new JobException(
          where
              + " is a list without a template named default. Give the one to use with"
              + " --chat-template FILE.");
    }
    throw new JobException(
        where
            + " is a "
            + node.getNodeType().toString().toLowerCase(java.util.Locale.ROOT)
            + "; expected Jinja text or a list of named templates.");
  }
}
