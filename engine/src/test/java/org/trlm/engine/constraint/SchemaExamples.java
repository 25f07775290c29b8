package org.trlm.engine.constraint;

import java.util.List;

/** Schemas as people write them. */
final class SchemaExamples {
  static final String LINKED_LIST =
      """
      {"$ref": "#/$defs/node", "$defs": {"node": {"type": "object", "required": ["value", "next"],
        "properties": {"value": {"type": "integer"},
          "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}}}}}""";

  static final String BINARY_TREE =
      """
      {"type": "object", "required": ["left", "right"], "properties": {
        "left": {"anyOf": [{"type": "null"}, {"$ref": "#"}]},
        "right": {"anyOf": [{"type": "null"}, {"$ref": "#"}]}}}""";

  static final List<String> SCHEMAS =
      List.of(
          "true",
          "{}",
          "{\"type\": \"object\"}",
          "{\"type\": \"array\"}",
          "{\"type\": \"string\"}",
          "{\"type\": \"number\"}",
          "{\"type\": [\"integer\", \"null\"], \"minimum\": -5, \"exclusiveMaximum\": 12}",
          "{\"type\": \"string\", \"minLength\": 3, \"maxLength\": 5}",
          "{\"type\": \"string\", \"pattern\": \"^[a-z\\\"\\n]+[0-9]$\", \"maxLength\": 9}",
          "{\"type\": \"string\", \"pattern\": \"ab\", \"minLength\": 6, \"maxLength\": 8}",
          "{\"enum\": [\"a\", 1, 2.5, null, true, [1, {\"b\": []}], \"\\u0001\\\"\\\\\\n\\u00e9\"]}",
          "{\"const\": {\"a\": [1, 2], \"b\": \"c\"}}",
          "{\"type\": \"string\", \"enum\": [\"a\", 1, \"b\"]}",
          "{\"type\": \"string\", \"format\": \"date\"}",
          "{\"type\": \"string\", \"format\": \"time\"}",
          "{\"type\": \"string\", \"format\": \"date-time\"}",
          "{\"type\": \"string\", \"format\": \"email\"}",
          "{\"type\": \"string\", \"format\": \"uuid\"}",
          "{\"type\": \"string\", \"format\": \"ipv4\"}",
          "{\"type\": \"string\", \"format\": \"ipv6\"}",
          "{\"type\": \"string\", \"format\": \"hostname\"}",
          "{\"type\": \"string\", \"format\": \"uri\"}",
          "{\"type\": \"string\", \"format\": \"duration\"}",
          "{\"type\": \"array\", \"items\": {\"type\": \"boolean\"}, \"minItems\": 2, \"maxItems\": 4}",
          "{\"type\": \"array\", \"prefixItems\": [{\"type\": \"null\"}, {\"type\": \"integer\"}],"
              + " \"items\": {\"type\": \"string\"}, \"minItems\": 1, \"maxItems\": 5}",
          "{\"type\": \"array\", \"prefixItems\": [{\"const\": 1}], \"items\": false, \"minItems\": 1}",
          "{\"type\": \"object\", \"properties\": {\"a\": {\"type\": \"integer\"}, \"b\": {}, \"c d\":"
              + " {\"type\": \"null\"}}, \"required\": [\"b\"]}",
          "{\"type\": \"object\", \"properties\": {\"a\": {\"type\": \"integer\"}},"
              + " \"additionalProperties\": {\"type\": \"boolean\"}}",
          "{\"type\": \"object\", \"required\": [\"x\"], \"additionalProperties\": {\"type\":"
              + " \"number\"}}",
          "{\"type\": \"object\", \"properties\": {}, \"additionalProperties\": false}",
          "{\"anyOf\": [{\"type\": \"integer\"}, {\"type\": \"object\", \"properties\": {\"k\":"
              + " {\"const\": \"v\"}}, \"required\": [\"k\"]}]}",
          "{\"oneOf\": [{\"type\": \"integer\", \"minimum\": 0}, {\"type\": \"integer\", \"maximum\":"
              + " 5}]}",
          "{\"oneOf\": [{\"properties\": {\"kind\": {\"const\": \"a\"}}, \"required\": [\"kind\"],"
              + " \"type\": \"object\"}, {\"properties\": {\"kind\": {\"const\": \"b\"}, \"n\":"
              + " {\"type\": \"integer\"}}, \"required\": [\"kind\"], \"type\": \"object\"}]}",
          "{\"type\": \"object\", \"properties\": {\"a\": {\"type\": \"integer\"}, \"b\": {\"type\":"
              + " \"integer\"}}, \"anyOf\": [{\"required\": [\"a\"]}, {\"required\": [\"b\"]}]}",
          "{\"allOf\": [{\"$ref\": \"#/$defs/p\"}, {\"properties\": {\"z\": {\"type\": \"null\"}},"
              + " \"required\": [\"z\"]}], \"$defs\": {\"p\": {\"type\": \"object\", \"properties\":"
              + " {\"y\": {\"type\": \"boolean\"}}}}}",
          "{\"type\": \"object\", \"properties\": {\"pet\": {\"$ref\": \"#/$defs/Pet\","
              + " \"description\": \"the pet\"}}, \"$defs\": {\"Pet\": {\"title\": \"Pet\", \"type\":"
              + " \"object\", \"properties\": {\"name\": {\"type\": \"string\", \"maxLength\": 10},"
              + " \"age\": {\"type\": \"number\", \"minimum\": 0, \"maximum\": 30.5}}, \"required\":"
              + " [\"name\", \"age\"], \"additionalProperties\": false}}}",
          LINKED_LIST,
          BINARY_TREE);

  private SchemaExamples() {}
}
