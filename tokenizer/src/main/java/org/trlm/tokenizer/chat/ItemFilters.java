package org.trlm.tokenizer.chat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.trlm.tokenizer.chat.TemplateException.Kind;
import org.trlm.tokenizer.chat.Values.Dict;
import org.trlm.tokenizer.chat.Values.Generator;
import org.trlm.tokenizer.chat.Values.Sequence;
import org.trlm.tokenizer.chat.Values.SequenceKind;
import org.trlm.tokenizer.chat.Values.Undefined;

/** Filters over items that take all of them at once; the others are {@link GeneratorFilters}. */
final class ItemFilters {
  private ItemFilters() {}

  static void define(Map<String, Builtins.Filter> filters) {
    Builtins.Filter length = (interpreter, value, arguments) -> Operators.length(value);
    filters.put("length", length);
    filters.put("count", length);
    filters.put(
        "list",
        (interpreter, value, arguments) ->
            Sequence.list(Operators.list(value, interpreter.budget())));
    filters.put("first", (interpreter, value, arguments) -> first(value, interpreter.budget()));
    filters.put("last", (interpreter, value, arguments) -> last(value, interpreter.budget()));
    filters.put("join", ItemFilters::join);
    filters.put("default", ItemFilters::otherwise);
    filters.put("d", ItemFilters::otherwise);
    filters.put("dictsort", ItemFilters::dictSort);
    filters.put("sort", ItemFilters::sort);
    filters.put(
        "min", (interpreter, value, arguments) -> extreme(interpreter, value, arguments, "<"));
    filters.put(
        "max", (interpreter, value, arguments) -> extreme(interpreter, value, arguments, ">"));
    filters.put("sum", ItemFilters::sum);
    filters.put("reverse", ItemFilters::reverse);
    filters.put("attr", ItemFilters::attribute);
    filters.put("groupby", ItemFilters::groupBy);
  }

  private static Object first(Object value, Budget budget) {
    Iterator<Object> items = Operators.iterate(value, budget);
    return items.hasNext() ? items.next() : Undefined.of("No first item, sequence was empty.");
  }

  private static Object last(Object value, Budget budget) {
    if (value instanceof Generator
        || value == null
        || value instanceof Loop
        || !Operators.isIterable(value)) {
      throw new TemplateException(
          Kind.TYPE, "'" + Operators.typeName(value) + "' object is not reversible");
    }
    if (value instanceof Undefined) {
      return Undefined.of("No last item, sequence was empty.");
    }
    List<Object> items =
        value instanceof Sequence sequence ? sequence.items() : Operators.list(value, budget);
    return items.isEmpty()
        ? Undefined.of("No last item, sequence was empty.")
        : items.get(items.size() - 1);
  }

  private static Object join(Interpreter interpreter, Object value, Arguments arguments) {
    Object[] bound = arguments.bind("join", 0, "d", "attribute");
    Budget budget = interpreter.budget();
    Function<Object, Object> key = attributeGetter(bound[1], null, false, budget);
    List<Object> parts = new ArrayList<>();
    Iterator<Object> items = Operators.iterate(value, budget);
    while (items.hasNext()) {
      budget.items(1);
      parts.add(Printer.text(key.apply(items.next()), budget));
    }
    MarkedString separator =
        bound[0] == Arguments.MISSING ? MarkedString.EMPTY : Printer.text(bound[0], budget);
    return TextTools.join(separator, parts, budget);
  }

  private static Object otherwise(Interpreter interpreter, Object value, Arguments arguments) {
    Object[] bound = arguments.bind("default", 0, "default_value", "boolean");
    boolean alsoFalse = bound[1] != Arguments.MISSING && Operators.truth(bound[1]);
    boolean replace = value instanceof Undefined || (alsoFalse && !Operators.truth(value));
    return !replace ? value : bound[0] == Arguments.MISSING ? MarkedString.EMPTY : bound[0];
  }

  static boolean given(Object value) {
    return value != Arguments.MISSING && Operators.truth(value);
  }

  /**
   * What Jinja sorts and compares by: {@code a.b.0}, each step an item access; text in lower case
   * unless case counts.
   */
  static Function<Object, Object> attributeGetter(
      Object attribute, Object otherwise, boolean ignoreCase, Budget budget) {
    List<Object> steps = new ArrayList<>();
    if (attribute instanceof MarkedString path) {
      for (String step : path.text().split("\\.", -1)) {
        boolean digits =
            !step.isEmpty()
                && step.length() < 10
                && step.chars().allMatch(c -> c >= '0' && c <= '9');
        steps.add(digits ? (Object) Long.valueOf(step) : MarkedString.trusted(step));
      }
    } else if (attribute != null && attribute != Arguments.MISSING) {
      steps.add(attribute);
    }
    return item -> {
      Object value = item;
      for (Object step : steps) {
        budget.step();
        value = Access.item(value, step, budget);
        if (otherwise != null && value instanceof Undefined) {
          value = otherwise;
        }
      }
      return ignoreCase && value instanceof MarkedString text
          ? TextTools.lower(text, budget)
          : value;
    };
  }

