package org.trlm.job.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.trlm.job.JobException;

/**
 * The sampling values that a model's own generation_config.json proposes; null where it says
 * nothing. {@code do_sample: true} takes the values listed (temperature 1 if unlisted); false or
 * absent means temperature 0 and the values that only matter when sampling are null.
 *
 * @param maxTokens from max_new_tokens
 * @param repetitionPenalty from repetition_penalty, which transformers applies to greedy decoding
 *     as well
 * @param eosTokenIds from eos_token_id, a number or a list; empty when absent
 */
public record GenerationDefaults(
    Double temperature,
    Double topP,
    Integer topK,
    Double minP,
    Integer maxTokens,
    Double repetitionPenalty,
    List<Integer> eosTokenIds)
    implements Serializable {

  /** A model without a generation_config.json: greedy. */
  public static final GenerationDefaults NONE =
      new GenerationDefaults(null, null, null, null, null, null, List.of());

  public GenerationDefaults {
    eosTokenIds = List.copyOf(eosTokenIds);
  }

  /**
   * @param json the content of generation_config.json
   * @param where its path, for messages
   * @throws JobException naming the field when a value has the wrong type or is out of range
   */
  static GenerationDefaults fromJson(JsonNode json, String where) {
    JsonNode doSample = json.path("do_sample");
    if (!doSample.isMissingNode() && !doSample.isNull() && !doSample.isBoolean()) {
      throw wrong(where, "do_sample", doSample, "true or false");
    }
    boolean samples = doSample.asBoolean(false);
    Double temperature = number(json, where, "temperature", 0, 100, "0 to 100");
    Double topP = number(json, where, "top_p", Double.MIN_VALUE, 1, "above 0, at most 1");
    Integer topK = integer(json, where, "top_k", 0);
    Double minP = number(json, where, "min_p", 0, 1, "0 to 1");
    return new GenerationDefaults(
        samples ? (temperature == null ? Double.valueOf(1) : temperature) : Double.valueOf(0),
        samples ? topP : null,
        samples ? topK : null,
        samples ? minP : null,
        integer(json, where, "max_new_tokens", 1),
        number(
            json,
            where,
            "repetition_penalty",
            Float.MIN_NORMAL,
            Float.MAX_VALUE,
            "above 0 (1 is off)"),
        tokenIds(json.path("eos_token_id"), where));
  }

  /** The values by the names of sampling parameters, null where the file says nothing. */
  public Map<String, Object> sampling() {
    Map<String, Object> values = new TreeMap<>();
    values.put("temperature", temperature);
    values.put("top_p", topP);
    values.put("top_k", topK);
    values.put("min_p", minP);
    values.put("max_tokens", maxTokens);
    values.put("repetition_penalty", repetitionPenalty);
    return values;
  }

  /** {@code eos_token_id} as it stands in generation_config.json and config.json. */
  static List<Integer> tokenIds(JsonNode node, String where) {
    List<Integer> ids = new ArrayList<>();
    if (node.isArray()) {
      node.forEach(item -> ids.add(tokenId(item, where)));
    } else if (!node.isMissingNode() && !node.isNull()) {
      ids.add(tokenId(node, where));
    }
    return ids;
  }

  private static int tokenId(JsonNode node, String where) {
    if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < 0) {
      throw wrong(where, "eos_token_id", node, "a token id or a list of them");
    }
    return node.intValue();
  }

  private static Double number(
      JsonNode json, String where, String name, double least, double most, String allowed) {
    JsonNode node = json.path(name);
    if (node.isMissingNode() || node.isNull()) {
      return null;
    }
    if (!node.isNumber() || !(node.doubleValue() >= least && node.doubleValue() <= most)) {
      throw wrong(where, name, node, allowed);
    }
    return node.doubleValue();
  }

  private static Integer integer(JsonNode json, String where, String name, int least) {
    JsonNode node = json.path(name);
    if (node.isMissingNode() || node.isNull()) {
      return null;
    }
    if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < least) {
      throw wrong(where, name, node, "a whole number of " + least + " or more");
    }
    return node.intValue();
  }

  private static JobException wrong(String where, String name, JsonNode found, String allowed) {
    return new JobException(
        where
            + ": "
            + name
            + " is "
            + found
            + "; allowed: "
            + allowed
            + ". Mend the file, or remove it to use the defaults.");
  }
}
