package org.trlm.tokenizer;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A small section of a tokenizer file as maps and lists, with typed access whose messages name the
 * place. The vocabulary and the merges are never read this way.
 */
final class JsonTree {

  private static final int MAX_NODES = 2_000;
  private static final int MAX_CHARACTERS = 4_096;

  private final String where;
  private final Map<String, Object> fields;

  private JsonTree(String where, Map<String, Object> fields) {
    this.where = where;
    this.fields = fields;
  }

  /** Reads the value at which the parser stands: an object, or null for JSON's null. */
  static JsonTree read(JsonParser parser, String where) throws IOException {
    return object(new Reader(parser, where).value(), where);
  }

  /** Builds the values, which a hostile file must not make many or long. */
  private static final class Reader {
    private final JsonParser parser;
    private final String where;
    private int nodes;
    private int characters;

    Reader(JsonParser parser, String where) {
      this.parser = parser;
      this.where = where;
    }

    private String counted(String text) {
      characters += text.length();
      if (characters > MAX_CHARACTERS) {
        throw new TokenizerFormatException(
            where
                + ": more than "
                + MAX_CHARACTERS
                + " characters of names and texts, more than such a section can need");
      }
      return text;
    }

    Object value() throws IOException {
      if (++nodes > MAX_NODES) {
        throw new TokenizerFormatException(
            where + ": more than " + MAX_NODES + " values, more than such a section can need");
      }
      switch (parser.currentToken()) {
        case START_OBJECT -> {
          Map<String, Object> fields = new LinkedHashMap<>();
          while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = counted(parser.currentName());
            if (fields.containsKey(name)) {
              throw new TokenizerFormatException(
                  where + ": the field " + shown(name) + " stands twice; once is enough");
            }
            parser.nextToken();
            fields.put(name, value());
          }
          return fields;
        }
        case START_ARRAY -> {
          List<Object> items = new ArrayList<>();
          while (parser.nextToken() != JsonToken.END_ARRAY) {
            items.add(value());
          }
          return items;
        }
        case VALUE_STRING -> {
          return counted(parser.getText());
        }
        case VALUE_TRUE, VALUE_FALSE -> {
          return parser.getBooleanValue();
        }
        case VALUE_NULL -> {
          return null;
        }
        default -> {
          return parser.getNumberType() == JsonParser.NumberType.INT
                  || parser.getNumberType() == JsonParser.NumberType.LONG
              ? (Object) parser.getLongValue()
              : (Object) counted(parser.getText());
        }
      }
    }
  }

  @SuppressWarnings("unchecked") // the reader makes no other maps
  private static JsonTree object(Object value, String where) {
    if (value == null) {
      return null;
    }
    if (!(value instanceof Map)) {
      throw new TokenizerFormatException(
          where + " is " + shown(value) + "; it must be an object or null");
    }
    return new JsonTree(where, (Map<String, Object>) value);
  }

  private static String shown(Object value) {
    return TokenizerAssembly.quoted(String.valueOf(value));
  }

  String where() {
    return where;
  }

  Map<String, Object> fields() {
    return fields;
  }

  boolean has(String name) {
    return fields.get(name) != null;
  }

  /** The field {@code type}. */
  String type() {
    return string("type");
  }

  String string(String name) {
    if (fields.get(name) instanceof String text) {
      return text;
    }
    throw wrong(name, "a string");
  }

  boolean flag(String name) {
    if (fields.get(name) instanceof Boolean value) {
      return value;
    }
    throw wrong(name, "true or false");
  }

  boolean flag(String name, boolean otherwise) {
    return fields.containsKey(name) ? flag(name) : otherwise;
  }

  long number(String name) {
    if (fields.get(name) instanceof Long value) {
      return value;
    }
    throw wrong(name, "a whole number");
  }

  JsonTree child(String name) {
    JsonTree child = object(fields.get(name), where + "." + name);
    if (child == null) {
      throw wrong(name, "an object");
    }
    return child;
  }

  /** The objects of a list. */
  List<JsonTree> children(String name) {
    List<JsonTree> children = new ArrayList<>();
    for (Object item : list(name)) {
      JsonTree child = object(item, where + "." + name + "[" + children.size() + "]");
      if (child == null) {
        throw wrong(name, "a list of objects");
      }
      children.add(child);
    }
    return children;
  }

  List<?> list(String name) {
    if (fields.get(name) instanceof List<?> items) {
      return items;
    }
    throw wrong(name, "a list");
  }

  /** Refuses fields whose meaning this package does not know. */
  void allowOnly(String... names) {
    for (String name : fields.keySet()) {
      if (!List.of(names).contains(name)) {
        throw new TokenizerFormatException(
            where
                + ": the field "
                + shown(name)
                + " is not supported; known are "
                + String.join(", ", names));
      }
    }
  }

  TokenizerFormatException unsupported(String what, String allowed) {
    return new TokenizerFormatException(
        where + ": " + what + " is not supported; supported are " + allowed);
  }

  private TokenizerFormatException wrong(String name, String expected) {
    String found = fields.containsKey(name) ? "is " + shown(fields.get(name)) : "is missing";
    return new TokenizerFormatException(
        where + "." + name + " " + found + "; it must be " + expected);
  }
}