  private static Object dictSort(Interpreter interpreter, Object value, Arguments arguments) {
    Object[] bound = arguments.bind("dictsort", 0, "case_sensitive", "by", "reverse");
    Budget budget = interpreter.budget();
    String by = bound[1] == Arguments.MISSING ? "key" : Printer.text(bound[1], budget).text();
    if (!by.equals("key") && !by.equals("value")) {
      throw new TemplateException(Kind.VALUE, "You can only sort by either \"key\" or \"value\"");
    }
    Operators.failIfUndefined(value, null);
    if (!(value instanceof Dict dict)) {
      throw new TemplateException(
          Kind.TYPE, "'" + Operators.typeName(value) + "' object has no attribute 'items'");
    }
    Function<Object, Object> fold = attributeGetter(null, null, !given(bound[0]), budget);
    List<Object> pairs = new ArrayList<>(Methods.items(dict));
    int position = by.equals("key") ? 0 : 1;
    Sorting.sort(
        pairs,
        pair -> fold.apply(((Sequence) pair).items().get(position)),
        given(bound[2]),
        budget);
    return Sequence.list(pairs);
  }

  private static Object sort(Interpreter interpreter, Object value, Arguments arguments) {
    Object[] bound = arguments.bind("sort", 0, "reverse", "case_sensitive", "attribute");
    Budget budget = interpreter.budget();
    boolean ignoreCase = !given(bound[1]);
    List<Object> items = Operators.list(value, budget);
    List<Function<Object, Object>> keys = new ArrayList<>();
    if (bound[2] instanceof MarkedString paths) {
      for (String path : paths.text().split(",", -1)) {
        keys.add(attributeGetter(MarkedString.trusted(path), null, ignoreCase, budget));
      }
    } else {
      keys.add(attributeGetter(bound[2], null, ignoreCase, budget));
    }
    Function<Object, Object> key =
        item -> Sequence.list(keys.stream().map(each -> each.apply(item)).toList());
    Sorting.sort(items, key, given(bound[0]), budget);
    return Sequence.list(items);
  }

  private static Object extreme(
      Interpreter interpreter, Object value, Arguments arguments, String operator) {
    Object[] bound =
        arguments.bind(operator.equals("<") ? "min" : "max", 0, "case_sensitive", "attribute");
    Budget budget = interpreter.budget();
    Function<Object, Object> key = attributeGetter(bound[1], null, !given(bound[0]), budget);
    Iterator<Object> items = Operators.iterate(value, budget);
    if (!items.hasNext()) {
      return Undefined.of("No aggregated item, sequence was empty.");
    }
    Object best = items.next();
    Object bestKey = key.apply(best);
    while (items.hasNext()) {
      Object item = items.next();
      Object itemKey = key.apply(item);
      if (Operators.ordered(operator, itemKey, bestKey, budget)) {
        best = item;
        bestKey = itemKey;
      }
    }
    return best;
  }

  private static Object sum(Interpreter interpreter, Object value, Arguments arguments) {
    Object[] bound = arguments.bind("sum", 0, "attribute", "start");
    Budget budget = interpreter.budget();
    Function<Object, Object> key = attributeGetter(bound[0], null, false, budget);
    Object total = bound[1] == Arguments.MISSING ? Long.valueOf(0) : bound[1];
    if (total instanceof MarkedString) {
      throw new TemplateException(Kind.TYPE, "sum() can't sum strings [use ''.join(seq) instead]");
    }
    Iterator<Object> items = Operators.iterate(value, budget);
    while (items.hasNext()) {
      total = Arithmetic.apply("+", total, key.apply(items.next()), interpreter);
    }
    return total;
  }

  private static Object reverse(Interpreter interpreter, Object value, Arguments arguments) {
    arguments.bind("reverse", 0);
    Budget budget = interpreter.budget();
    if (value instanceof MarkedString) {
      return Access.slice(value, null, null, -1L, budget);
    }
    if (!Operators.isIterable(value)) {
      throw new TemplateException(Kind.VALUE, "argument must be iterable");
    }
    List<Object> items = Operators.list(value, budget);
    java.util.Collections.reverse(items);
    return value instanceof Generator
        ? Sequence.list(items)
        : GeneratorFilters.generator(value, items::iterator);
  }

  private static Object attribute(Interpreter interpreter, Object value, Arguments arguments) {
    String name = Printer.text(arguments.bind("attr", 1, "name")[0], interpreter.budget()).text();
    if (value instanceof Dict && Methods.find(value, name) == Arguments.MISSING) {
      return Undefined.of("'dict object' has no attribute " + Printer.quoted(name));
    }
    return Access.attribute(value, name, interpreter.budget());
  }

  private static Object groupBy(Interpreter interpreter, Object value, Arguments arguments) {
    Object[] bound = arguments.bind("groupby", 1, "attribute", "default", "case_sensitive");
    Budget budget = interpreter.budget();
    Object otherwise = bound[1] == Arguments.MISSING ? null : bound[1];
    Function<Object, Object> key = attributeGetter(bound[0], otherwise, !given(bound[2]), budget);
    Function<Object, Object> shown = attributeGetter(bound[0], otherwise, false, budget);
    List<Object> items = Operators.list(value, budget);
    Sorting.sort(items, key, false, budget);
    List<Object> groups = new ArrayList<>();
    for (int i = 0; i < items.size(); ) {
      Object groupKey = key.apply(items.get(i));
      List<Object> group = new ArrayList<>();
      Object grouper = shown.apply(items.get(i));
      while (i < items.size() && Operators.same(key.apply(items.get(i)), groupKey, budget)) {
        group.add(items.get(i++));
      }
      groups.add(new Sequence(SequenceKind.TUPLE, Arrays.asList(grouper, Sequence.list(group))));
    }
    return Sequence.list(groups);
  }
}
