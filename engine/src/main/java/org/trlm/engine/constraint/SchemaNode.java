package org.trlm.engine.constraint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * One schema inside a schema: its keywords, read and checked, and where it stands.
 *
 * @param value an object or a boolean
 * @param pointer its JSON pointer, from {@code #}
 * @param depth schemas around it
 */
record SchemaNode(JsonNode value, String pointer, int depth) {

  /** The keywords that say something about a value and are supported. */
  enum Keyword {
    REF("$ref"),
    ALL_OF("allOf"),
    ANY_OF("anyOf"),
    ONE_OF("oneOf"),
    ENUM("enum"),
    CONST("const"),
    TYPE("type"),
    NULLABLE("nullable"),
    PROPERTIES("properties"),
    REQUIRED("required"),
    ADDITIONAL_PROPERTIES("additionalProperties"),
    ITEMS("items"),
    PREFIX_ITEMS("prefixItems"),
    ADDITIONAL_ITEMS("additionalItems"),
    MIN_ITEMS("minItems"),
    MAX_ITEMS("maxItems"),
    MIN_LENGTH("minLength"),
    MAX_LENGTH("maxLength"),
    PATTERN("pattern"),
    FORMAT("format"),
    MINIMUM("minimum"),
    MAXIMUM("maximum"),
    EXCLUSIVE_MINIMUM("exclusiveMinimum"),
    EXCLUSIVE_MAXIMUM("exclusiveMaximum");

    private final String spelling;

    Keyword(String spelling) {
      this.spelling = spelling;
    }

    @Override
    public String toString() {
      return spelling;
    }
  }

  /** Keywords that say nothing about which values are valid. */
  private static final Set<String> ANNOTATIONS =
      Set.of(
          "title",
          "description",
          "default",
          "examples",
          "example",
          "deprecated",
          "readOnly",
          "writeOnly",
          "discriminator",
          "$comment",
          "$schema",
          "$id",
          "id",
          "$defs",
          "definitions");

  /** Keywords whose presence means nothing at these values. */
  private static final Map<String, String> WITHOUT_EFFECT =
      Map.of("uniqueItems", "false", "minProperties", "0", "minContains", "0");

  /** Digits of the numbers in a schema, before and behind the point. */
  private static final int MOST_DIGITS = 40;

  SchemaNode {
    assert pointer.startsWith("#");
  }

  boolean isBoolean() {
    return value.isBoolean();
  }

  /**
   * @throws ConstraintException when it is no schema, is nested too deeply, or has a keyword that
   *     is not supported
   */
  void checkKeywords() throws ConstraintException {
    if (!value.isObject()) {
      throw failure("", "is " + shown(value) + ", not a schema: an object, true or false");
    }
    if (depth > Limits.DEPTH) {
      throw failure("", "more than " + Limits.DEPTH + " schemas inside each other");
    }
    for (Map.Entry<String, JsonNode> field : value.properties()) {
      String name = field.getKey();
      boolean idle = field.getValue().toString().equals(WITHOUT_EFFECT.get(name));
      if (!isKeyword(name) && !ANNOTATIONS.contains(name) && !name.startsWith("x-") && !idle) {
        throw failure(
            "/" + escaped(name),
            "the keyword "
                + (ConstraintCompiler.shorten(name) + " is not supported; supported: ")
                + Arrays.stream(Keyword.values())
                    .map(Keyword::toString)
                    .collect(Collectors.joining(", ")));
      }
    }
  }

  static boolean isKeyword(String name) {
    return Arrays.stream(Keyword.values()).anyMatch(keyword -> keyword.spelling.equals(name));
  }

  boolean has(Keyword keyword) {
    return value.has(keyword.spelling);
  }

  JsonNode get(Keyword keyword) {
    return value.get(keyword.spelling);
  }

  boolean hasNoKeywords() {
    return Arrays.stream(Keyword.values()).noneMatch(this::has);
  }

  SchemaNode without(Keyword keyword) {
    ObjectNode others = value.deepCopy();
    others.remove(keyword.spelling);
    return new SchemaNode(others, pointer, depth + 1);
  }

  /** A schema inside this one. */
  SchemaNode child(Keyword keyword) {
    return new SchemaNode(get(keyword), pointer + "/" + keyword, depth + 1);
  }

  /** A schema inside the list of a keyword. */
  List<SchemaNode> list(Keyword keyword) throws ConstraintException {
    List<SchemaNode> found = new ArrayList<>();
    for (JsonNode item : array(keyword)) {
      String place = pointer + "/" + keyword + "/" + found.size();
      found.add(new SchemaNode(item, place, depth + 1));
    }
    return found;
  }

  /** The schemas of an object of schemas, in its order. */
  Map<String, SchemaNode> map(Keyword keyword) throws ConstraintException {
    Map<String, SchemaNode> found = new LinkedHashMap<>();
    if (!has(keyword)) {
      return found;
    }
    if (!get(keyword).isObject()) {
      throw failure(keyword, "an object of schemas");
    }
    for (Map.Entry<String, JsonNode> field : get(keyword).properties()) {
      String place = pointer + "/" + keyword + "/" + escaped(field.getKey());
      found.put(field.getKey(), new SchemaNode(field.getValue(), place, depth + 1));
    }
    return found;
  }

  /** A list that is not empty. */
  JsonNode array(Keyword keyword) throws ConstraintException {
    JsonNode list = get(keyword);
    if (!list.isArray() || list.isEmpty()) {
      throw failure(keyword, "a list of at least one item");
    }
    return list;
  }

  /** A list of strings; none when the keyword is absent. */
  List<String> strings(Keyword keyword) throws ConstraintException {
    List<String> found = new ArrayList<>();
    JsonNode list = has(keyword) ? get(keyword) : null;
    if (list != null && !list.isArray()) {
      throw failure(keyword, "a list of strings");
    }
    Iterator<JsonNode> items = list == null ? List.<JsonNode>of().iterator() : list.elements();
    while (items.hasNext()) {
      JsonNode item = items.next();
      if (!item.isTextual()) {
        throw failure(keyword, "a list of strings");
      }
      found.add(item.textValue());
    }
    return found;
  }

  String text(Keyword keyword) throws ConstraintException {
    if (!get(keyword).isTextual()) {
      throw failure(keyword, "a string");
    }
    return get(keyword).textValue();
  }

  /** A whole number that is not negative. */
  int count(Keyword keyword, int absent) throws ConstraintException {
    if (!has(keyword)) {
      return absent;
    }
    BigDecimal found = number(keyword);
    if (found.signum() < 0
        || found.compareTo(BigDecimal.valueOf(Integer.MAX_VALUE)) > 0
        || found.stripTrailingZeros().scale() > 0) {
      throw failure(keyword, "a whole number from 0 to " + Integer.MAX_VALUE);
    }
    return found.intValue();
  }

  /** A number; null when the keyword is absent. */
  BigDecimal number(Keyword keyword) throws ConstraintException {
    if (!has(keyword)) {
      return null;
    }
    if (!get(keyword).isNumber()) {
      throw failure(keyword, "a number");
    }
    BigDecimal found = get(keyword).decimalValue();
    if ((long) found.precision() - found.scale() > MOST_DIGITS || found.scale() > MOST_DIGITS) {
      throw failure(
          keyword, "a number of at most %1$d digits and %1$d decimals".formatted(MOST_DIGITS));
    }
    return found;
  }

  /** The refusal of a keyword's value. */
  ConstraintException failure(Keyword keyword, String allowed) {
    String found = shown(get(keyword));
    return failure("/" + keyword, "is " + found + "; allowed: " + allowed);
  }

  /** The refusal of a part. */
  ConstraintException failure(String place, String what) {
    return new ConstraintException("json schema, " + pointer + place + ": " + what);
  }

  private static String shown(JsonNode value) {
    return ConstraintCompiler.shorten(String.valueOf(value));
  }

  private static String escaped(String name) {
    return ConstraintCompiler.shorten(name).replace("~", "~0").replace("/", "~1");
  }
}
