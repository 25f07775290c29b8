package org.trlm.engine.constraint;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.trlm.engine.constraint.SchemaNode.Keyword;

/**
 * Follows references, and makes one schema of two that both hold. Where the two say different
 * things with the same keyword this is refused: it could only be done for a few of them.
 */
final class SchemaMerge {
  private final JsonNode root;

  SchemaMerge(JsonNode root) {
    this.root = root;
  }

  /** The schema that a reference points to. */
  SchemaNode target(SchemaNode schema) throws ConstraintException {
    String reference = schema.text(Keyword.REF);
    if (!reference.equals("#") && !reference.startsWith("#/")) {
      throw schema.failure(
          Keyword.REF, "# or a JSON pointer within this schema, such as \"#/$defs/name\"");
    }
    JsonNode target;
    try {
      String path =
          URLDecoder.decode(reference.substring(1).replace("+", "%2B"), StandardCharsets.UTF_8);
      target = root.at(JsonPointer.compile(path));
    } catch (IllegalArgumentException e) {
      throw schema.failure(Keyword.REF, "a JSON pointer");
    }
    if (target.isMissingNode()) {
      throw schema.failure(Keyword.REF, "a part that exists in this schema");
    }
    return new SchemaNode(target, reference, schema.depth() + 1);
  }

  /** What both schemas say. */
  SchemaNode merged(SchemaNode one, SchemaNode other) throws ConstraintException {
    if (other.isBoolean()) {
      return other.value().booleanValue() ? one : other;
    }
    other.checkKeywords();
    if (other.has(Keyword.REF)) {
      return merged(merged(one, other.without(Keyword.REF)), target(other));
    }
    checkIndependent(one, other);
    checkIndependent(other, one);
    ObjectNode both = one.value().deepCopy();
    for (Map.Entry<String, JsonNode> field : other.value().properties()) {
      String name = field.getKey();
      JsonNode known = both.get(name);
      if (!SchemaNode.isKeyword(name) || (known != null && known.equals(field.getValue()))) {
        continue;
      }
      both.set(name, known == null ? field.getValue() : join(name, known, field.getValue(), other));
    }
    return new SchemaNode(both, other.pointer(), Math.max(one.depth(), other.depth()) + 1);
  }

  private static JsonNode join(String name, JsonNode known, JsonNode more, SchemaNode place)
      throws ConstraintException {
    if (name.equals("properties") && known.isObject() && more.isObject()) {
      return joinProperties(known, more, place);
    }
    if (name.equals("required") && known.isArray() && more.isArray()) {
      return union(known, more);
    }
    if (name.equals("type") && isWholeNumber(known, more)) {
      return known.textValue().equals("integer") ? known : more;
    }
    throw place.failure(
        "/" + name,
        "says something else than the same keyword of a schema that holds as well; write one schema"
            + " that says both");
  }

  private static JsonNode joinProperties(JsonNode known, JsonNode more, SchemaNode place)
      throws ConstraintException {
    ObjectNode joined = known.deepCopy();
    for (Map.Entry<String, JsonNode> property : more.properties()) {
      JsonNode before = joined.putIfAbsent(property.getKey(), property.getValue());
      if (before != null && !before.equals(property.getValue())) {
        throw place.failure(
            "/properties/" + property.getKey(),
            "is a property of another schema that holds as well; write one schema that says both");
      }
    }
    return joined;
  }

  private static ArrayNode union(JsonNode known, JsonNode more) {
    Set<JsonNode> items = new LinkedHashSet<>();
    known.forEach(items::add);
    more.forEach(items::add);
    return ((ArrayNode) known.deepCopy()).removeAll().addAll(items);
  }

  private static boolean isWholeNumber(JsonNode known, JsonNode more) {
    return (known.asText().equals("integer") && more.asText().equals("number"))
        || (known.asText().equals("number") && more.asText().equals("integer"));
  }

  /** Keywords that look at their neighbours mean something else among others. */
  private static void checkIndependent(SchemaNode one, SchemaNode other)
      throws ConstraintException {
    if (one.has(Keyword.ADDITIONAL_PROPERTIES)
        && !one.get(Keyword.ADDITIONAL_PROPERTIES).equals(BooleanNode.TRUE)
        && !one.map(Keyword.PROPERTIES)
            .keySet()
            .containsAll(other.map(Keyword.PROPERTIES).keySet())) {
      throw one.failure(
          "/additionalProperties",
          "forbids properties of another schema that holds as well; write one schema that has all"
              + " properties");
    }
    if (one.has(Keyword.ITEMS)
        && other.has(Keyword.PREFIX_ITEMS)
        && !one.has(Keyword.PREFIX_ITEMS)) {
      throw one.failure(
          "/items",
          "and prefixItems of another schema that holds as well; write them in one schema");
    }
  }
}
