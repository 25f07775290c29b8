package org.trlm.engine.constraint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.Random;

/**
 * A small random schema, and values in its properties' order that are valid or nearly so. Numbers
 * have at most three decimals, strings only characters that are generated.
 */
final class RandomSchema {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final String[] CHARACTERS = {"a", "b", "\"", "\\", "\n", "é", "\uD83D\uDE00", " "};

  private final Random random;
  private final ObjectNode schema;

  RandomSchema(Random random) {
    this.random = random;
    schema = schema(3);
  }

  String source() {
    return schema.toString();
  }

  private ObjectNode schema(int depth) {
    return switch (random.nextInt(depth == 0 ? 6 : 9)) {
      case 0 -> object("{\"type\":\"integer\"" + bounds(random) + "}");
      case 1 -> object("{\"type\":\"boolean\"}");
      case 2 -> string();
      case 3 -> object("{\"enum\":[\"a\",7,null,\"b\\\"\",false]}");
      case 4 -> object("{\"type\":[\"string\",\"null\"],\"maxLength\":2}");
      case 5 -> object("{\"type\":\"number\"" + bounds(random) + "}");
      case 6 -> array(depth);
      case 7 -> anyOf(depth);
      default -> objectSchema(depth);
    };
  }

  private ObjectNode string() {
    int least = random.nextInt(3);
    return switch (random.nextInt(3)) {
      case 0 -> object("{\"type\":\"string\",\"minLength\":" + least + ",\"maxLength\":4}");
      case 1 -> object("{\"type\":\"string\",\"pattern\":\"a.|^\\\"\"}");
      default ->
          object("{\"type\":\"string\",\"pattern\":\"^[^a]*$\",\"minLength\":" + least + "}");
    };
  }

  private ObjectNode array(int depth) {
    ObjectNode array = object("{\"type\":\"array\"}");
    if (random.nextInt(3) == 0) {
      ArrayNode first = array.putArray("prefixItems");
      first.add(schema(depth - 1)).add(schema(depth - 1));
    }
    array.set("items", schema(depth - 1));
    if (random.nextBoolean()) {
      array.put("minItems", random.nextInt(2));
    }
    if (random.nextBoolean()) {
      array.put("maxItems", 1 + random.nextInt(3));
    }
    return array;
  }

  private ObjectNode anyOf(int depth) {
    ObjectNode options = NODES.objectNode();
    options.putArray("anyOf").add(schema(depth - 1)).add(schema(depth - 1));
    return options;
  }

  private ObjectNode objectSchema(int depth) {
    ObjectNode found = object("{\"type\":\"object\",\"additionalProperties\":false}");
    ObjectNode properties = found.putObject("properties");
    ArrayNode required = found.putArray("required");
    for (int i = random.nextInt(4); i >= 0; i--) {
      properties.set("p" + i, schema(depth - 1));
      if (random.nextBoolean()) {
        required.add("p" + i);
      }
    }
    return found;
  }

  static String bounds(Random random) {
    String least = number(random, false);
    String most =
        new BigDecimal(least)
            .add(BigDecimal.valueOf(random.nextInt(3000), random.nextInt(4)))
            .toPlainString();
    return switch (random.nextInt(5)) {
      case 0 -> "";
      case 1 -> ",\"minimum\":" + least;
      case 2 -> ",\"exclusiveMaximum\":" + most;
      case 3 -> ",\"minimum\":" + least + ",\"maximum\":" + most;
      default -> ",\"exclusiveMinimum\":" + least + ",\"exclusiveMaximum\":" + most;
    };
  }

  /** As it would be generated. */
  static String number(Random random, boolean integer) {
    int unscaled =
        random.nextInt(random.nextBoolean() ? 40 : 40_000) * (random.nextBoolean() ? 1 : -1);
    int scale = integer ? 0 : random.nextInt(4);
    return unscaled == 0 ? "0" : BigDecimal.valueOf(unscaled, scale).toPlainString();
  }

  /** A value that the schema admits, or one that differs from such a value in some place. */
  JsonNode instance() {
    return instance(schema);
  }

  private JsonNode instance(JsonNode of) {
    if (random.nextInt(12) == 0) {
      return scalar();
    }
    if (of.has("enum")) {
      return of.get("enum").get(random.nextInt(5));
    }
    if (of.has("anyOf")) {
      return instance(of.get("anyOf").get(random.nextInt(2)));
    }
    return switch (of.get("type").isArray() ? "string" : of.get("type").textValue()) {
      case "integer" -> NODES.numberNode(new BigDecimal(number(random, true)));
      case "number" -> NODES.numberNode(new BigDecimal(number(random, false)));
      case "boolean" -> NODES.booleanNode(random.nextBoolean());
      case "string" -> text();
      case "array" -> arrayInstance(of);
      default -> objectInstance(of);
    };
  }

  private JsonNode scalar() {
    return switch (random.nextInt(4)) {
      case 0 -> NODES.nullNode();
      case 1 -> NODES.numberNode(new BigDecimal(number(random, true)));
      case 2 -> text();
      default -> NODES.arrayNode();
    };
  }

  private JsonNode text() {
    StringBuilder text = new StringBuilder();
    for (int length = random.nextInt(5); length > 0; length--) {
      text.append(CHARACTERS[random.nextInt(CHARACTERS.length)]);
    }
    return NODES.textNode(text.toString());
  }

  private JsonNode arrayInstance(JsonNode of) {
    ArrayNode array = NODES.arrayNode();
    for (int i = 0; i < random.nextInt(4); i++) {
      JsonNode item = of.path("prefixItems").path(i);
      array.add(instance(item.isMissingNode() ? of.get("items") : item));
    }
    return array;
  }

  private JsonNode objectInstance(JsonNode of) {
    ObjectNode object = NODES.objectNode();
    for (var property : of.get("properties").properties()) {
      boolean required = of.get("required").toString().contains("\"" + property.getKey() + "\"");
      if (required ? random.nextInt(10) > 0 : random.nextBoolean()) {
        object.set(property.getKey(), instance(property.getValue()));
      }
    }
    return object;
  }

  private static ObjectNode object(String json) {
    try {
      return (ObjectNode) new ObjectMapper().readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(json, e);
    }
  }
}
