package org.trlm.tokenizer.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.trlm.tokenizer.RenderedText;

/** Renderings by the reference renderer, one JSON object a line. */
final class Goldens {
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * One line; {@code expected} is null when the reference fails, with the Python type {@code
   * errorType}.
   */
  record Golden(
      String name,
      String template,
      List<Map<String, Object>> messages,
      Map<String, Object> kwargs,
      String expected,
      String error,
      String errorType) {
    RenderedText render() {
      return ChatTemplate.compile(template, "template").renderPrepared(messages, kwargs);
    }
  }

  private Goldens() {}

  static RenderedText render(String template, List<Map<String, Object>> messages) {
    return ChatTemplate.compile(template, "template").renderPrepared(messages, Map.of());
  }

  static List<Golden> read(String resource) {
    List<Golden> goldens = new ArrayList<>();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                Goldens.class.getResourceAsStream(resource), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        goldens.add(golden(JSON.readTree(line)));
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return goldens;
  }

  @SuppressWarnings("unchecked")
  private static Golden golden(JsonNode line) {
    Map<String, Object> kwargs = JSON.convertValue(line.get("kwargs"), Map.class);
    if (line.has("strftime_now")) {
      kwargs.put("strftime_now", line.get("strftime_now").asText());
    }
    return new Golden(
        line.path("template_name").asText() + " / " + line.path("case").asText(),
        line.get("template").asText(),
        JSON.convertValue(line.get("messages"), List.class),
        kwargs,
        line.hasNonNull("expected") ? line.get("expected").asText() : null,
        line.path("error").asText(null),
        line.path("error_type").asText(null));
  }

  /** The kind that stands for a Python exception. */
  static TemplateException.Kind kind(String errorType) {
    return switch (errorType) {
      case "TemplateSyntaxError", "TemplateAssertionError", "SyntaxError" ->
          TemplateException.Kind.SYNTAX;
      case "UndefinedError" -> TemplateException.Kind.UNDEFINED;
      case "TemplateError" -> TemplateException.Kind.RAISED;
      case "TypeError", "AttributeError" -> TemplateException.Kind.TYPE;
      case "ValueError", "KeyError", "IndexError", "FilterArgumentError", "AssertionError" ->
          TemplateException.Kind.VALUE;
      case "ZeroDivisionError" -> TemplateException.Kind.ZERO_DIVISION;
      case "OverflowError" -> TemplateException.Kind.OVERFLOW;
      case "SecurityError" -> TemplateException.Kind.SECURITY;
      case "TemplateRuntimeError" -> TemplateException.Kind.RUNTIME;
      case "RecursionError" -> TemplateException.Kind.LIMIT;
      default -> throw new IllegalArgumentException(errorType);
    };
  }
}
