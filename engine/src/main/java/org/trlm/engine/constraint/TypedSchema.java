package org.trlm.engine.constraint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.trlm.engine.constraint.JsonValues.Member;
import org.trlm.engine.constraint.RegexParser.Match;
import org.trlm.engine.constraint.SchemaNode.Keyword;

/** A schema that says what its values are by types and the keywords of these types. */
final class TypedSchema {
  /** Reads a schema inside this one. */
  @FunctionalInterface
  interface Reader {
    Language read(SchemaNode schema) throws ConstraintException;
  }

  /** The keywords that only one type has; where no type is named, they name it. */
  private enum Type {
    OBJECT(Keyword.PROPERTIES, Keyword.REQUIRED, Keyword.ADDITIONAL_PROPERTIES),
    ARRAY(
        Keyword.ITEMS,
        Keyword.PREFIX_ITEMS,
        Keyword.ADDITIONAL_ITEMS,
        Keyword.MIN_ITEMS,
        Keyword.MAX_ITEMS),
    STRING(Keyword.MIN_LENGTH, Keyword.MAX_LENGTH, Keyword.PATTERN, Keyword.FORMAT),
    NUMBER(Keyword.MINIMUM, Keyword.MAXIMUM, Keyword.EXCLUSIVE_MINIMUM, Keyword.EXCLUSIVE_MAXIMUM),
    INTEGER,
    BOOLEAN,
    NULL;

    private final List<Keyword> keywords;

    Type(Keyword... keywords) {
      this.keywords = List.of(keywords);
    }
  }

  private final SchemaNode schema;
  private final Reader reader;

  TypedSchema(SchemaNode schema, Reader reader) {
    this.schema = schema;
    this.reader = reader;
  }

  Language language() throws ConstraintException {
    Set<Type> types = schema.has(Keyword.TYPE) ? named() : implied();
    if (types.isEmpty()) {
      return JsonValues.ANY;
    }
    if (types.contains(Type.NUMBER)) {
      types.remove(Type.INTEGER);
    }
    if (schema.has(Keyword.NULLABLE) && schema.get(Keyword.NULLABLE).asBoolean()) {
      types.add(Type.NULL);
    }
    List<Language> languages = new ArrayList<>();
    for (Type type : types) {
      languages.add(
          switch (type) {
            case OBJECT -> object();
            case ARRAY -> array();
            case STRING -> string();
            case NUMBER -> range().numbers();
            case INTEGER -> range().integers();
            case BOOLEAN -> JsonValues.BOOLEAN;
            case NULL -> JsonValues.NULL;
          });
    }
    return Language.anyOf(languages);
  }

  private Set<Type> named() throws ConstraintException {
    Set<Type> types = EnumSet.noneOf(Type.class);
    JsonNode given = schema.get(Keyword.TYPE);
    for (JsonNode name : given.isArray() ? schema.array(Keyword.TYPE) : List.of(given)) {
      Type found = null;
      for (Type type : Type.values()) {
        found = type.name().equalsIgnoreCase(name.asText()) && name.isTextual() ? type : found;
      }
      if (found == null) {
        throw schema.failure(
            Keyword.TYPE,
            "object, array, string, number, integer, boolean, null or a list of these");
      }
      types.add(found);
    }
    return types;
  }

  private Set<Type> implied() {
    Set<Type> types = EnumSet.noneOf(Type.class);
    for (Type type : Type.values()) {
      if (type.keywords.stream().anyMatch(schema::has)) {
        types.add(type);
      }
    }
    return types;
  }

  private Language object() throws ConstraintException {
    Map<String, SchemaNode> properties = schema.map(Keyword.PROPERTIES);
    List<String> required = schema.strings(Keyword.REQUIRED);
    List<Member> members = new ArrayList<>();
    for (Map.Entry<String, SchemaNode> property : properties.entrySet()) {
      Language value = reader.read(property.getValue());
      members.add(member(property.getKey(), value, required.contains(property.getKey())));
    }
    Language otherValues = otherProperties(properties.isEmpty());
    Set<String> names = new LinkedHashSet<>(properties.keySet());
    for (String name : required) {
      if (names.add(name)) {
        members.add(member(name, undeclared(name, otherValues), true));
      }
    }
    return JsonValues.object(members, otherValues == null ? null : others(names, otherValues));
  }

  private static Member member(String name, Language value, boolean required) {
    Language text = JsonValues.member(Language.text(JsonText.quote(name)), value);
    return new Member(text, required);
  }

  /** Values of properties that are not declared; null when there are none. */
  private Language otherProperties(boolean nothingDeclared) throws ConstraintException {
    if (!schema.has(Keyword.ADDITIONAL_PROPERTIES)) {
      return nothingDeclared ? JsonValues.ANY : null;
    }
    SchemaNode additional = schema.child(Keyword.ADDITIONAL_PROPERTIES);
    boolean none = additional.isBoolean() && !additional.value().booleanValue();
    return none ? null : reader.read(additional);
  }

