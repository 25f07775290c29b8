package org.trlm.tokenizer.chat;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * One turn of a conversation: an ordered view of its JSON object.
 *
 * @param fields {@code role}, {@code content}, {@code reasoning_content}, {@code tool_calls}, …
 *     with the values JSON gives: Map, List, String, Number, Boolean and null
 */
public record Message(Map<String, Object> fields) {
  public Message {
    Objects.requireNonNull(fields, "fields");
    fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
  }

  /** A turn of plain text. */
  public static Message of(String role, String content) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("role", role);
    fields.put("content", content);
    return new Message(fields);
  }

  /** Who speaks; null when the field is missing or not a string (a template may not need it). */
  public String role() {
    return fields.get("role") instanceof String role ? role : null;
  }
}
