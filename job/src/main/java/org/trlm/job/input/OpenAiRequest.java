package org.trlm.job.input;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.trlm.job.Words;

/**
 * One line of OpenAI's batch API: {@code {"custom_id", "method", "url", "body": {"model",
 * "messages", parameters}}}. Executors, any thread.
 */
final class OpenAiRequest {
  private static final String CUSTOM_ID = "custom_id";
  private static final String MESSAGES = "body.messages";
  private static final String PARAMETERS = "body's parameters";
  private static final String CHAT_COMPLETIONS = "/v1/chat/completions";

  /** What a request has instead of columns, under the names that messages show. */
  static final PromptColumns COLUMNS =
      new PromptColumns(CUSTOM_ID, null, MESSAGES, PARAMETERS, List.of());

  /**
   * Fields of a body that are not sampling parameters and do not change an answer here: the job's
   * model answers, whatever name stands there.
   */
  private static final Set<String> WITHOUT_EFFECT =
      Set.of(
          "model",
          "messages",
          "user",
          "metadata",
          "store",
          "service_tier",
          "safety_identifier",
          "prompt_cache_key");

  private OpenAiRequest() {}

  /**
   * What is wrong with a request as such; null when its body can be read. Messages and parameters
   * are checked with those of other inputs.
   */
  static String problem(Map<?, ?> line) {
    if (!(line.get(CUSTOM_ID) instanceof String id) || id.isEmpty()) {
      return "has %s as custom_id, not a text".formatted(shown(line.get(CUSTOM_ID)));
    }
    if (line.get("method") != null && !"POST".equals(line.get("method"))) {
      return "has the method %s; allowed: POST".formatted(shown(line.get("method")));
    }
    if (line.get("url") != null && !CHAT_COMPLETIONS.equals(line.get("url"))) {
      return "has the url %s; allowed: %s".formatted(shown(line.get("url")), CHAT_COMPLETIONS);
    }
    if (!(line.get("body") instanceof Map<?, ?> body)) {
      return "has %s as body, not an object with messages".formatted(shown(line.get("body")));
    }
    return Boolean.TRUE.equals(body.get("stream")) ? "asks to stream, which a batch cannot" : null;
  }

  /** The values of {@link #COLUMNS}, of a line without a {@link #problem}. */
  static Map<String, Object> fields(Map<?, ?> line) {
    Map<?, ?> body = (Map<?, ?>) line.get("body");
    Map<String, Object> parameters = new LinkedHashMap<>();
    body.forEach(
        (key, value) -> {
          String name = String.valueOf(key);
          if (!WITHOUT_EFFECT.contains(name) && !isNeutral(name, value)) {
            parameters.put(name, value);
          }
        });
    if (parameters.get("top_logprobs") != null) {
      // OpenAI wants "logprobs": true beside the number
      parameters.remove("logprobs");
    }
    Map<String, Object> fields = new HashMap<>();
    fields.put(CUSTOM_ID, line.get(CUSTOM_ID));
    fields.put(MESSAGES, body.get("messages"));
    fields.put(PARAMETERS, parameters);
    return fields;
  }

  /** The id of a line that has one, whatever else is wrong with it. */
  static String customId(Map<?, ?> line) {
    return line.get(CUSTOM_ID) instanceof String id && !id.isEmpty() ? id : null;
  }

  /** Values that say only what holds anyway. */
  private static boolean isNeutral(String name, Object value) {
    return switch (name) {
      case "stream", "logprobs" -> Boolean.FALSE.equals(value);
      case "response_format" -> Map.of("type", "text").equals(value);
      default -> false;
    };
  }

  private static String shown(Object value) {
    return value == null ? "nothing" : Words.shorten(JsonValues.canonical(value));
  }
}
