package org.trlm.job.output;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import scala.jdk.javaapi.CollectionConverters;

/**
 * An answer as a line of OpenAI's batch output: a chat completion, or an error. What resume needs
 * stands beside it under {@code trlm}, which OpenAI's own types let pass. Executors, any thread.
 */
final class OpenAiBatchLine {
  private static final ObjectMapper JSON = new ObjectMapper();

  private OpenAiBatchLine() {}

  static String of(Row answer) {
    boolean ok = "ok".equals(answer.getAs("status"));
    String requestId = answer.getAs("request_id");
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("id", "batch_req_" + requestId);
    line.put("custom_id", answer.getAs("custom_id"));
    line.put("response", ok ? response(answer, requestId) : null);
    line.put("error", ok ? null : error(answer.getAs("error")));
    Map<String, Object> own = new LinkedHashMap<>();
    for (String name :
        List.of("row_key", "request_id", "sample_index", "status", "finish_reason", "run_id")) {
      own.put(name, answer.getAs(name));
    }
    line.put("trlm", own);
    try {
      return JSON.writeValueAsString(line);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("an answer cannot be written as JSON", e);
    }
  }

  private static Map<String, Object> error(Row error) {
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put("code", error.getAs("code"));
    shown.put("message", error.getAs("message"));
    return shown;
  }

  private static Map<String, Object> response(Row answer, String requestId) {
    Map<String, Object> response = new LinkedHashMap<>();
    response.put("status_code", 200);
    response.put("request_id", requestId);
    response.put("body", completion(answer, requestId));
    return response;
  }

  private static Map<String, Object> completion(Row answer, String requestId) {
    Map<String, Object> completion = new LinkedHashMap<>();
    completion.put("id", "chatcmpl-" + requestId);
    completion.put("object", "chat.completion");
    completion.put("created", seconds(answer.getAs("created_at")));
    completion.put("model", answer.getAs("model"));
    completion.put("system_fingerprint", answer.getAs("model_fingerprint"));
    completion.put("choices", List.of(choice(answer)));
    completion.put("usage", usage(answer.getAs("usage")));
    return completion;
  }

  private static Map<String, Object> choice(Row answer) {
    Map<String, Object> message = new LinkedHashMap<>();
    message.put("role", "assistant");
    message.put("content", answer.getAs("content"));
    message.put("refusal", null);
    message.put("reasoning_content", answer.getAs("reasoning"));
    Map<String, Object> choice = new LinkedHashMap<>();
    choice.put("index", answer.getAs("sample_index"));
    choice.put("message", message);
    choice.put("logprobs", logprobs(answer.getAs("logprobs")));
    // OpenAI knows two ends of a text: its own, and one that came before it
    choice.put("finish_reason", "stop".equals(answer.getAs("finish_reason")) ? "stop" : "length");
    return choice;
  }

  private static Map<String, Object> logprobs(Row logprobs) {
    if (logprobs == null || logprobs.getAs("content") == null) {
      return null;
    }
    List<Object> content = new ArrayList<>();
    for (Row token : items(logprobs.<scala.collection.Iterable<Row>>getAs("content"))) {
      Map<String, Object> shown = logprob(token);
      List<Object> alternatives = new ArrayList<>();
      for (Row other : items(token.<scala.collection.Iterable<Row>>getAs("top_logprobs"))) {
        alternatives.add(logprob(other));
      }
      shown.put("top_logprobs", alternatives);
      content.add(shown);
    }
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put("content", content);
    shown.put("refusal", null);
    return shown;
  }

  private static Map<String, Object> logprob(Row token) {
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put("token", token.getAs("token"));
    shown.put("logprob", token.getAs("logprob"));
    List<Object> bytes = new ArrayList<>();
    items(token.<scala.collection.Iterable<Object>>getAs("bytes")).forEach(bytes::add);
    shown.put("bytes", bytes);
    return shown;
  }

  private static <T> Iterable<T> items(scala.collection.Iterable<T> items) {
    return items == null ? List.of() : CollectionConverters.asJava(items);
  }

  private static Map<String, Object> usage(Row usage) {
    Map<String, Object> shown = new LinkedHashMap<>();
    for (String name : List.of("prompt_tokens", "completion_tokens", "total_tokens")) {
      shown.put(name, usage.getAs(name));
    }
    shown.put("prompt_tokens_details", detail("cached_tokens", usage));
    shown.put("completion_tokens_details", detail("reasoning_tokens", usage));
    return shown;
  }

  private static Map<String, Object> detail(String name, Row usage) {
    Map<String, Object> detail = new LinkedHashMap<>();
    detail.put(name, usage.getAs(name));
    return detail;
  }

  private static long seconds(Object instant) {
    return instant instanceof Instant found
        ? found.getEpochSecond()
        : ((java.util.Date) instant).getTime() / 1000;
  }
}