  private Language undeclared(String name, Language otherValues) throws ConstraintException {
    if (otherValues == null && schema.has(Keyword.ADDITIONAL_PROPERTIES)) {
      throw schema.failure(
          "/required",
          "asks for '%s', which is no property, and additionalProperties forbids it"
              .formatted(ConstraintCompiler.shorten(name)));
    }
    return otherValues == null ? JsonValues.ANY : otherValues;
  }

  /** A property by any other name. */
  private static Language others(Set<String> names, Language values) {
    Language name = JsonValues.STRING;
    if (!names.isEmpty()) {
      List<Language> declared =
          names.stream().map(known -> Language.text(JsonText.quote(known))).toList();
      name = name.without(Language.anyOf(declared));
    }
    return JsonValues.member(name, values);
  }

  private Language array() throws ConstraintException {
    boolean tuple = schema.has(Keyword.ITEMS) && schema.get(Keyword.ITEMS).isArray();
    Keyword listed = tuple ? Keyword.ITEMS : Keyword.PREFIX_ITEMS;
    Keyword further = tuple ? Keyword.ADDITIONAL_ITEMS : Keyword.ITEMS;
    List<Language> first = new ArrayList<>();
    if (schema.has(listed)) {
      for (SchemaNode item : schema.list(listed)) {
        first.add(reader.read(item));
      }
    }
    Language others = first.isEmpty() ? JsonValues.ANY : null;
    if (schema.has(further)) {
      SchemaNode items = schema.child(further);
      others = items.value().equals(BooleanNode.FALSE) ? null : reader.read(items);
    }
    int least = schema.count(Keyword.MIN_ITEMS, 0);
    int most = schema.count(Keyword.MAX_ITEMS, Language.UNLIMITED);
    checkOrder(Keyword.MIN_ITEMS, least, most);
    return JsonValues.array(first, others, least, most);
  }

  private Language string() throws ConstraintException {
    List<Language> conditions = new ArrayList<>();
    if (schema.has(Keyword.PATTERN)) {
      conditions.add(expression(Keyword.PATTERN, schema.text(Keyword.PATTERN), Match.FIND));
    }
    if (schema.has(Keyword.FORMAT)) {
      String known = StringFormats.expression(schema.text(Keyword.FORMAT));
      if (known == null) {
        throw schema.failure(Keyword.FORMAT, StringFormats.known());
      }
      conditions.add(expression(Keyword.FORMAT, known, Match.WHOLE));
    }
    int least = schema.count(Keyword.MIN_LENGTH, 0);
    int most = schema.count(Keyword.MAX_LENGTH, Language.UNLIMITED);
    checkOrder(Keyword.MIN_LENGTH, least, most);
    if (conditions.isEmpty() || least > 0 || most != Language.UNLIMITED) {
      conditions.add(JsonText.character(CodePoints.ALL).repeated(least, most));
    }
    return JsonText.string(conditions.stream().reduce(Language::and).orElseThrow());
  }

  private Language expression(Keyword keyword, String source, Match match)
      throws ConstraintException {
    try {
      return RegexParser.parse(source, match, JsonText::character);
    } catch (ConstraintException e) {
      throw schema.failure("/" + keyword, e.getMessage());
    }
  }

  private void checkOrder(Keyword leastKeyword, int least, int most) throws ConstraintException {
    if (most != Language.UNLIMITED && least > most) {
      throw schema.failure(leastKeyword, "0 to the upper limit, which is " + most);
    }
  }

  private NumberRange range() throws ConstraintException {
    BigDecimal least = schema.number(Keyword.MINIMUM);
    boolean above = false;
    if (schema.has(Keyword.EXCLUSIVE_MINIMUM)) {
      if (schema.get(Keyword.EXCLUSIVE_MINIMUM).isBoolean()) {
        above = schema.get(Keyword.EXCLUSIVE_MINIMUM).booleanValue();
      } else {
        BigDecimal bound = schema.number(Keyword.EXCLUSIVE_MINIMUM);
        above = least == null || bound.compareTo(least) >= 0;
        least = above ? bound : least;
      }
    }
    BigDecimal most = schema.number(Keyword.MAXIMUM);
    boolean below = false;
    if (schema.has(Keyword.EXCLUSIVE_MAXIMUM)) {
      if (schema.get(Keyword.EXCLUSIVE_MAXIMUM).isBoolean()) {
        below = schema.get(Keyword.EXCLUSIVE_MAXIMUM).booleanValue();
      } else {
        BigDecimal bound = schema.number(Keyword.EXCLUSIVE_MAXIMUM);
        below = most == null || bound.compareTo(most) <= 0;
        most = below ? bound : most;
      }
    }
    return new NumberRange(least, above, most, below);
  }
}
