package org.trlm.job.input;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import org.trlm.engine.request.StructuredOutputs;
import org.trlm.engine.request.StructuredOutputs.Kind;

/**
 * Reads {@code structured_outputs} as vLLM writes it, its older names {@code guided_choice}, {@code
 * guided_regex}, {@code guided_json}, and OpenAI's {@code response_format}. One form comes out: an
 * object of one field. The order of a schema's properties is part of it, because answers follow it.
 */
final class StructuredOutputsValue {
  static final List<String> ALIASES =
      List.of("guided_choice", "guided_regex", "guided_json", "response_format");

  private static final String ALLOWED =
      "an object with one of choice (a list of strings), regex (a string), json (a JSON schema) and"
          + " json_object (true)";
  private static final String ALLOWED_FORMATS =
      "an object whose type is text, json_object or json_schema, the last one with json_schema.schema";

  private static final ObjectMapper JSON = new ObjectMapper();

  private StructuredOutputsValue() {}

  /** The one form; null when the content may be anything. */
  static ObjectNode read(ParameterValue value) throws RowRefusedException {
    return switch (value.name()) {
      case "guided_choice" -> choice(value, value.value());
      case "guided_regex" -> regex(value, value.value());
      case "guided_json" -> schema(value, value.value());
      case "response_format" -> responseFormat(value);
      default -> structuredOutputs(value);
    };
  }

  private static ObjectNode structuredOutputs(ParameterValue value) throws RowRefusedException {
    Map<?, ?> given = value.object(ALLOWED);
    ObjectNode found = null;
    for (Map.Entry<?, ?> entry : given.entrySet()) {
      Object part = entry.getValue();
      if (part == null) {
        continue;
      }
      if (found != null) {
        throw value.refused(ALLOWED);
      }
      found =
          switch (String.valueOf(entry.getKey())) {
            case "choice" -> choice(value, part);
            case "regex" -> regex(value, part);
            case "json" -> schema(value, part);
            case "json_object" -> jsonObject(value, part);
            default -> throw value.refused(ALLOWED);
          };
    }
    if (found == null) {
      throw value.refused(ALLOWED);
    }
    return found;
  }

  private static ObjectNode choice(ParameterValue value, Object part) throws RowRefusedException {
    Object list = part instanceof String text ? parsed(value, text) : part;
    boolean strings =
        list instanceof List<?> items
            && !items.isEmpty()
            && items.stream().allMatch(String.class::isInstance);
    if (!strings) {
      throw value.refused("a list of at least one string to choose from");
    }
    return field(Kind.CHOICE, JSON.valueToTree(list));
  }

  private static ObjectNode regex(ParameterValue value, Object part) throws RowRefusedException {
    if (part instanceof String text && !text.isEmpty()) {
      return field(Kind.REGEX, JsonNodeFactory.instance.textNode(text));
    }
    throw value.refused("a regular expression of at least one character");
  }

  private static ObjectNode schema(ParameterValue value, Object part) throws RowRefusedException {
    Object schema = part instanceof String text ? parsed(value, text) : part;
    if (schema instanceof Map<?, ?> || schema instanceof Boolean) {
      return field(Kind.JSON, JSON.valueToTree(schema));
    }
    throw value.refused("a JSON schema: an object, or the text of one");
  }

  private static ObjectNode jsonObject(ParameterValue value, Object part)
      throws RowRefusedException {
    if (Boolean.TRUE.equals(part)) {
      return field(Kind.JSON_OBJECT, JsonNodeFactory.instance.booleanNode(true));
    }
    throw value.refused(ALLOWED);
  }

  private static ObjectNode responseFormat(ParameterValue value) throws RowRefusedException {
    Map<?, ?> format = value.object(ALLOWED_FORMATS);
    Object type = format.get("type");
    if ("text".equals(type)) {
      return null;
    }
    if ("json_object".equals(type)) {
      return jsonObject(value, true);
    }
    Object wrapped = format.get("json_schema");
    Object schema = wrapped instanceof Map<?, ?> named ? named.get("schema") : null;
    if ("json_schema".equals(type) && schema != null) {
      return schema(value, schema);
    }
    throw value.refused(ALLOWED_FORMATS);
  }

  private static Object parsed(ParameterValue value, String text) throws RowRefusedException {
    try {
      return JsonValues.parse(text);
    } catch (JsonProcessingException e) {
      throw value.refused("JSON; this is not: " + e.getOriginalMessage());
    }
  }

  private static ObjectNode field(Kind kind, JsonNode value) {
    return JsonNodeFactory.instance.objectNode().set(kind.word(), value);
  }

  /** The engine's form of it; null for null. */
  static StructuredOutputs toEngine(ObjectNode value) {
    if (value == null) {
      return null;
    }
    for (Kind kind : Kind.values()) {
      JsonNode source = value.get(kind.word());
      if (source != null) {
        return new StructuredOutputs(
            kind,
            switch (kind) {
              case REGEX -> source.textValue();
              case CHOICE, JSON -> source.toString();
              case JSON_OBJECT -> "";
            });
      }
    }
    throw new IllegalStateException("not in the form of this class: " + value);
  }
}
