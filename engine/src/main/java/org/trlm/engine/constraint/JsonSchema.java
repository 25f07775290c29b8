package org.trlm.engine.constraint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.trlm.engine.constraint.SchemaNode.Keyword;

/**
 * A JSON schema as the language of the texts it admits, each value in its one spelling ({@link
 * JsonText}). Never wider than the schema; narrower where generation is the purpose: properties
 * come in the schema's order, and others only where {@code additionalProperties} asks for them.
 * docs/structured-outputs.md has the list of keywords. One compilation, one thread.
 */
final class JsonSchema {
  /** How often a part of a schema may be inside itself, if it fits. */
  private static final int MOST_NESTING = 8;

  private final SchemaMerge merge;
  private final Map<String, Language> referenced = new HashMap<>();

  private JsonSchema(JsonNode root) {
    merge = new SchemaMerge(root);
  }

  /**
   * @throws ConstraintException with the JSON pointer of the part that is malformed or not
   *     supported; also when the language is added to an automaton
   */
  static Language language(JsonNode schema) throws ConstraintException {
    return new JsonSchema(schema).language(new SchemaNode(schema, "#", 0));
  }

  private Language language(SchemaNode schema) throws ConstraintException {
    Language language = schema.isBoolean() ? ofBoolean(schema) : ofObject(schema);
    return (nfa, from) -> nfa.addNamed(schema.pointer(), language, from);
  }

  private static Language ofBoolean(SchemaNode schema) {
    return schema.value().booleanValue() ? JsonValues.ANY : Language.NOTHING;
  }

  private Language ofObject(SchemaNode schema) throws ConstraintException {
    schema.checkKeywords();
    if (schema.has(Keyword.REF)) {
      SchemaNode others = schema.without(Keyword.REF);
      return others.hasNoKeywords()
          ? reference(schema)
          : language(merge.merged(others, merge.target(schema)));
    }
    if (schema.has(Keyword.ALL_OF)) {
      SchemaNode all = schema.without(Keyword.ALL_OF);
      for (SchemaNode part : schema.list(Keyword.ALL_OF)) {
        all = merge.merged(all, part);
      }
      return language(all);
    }
    if (schema.has(Keyword.ANY_OF)) {
      return Language.anyOf(branches(schema, Keyword.ANY_OF));
    }
    if (schema.has(Keyword.ONE_OF)) {
      return exactlyOne(branches(schema, Keyword.ONE_OF));
    }
    if (schema.has(Keyword.ENUM) || schema.has(Keyword.CONST)) {
      return constants(schema);
    }
    return new TypedSchema(schema, this::language).language();
  }

  /** A part of the schema by its pointer; it may contain itself. */
  private Language reference(SchemaNode schema) throws ConstraintException {
    SchemaNode target = merge.target(schema);
    return (nfa, from) -> {
      Language language = referenced.get(target.pointer());
      if (language == null) {
        language = language(target);
        referenced.put(target.pointer(), language);
      }
      return nfa.addRecursive(target.pointer(), MOST_NESTING, language, from);
    };
  }

  private List<Language> branches(SchemaNode schema, Keyword keyword) throws ConstraintException {
    SchemaNode others = schema.without(keyword);
    List<Language> branches = new ArrayList<>();
    for (SchemaNode branch : schema.list(keyword)) {
      branches.add(language(others.hasNoKeywords() ? branch : merge.merged(others, branch)));
    }
    return branches;
  }

  /** Texts that one branch admits and no other. */
  private static Language exactlyOne(List<Language> branches) {
    if (branches.size() == 1) {
      return branches.get(0);
    }
    List<Language> options = new ArrayList<>();
    for (int i = 0; i < branches.size(); i++) {
      List<Language> others = new ArrayList<>(branches);
      Language branch = others.remove(i);
      options.add(branch.without(Language.anyOf(others)));
    }
    return Language.anyOf(options);
  }

  /** The values of enum or const that the other keywords admit. */
  private Language constants(SchemaNode schema) throws ConstraintException {
    Keyword keyword = schema.has(Keyword.CONST) ? Keyword.CONST : Keyword.ENUM;
    List<Language> values = new ArrayList<>();
    JsonNode given = schema.get(keyword);
    if (keyword == Keyword.CONST) {
      values.add(Language.text(JsonText.write(given)));
    } else {
      for (JsonNode value : schema.array(keyword)) {
        values.add(Language.text(JsonText.write(value)));
      }
    }
    SchemaNode others = schema.without(keyword);
    Language admitted = Language.anyOf(values);
    return others.hasNoKeywords() ? admitted : admitted.and(language(others));
  }
}
