package org.trlm.tokenizer.chat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.trlm.tokenizer.chat.TemplateException.Kind;
import org.trlm.tokenizer.chat.Values.Dict;
import org.trlm.tokenizer.chat.Values.Function;
import org.trlm.tokenizer.chat.Values.Sequence;
import org.trlm.tokenizer.chat.Values.SequenceKind;
import org.trlm.tokenizer.chat.Values.Undefined;

/**
 * The methods of Python's strings, lists, tuples and dictionaries. Those that change their object
 * are unsafe, as in the sandbox.
 */
final class Methods {
  private interface Method<T> {
    Object call(T self, Arguments arguments, Interpreter interpreter);
  }

  private static final Map<String, Method<MarkedString>> TEXT = new HashMap<>();

  private static final Set<String> UNSUPPORTED_TEXT =
      Set.of(
          "casefold",
          "encode",
          "expandtabs",
          "format_map",
          "isascii",
          "isidentifier",
          "isprintable",
          "maketrans",
          "swapcase",
          "translate");
  private static final Set<String> UNSUPPORTED_NUMBER =
      Set.of(
          "as_integer_ratio",
          "bit_count",
          "bit_length",
          "conjugate",
          "denominator",
          "from_bytes",
          "fromhex",
          "hex",
          "imag",
          "is_integer",
          "numerator",
          "real",
          "to_bytes");
  private static final Set<String> MUTATES_LIST =
      Set.of("append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove");
  private static final Set<String> MUTATES_DICT =
      Set.of("clear", "pop", "popitem", "setdefault", "update");

  static {
    TextMethods.define((name, method) -> TEXT.put(name, method::call));
  }

  private Methods() {}

  /** The method of that name bound to its object, or {@link Arguments#MISSING}. */
  static Object find(Object self, String name) {
    if (self instanceof MarkedString text) {
      Method<MarkedString> method = TEXT.get(name);
      refuse(method == null && UNSUPPORTED_TEXT.contains(name), "str", name);
      return method == null ? Arguments.MISSING : bound(method, text);
    }
    if (self instanceof Dict dict) {
      refuse(name.equals("fromkeys"), "dict", name);
      return MUTATES_DICT.contains(name) ? unsafe(self, name) : dictMethod(dict, name);
    }
    if (self instanceof Sequence sequence && !sequence.kind().isView()) {
      boolean list = sequence.kind() == SequenceKind.LIST;
      return list && MUTATES_LIST.contains(name)
          ? unsafe(self, name)
          : sequenceMethod(sequence, name);
    }
    refuse(
        Operators.isNumber(self) && UNSUPPORTED_NUMBER.contains(name),
        Operators.typeName(self),
        name);
    return Arguments.MISSING;
  }

  private static void refuse(boolean unsupported, String type, String name) {
    if (unsupported) {
      throw new TemplateException(
          Kind.UNSUPPORTED,
          "'" + name + "' of '" + type + "' objects is not supported in chat templates");
    }
  }

  private static <T> Function bound(Method<T> method, T self) {
    return new Function(
        "method", (interpreter, arguments) -> method.call(self, arguments, interpreter));
  }

  private static Object unsafe(Object self, String name) {
    return new Undefined(
        "access to attribute '"
            + name
            + "' of '"
            + Operators.typeName(self)
            + "' object is unsafe.",
        Kind.SECURITY);
  }

  private static Object dictMethod(Dict dict, String name) {
    Method<Dict> method =
        switch (name) {
          case "items" ->
              (self, arguments, interpreter) -> view(SequenceKind.ITEMS, arguments, items(self));
          case "keys" ->
              (self, arguments, interpreter) ->
                  view(SequenceKind.KEYS, arguments, Operators.keys(self));
          case "values" ->
              (self, arguments, interpreter) -> view(SequenceKind.VALUES, arguments, values(self));
          case "copy" -> (self, arguments, interpreter) -> self;
          case "get" -> Methods::get;
          default -> null;
        };
    return method == null ? Arguments.MISSING : bound(method, dict);
  }

  private static Object view(SequenceKind kind, Arguments arguments, List<Object> items) {
    arguments.bindPositional(kind.typeName().substring(5), 0, 0);
    return new Sequence(kind, items);
  }

  private static Object get(Dict self, Arguments arguments, Interpreter interpreter) {
    Object[] bound = arguments.bindPositional("get", 1, 2);
    return self.get(bound[0], bound[1] == Arguments.MISSING ? null : bound[1]);
  }

  /** The pairs of a dictionary, as tuples. */
  static List<Object> items(Dict dict) {
    List<Object> items = new ArrayList<>(dict.size());
    for (Dict.Entry entry : dict.entries()) {
      items.add(Sequence.tuple(entry.key(), entry.value()));
    }
    return items;
  }

  private static List<Object> values(Dict dict) {
    List<Object> values = new ArrayList<>(dict.size());
    for (Dict.Entry entry : dict.entries()) {
      values.add(entry.value());
    }
    return values;
  }

  private static Object sequenceMethod(Sequence sequence, String name) {
    Method<Sequence> method =
        switch (name) {
          case "index" -> Methods::index;
          case "count" -> Methods::count;
          case "copy" ->
              sequence.kind() == SequenceKind.LIST ? (self, arguments, interpreter) -> self : null;
          default -> null;
        };
    return method == null ? Arguments.MISSING : bound(method, sequence);
  }

  private static Object index(Sequence self, Arguments arguments, Interpreter interpreter) {
    Object wanted = arguments.bindPositional("index", 1, 1)[0];
    for (int i = 0; i < self.items().size(); i++) {
      if (Operators.same(self.items().get(i), wanted, interpreter.budget())) {
        return (long) i;
      }
    }
    throw new TemplateException(Kind.VALUE, "the item is not in the " + self.kind().typeName());
  }

  private static Object count(Sequence self, Arguments arguments, Interpreter interpreter) {
    Object wanted = arguments.bindPositional("count", 1, 1)[0];
    long count = 0;
    for (Object item : self.items()) {
      count += Operators.same(item, wanted, interpreter.budget()) ? 1 : 0;
    }
    return count;
  }
}
