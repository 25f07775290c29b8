package org.trlm.tokenizer.chat;

import java.util.Map;
import org.trlm.tokenizer.chat.TemplateException.Kind;
import org.trlm.tokenizer.chat.Values.Dict;
import org.trlm.tokenizer.chat.Values.Sequence;
import org.trlm.tokenizer.chat.Values.Undefined;

/** What may follow {@code is}. */
final class Tests {
  private interface Plain {
    boolean holds(Object value);
  }

  private Tests() {}

  static void define(Map<String, Builtins.Test> tests) {
    plain(tests, "defined", value -> !(value instanceof Undefined));
    plain(tests, "undefined", value -> value instanceof Undefined);
    plain(tests, "none", value -> value == null);
    plain(tests, "string", value -> value instanceof MarkedString);
    plain(tests, "mapping", value -> value instanceof Dict);
    plain(tests, "iterable", Operators::isIterable);
    plain(tests, "sequence", Tests::isSequence);
    plain(tests, "number", Operators::isNumber);
    plain(tests, "integer", value -> value instanceof Long);
    plain(tests, "float", value -> value instanceof Double);
    plain(tests, "boolean", value -> value instanceof Boolean);
    plain(tests, "true", Boolean.TRUE::equals);
    plain(tests, "false", Boolean.FALSE::equals);
    plain(
        tests, "callable", value -> value instanceof Values.Callable || value instanceof Undefined);
    plain(tests, "escaped", value -> value instanceof MarkedString text && text.isMarkup());
    plain(tests, "odd", value -> remainder(value, 2L) == 1);
    plain(tests, "even", value -> remainder(value, 2L) == 0);
    tests.put(
        "divisibleby",
        (interpreter, value, arguments) -> remainder(value, one("divisibleby", arguments)) == 0);
    tests.put(
        "lower", (interpreter, value, arguments) -> cased(interpreter, value, arguments, false));
    tests.put(
        "upper", (interpreter, value, arguments) -> cased(interpreter, value, arguments, true));
    tests.put(
        "filter",
        (interpreter, value, arguments) ->
            value instanceof MarkedString name && Builtins.hasFilter(name.text()));
    tests.put(
        "test",
        (interpreter, value, arguments) ->
            value instanceof MarkedString name && Builtins.hasTest(name.text()));
    tests.put(
        "sameas", (interpreter, value, arguments) -> sameObject(value, one("sameas", arguments)));
    tests.put(
        "in",
        (interpreter, value, arguments) ->
            Operators.contains(one("in", arguments), value, interpreter.budget()));
    equality(tests);
    order(tests, "<", "lt", "lessthan");
    order(tests, "<=", "le");
    order(tests, ">", "gt", "greaterthan");
    order(tests, ">=", "ge");
  }

  private static void plain(Map<String, Builtins.Test> tests, String name, Plain test) {
    tests.put(
        name,
        (interpreter, value, arguments) -> {
          arguments.bind(name, 0);
          return test.holds(value);
        });
  }

  private static void equality(Map<String, Builtins.Test> tests) {
    for (String name : new String[] {"==", "eq", "equalto"}) {
      tests.put(
          name,
          (interpreter, value, arguments) ->
              Operators.same(value, one(name, arguments), interpreter.budget()));
    }
    for (String name : new String[] {"!=", "ne"}) {
      tests.put(
          name,
          (interpreter, value, arguments) ->
              !Operators.same(value, one(name, arguments), interpreter.budget()));
    }
  }

  private static void order(Map<String, Builtins.Test> tests, String operator, String... aliases) {
    Builtins.Test test =
        (interpreter, value, arguments) ->
            Operators.ordered(operator, value, one(operator, arguments), interpreter.budget());
    tests.put(operator, test);
    for (String alias : aliases) {
      tests.put(alias, test);
    }
  }

  private static Object one(String name, Arguments arguments) {
    return arguments
        .bind(name, 1, name.equals("divisibleby") ? "num" : name.equals("in") ? "seq" : "other")[0];
  }

  private static boolean isSequence(Object value) {
    return value instanceof MarkedString
        || value instanceof Dict
        || value instanceof Undefined
        || (value instanceof Sequence sequence && !sequence.kind().isView());
  }

  private static double remainder(Object value, Object divisor) {
    Operators.failIfUndefined(value, divisor);
    if (!Operators.isNumber(value) || !Operators.isNumber(divisor)) {
      throw new TemplateException(
          Kind.TYPE,
          "unsupported operand type(s) for %: '"
              + Operators.typeName(value)
              + "' and '"
              + Operators.typeName(divisor)
              + "'");
    }
    if (Operators.number(divisor) == 0) {
      throw new TemplateException(Kind.ZERO_DIVISION, "integer division or modulo by zero");
    }
    if (Operators.isWhole(value) && Operators.isWhole(divisor)) {
      return Math.floorMod(Operators.whole(value), Operators.whole(divisor));
    }
    double rest = Operators.number(value) % Operators.number(divisor);
    return rest < 0 ? rest + Operators.number(divisor) : rest;
  }

  /**
   * Identity, as far as Python's own can be foretold: None, booleans, small whole numbers and the
   * very same object.
   */
  private static boolean sameObject(Object value, Object other) {
    if (value instanceof Long a && other instanceof Long b) {
      return a.longValue() == b.longValue();
    }
    return value == other
        || (value instanceof Boolean && value.equals(other))
        || (value instanceof MarkedString && value.equals(other));
  }

  private static boolean cased(
      Interpreter interpreter, Object value, Arguments arguments, boolean upper) {
    arguments.bind(upper ? "upper" : "lower", 0);
    return isCased(Printer.text(value, interpreter.budget()).text(), upper);
  }

  /** Whether there is a cased character and all of them are of this case. */
  static boolean isCased(String text, boolean upper) {
    boolean found = false;
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      int c = text.codePointAt(i);
      if (upper
          ? Character.isLowerCase(c) || Character.isTitleCase(c)
          : Character.isUpperCase(c) || Character.isTitleCase(c)) {
        return false;
      }
      found |= upper ? Character.isUpperCase(c) : Character.isLowerCase(c);
    }
    return found;
  }
}
