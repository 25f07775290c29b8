package org.trlm.tokenizer.chat;

/**
 * One token of a template.
 *
 * @param value a String for data, names, strings and operators (the operator itself), Long or
 *     Double for numbers, else null
 */
record Token(Type type, Object value, int line) {
  enum Type {
    DATA("template data"),
    BLOCK_BEGIN("begin of statement block"),
    BLOCK_END("end of statement block"),
    VARIABLE_BEGIN("begin of print statement"),
    VARIABLE_END("end of print statement"),
    NAME("name"),
    STRING("string"),
    INTEGER("integer"),
    FLOAT("float"),
    OPERATOR("operator"),
    EOF("end of template");

    private final String description;

    Type(String description) {
      this.description = description;
    }

    String description() {
      return description;
    }
  }

  boolean isName(String name) {
    return type == Type.NAME && value.equals(name);
  }

  boolean isOperator(String operator) {
    return type == Type.OPERATOR && value.equals(operator);
  }

  String describe() {
    return switch (type) {
      case NAME, OPERATOR, STRING, INTEGER, FLOAT -> String.valueOf(value);
      default -> type.description();
    };
  }
}
