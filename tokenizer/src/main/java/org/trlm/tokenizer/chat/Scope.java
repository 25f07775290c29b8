package org.trlm.tokenizer.chat;

import java.util.HashMap;
import java.util.Map;

/** Names and their values; what is not here is looked for in the scope around it. */
final class Scope {
  private final Scope outer;
  private final Map<String, Object> values = new HashMap<>();

  Scope(Scope outer) {
    this.outer = outer;
  }

  void set(String name, Object value) {
    values.put(name, value);
  }

  /** The value, or {@link Arguments#MISSING}. */
  Object get(String name) {
    for (Scope scope = this; scope != null; scope = scope.outer) {
      Object value = scope.values.getOrDefault(name, Arguments.MISSING);
      if (value != Arguments.MISSING) {
        return value;
      }
    }
    return Arguments.MISSING;
  }
}
