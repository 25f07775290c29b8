package org.trlm.engine.constraint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The one spelling of JSON that is generated: one space after colons and commas, none elsewhere, as
 * Python's {@code json.dumps} writes it; characters as they are where JSON allows that, else by
 * their short escapes. Control characters without a short escape are not generated, but where a
 * schema has them in a constant.
 */
final class JsonText {
  static final Language COMMA = Language.text(", ");
  static final Language COLON = Language.text(": ");
  static final Language QUOTE = Language.text("\"");

  private static final String ESCAPED = "\"\\\b\f\n\r\t";
  private static final String ESCAPES = "\"\\bfnrt";

  private static final CodePoints PLAIN = CodePoints.of(0, 0x1f, '"', '"', '\\', '\\').complement();

  private JsonText() {}

  /** One character of a set, inside a string. */
  static Language character(CodePoints set) {
    CodePoints plain = set.common(PLAIN);
    StringBuilder escapes = new StringBuilder();
    for (int i = 0; i < ESCAPED.length(); i++) {
      if (set.contains(ESCAPED.charAt(i))) {
        escapes.append(ESCAPES.charAt(i));
      }
    }
    if (escapes.isEmpty()) {
      return plain;
    }
    Language escape =
        Language.sequence(Language.text("\\"), CodePoints.ofCharacters(escapes.toString()));
    return plain.isEmpty() ? escape : Language.anyOf(plain, escape);
  }

  /** A string whose content, escapes included, is of a language. */
  static Language string(Language content) {
    return Language.sequence(QUOTE, content, QUOTE);
  }

  /** A value of a schema as it would be generated. */
  static String write(JsonNode value) {
    if (value.isTextual()) {
      return quote(value.textValue());
    }
    List<String> parts = new ArrayList<>();
    if (value.isArray()) {
      value.forEach(item -> parts.add(write(item)));
      return "[" + String.join(", ", parts) + "]";
    }
    if (value.isObject()) {
      for (Map.Entry<String, JsonNode> field : value.properties()) {
        parts.add(quote(field.getKey()) + ": " + write(field.getValue()));
      }
      return "{" + String.join(", ", parts) + "}";
    }
    return value.toString();
  }

  /** A string of a schema as it would be generated. */
  static String quote(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      int escape = ESCAPED.indexOf(c);
      if (escape >= 0) {
        quoted.append('\\').append(ESCAPES.charAt(escape));
      } else if (c < 0x20) {
        quoted.append("\\u%04x".formatted((int) c));
      } else {
        quoted.append(c);
      }
    }
    return quoted.append('"').toString();
  }
}
