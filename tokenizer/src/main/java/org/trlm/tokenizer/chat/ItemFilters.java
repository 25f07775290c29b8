package org.trlm.tokenizer.chat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.trlm.tokenizer.chat.TemplateException.Kind;
import org.trlm.tokenizer.chat.Values.Dict;
import org.trlm.tokenizer.chat.Values.Generator;
import org.trlm.tokenizer.chat.Values.Sequence;
import org.trlm.tokenizer.chat.Values.SequenceKind;
import org.trlm.tokenizer.chat.Values.Undefined;

/**
 * Filters over items. Those that Python writes as generators are computed item by item, when asked,
 * and once.
 */
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
    filters.put("items", (interpreter, value, arguments) -> items(value));
    filters.put("join", ItemFilters::join);
    filters.put("default", ItemFilters::otherwise);
    filters.put("d", ItemFilters::otherwise);
    filters.put("dictsort", ItemFilters::dictSort);
    filters.put("sort", ItemFilters::sort);
    filters.put("unique", ItemFilters::unique);
    filters.put(
        "min", (interpreter, value, arguments) -> extreme(interpreter, value, arguments, "<"));
    filters.put(
        "max", (interpreter, value, arguments) -> extreme(interpreter, value, arguments, ">"));
    filters.put("sum", ItemFilters::sum);
    filters.put("map", ItemFilters::map);
    filters.put("reverse", ItemFilters::reverse);
    filters.put("attr", ItemFilters::attribute);
    filters.put("batch", ItemFilters::batch);
    filters.put("slice", ItemFilters::slice);
    filters.put("groupby", ItemFilters::groupBy);
    filters.put(
        "select",
        (interpreter, value, arguments) -> select(interpreter, value, arguments, false, true));
    filters.put(
        "reject",
        (interpreter, value, arguments) -> select(interpreter, value, arguments, false, false));
    filters.put(
        "selectattr",
        (interpreter, value, arguments) -> select(interpreter, value, arguments, true, true));
    filters.put(
        "rejectattr",
        (interpreter, value, arguments) -> select(interpreter, value, arguments, true, false));
  }

  /** A generator whose work, argument errors included, begins with its first item. */
  private static Generator generator(Object source, Supplier<Iterator<Object>> start) {
    return new Generator(
        new Iterator<>() {
          private Iterator<Object> items;

          @Override
          public boolean hasNext() {
            if (items == null) {
              items = start.get();
            }
            return items.hasNext();
          }

          @Override
          public Object next() {
            hasNext();
            return items.next();
          }
        },
        source);
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

  private static Object items(Object value) {
    return generator(
        value,
        () -> {
          if (value instanceof Undefined) {
            return List.<Object>of().iterator();
          }
          if (!(value instanceof Dict dict)) {
            throw new TemplateException(Kind.TYPE, "Can only get item pairs from a mapping.");
          }
          return Methods.items(dict).iterator();
        });
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

  private static boolean given(Object value) {
    return value != Arguments.MISSING && Operators.truth(value);
  }

  /**
   * What Jinja sorts and compares by: {@code a.b.0}, each step an item access; text in lower case
   * unless case counts.
   */
  private static Function<Object, Object> attributeGetter(
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

  private static Object unique(Interpreter interpreter, Object value, Arguments arguments) {
    Object[] bound = arguments.bind("unique", 0, "case_sensitive", "attribute");
    Budget budget = interpreter.budget();
    Function<Object, Object> key = attributeGetter(bound[1], null, !given(bound[0]), budget);
    Set<Object> seen = new HashSet<>();
    return generator(
        value,
        () ->
            new Interpreter.Lookahead(Operators.iterate(value, budget)) {
              @Override
              boolean keeps(Object item) {
                budget.items(1);
                return seen.add(Dict.canonical(key.apply(item), 0));
              }
            });
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

  private static Iterator<Object> mapped(
      Iterator<Object> items, Function<Object, Object> change, Budget budget) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return items.hasNext();
      }

      @Override
      public Object next() {
        budget.step();
        return change.apply(items.next());
      }
    };
  }

  private static Object map(Interpreter interpreter, Object value, Arguments arguments) {
    Budget budget = interpreter.budget();
    return generator(
        value,
        () -> {
          if (!Operators.truth(value)) {
            return List.<Object>of().iterator();
          }
          Function<Object, Object> change = mapping(interpreter, arguments);
          return mapped(Operators.iterate(value, budget), change, budget);
        });
  }

  private static Function<Object, Object> mapping(Interpreter interpreter, Arguments arguments) {
    if (arguments.positional().isEmpty() && arguments.named().containsKey("attribute")) {
      for (String name : arguments.named().keySet()) {
        if (!name.equals("attribute") && !name.equals("default")) {
          throw new TemplateException(
              Kind.VALUE, "Unexpected keyword argument " + Printer.quoted(name));
        }
      }
      return attributeGetter(
          arguments.named().get("attribute"),
          arguments.named().get("default"),
          false,
          interpreter.budget());
    }
    if (arguments.positional().isEmpty()) {
      throw new TemplateException(Kind.VALUE, "map requires a filter argument");
    }
    Builtins.Filter filter =
        Builtins.filter(Printer.text(arguments.positional().get(0), interpreter.budget()).text());
    Arguments rest =
        new Arguments(
            arguments.positional().subList(1, arguments.positional().size()), arguments.named());
    return item -> filter.apply(interpreter, item, rest);
  }

  private static Object select(
      Interpreter interpreter,
      Object value,
      Arguments arguments,
      boolean byAttribute,
      boolean wanted) {
    Budget budget = interpreter.budget();
    return generator(
        value,
        () -> {
          if (!Operators.truth(value)) {
            return List.<Object>of().iterator();
          }
          Function<Object, Boolean> test = condition(interpreter, arguments, byAttribute);
          return new Interpreter.Lookahead(Operators.iterate(value, budget)) {
            @Override
            boolean keeps(Object item) {
              budget.step();
              return test.apply(item) == wanted;
            }
          };
        });
  }

  private static Function<Object, Boolean> condition(
      Interpreter interpreter, Arguments arguments, boolean byAttribute) {
    List<Object> positional = arguments.positional();
    if (byAttribute && positional.isEmpty()) {
      throw new TemplateException(Kind.VALUE, "Missing parameter for attribute name");
    }
    Function<Object, Object> key =
        attributeGetter(byAttribute ? positional.get(0) : null, null, false, interpreter.budget());
    int offset = byAttribute ? 1 : 0;
    if (positional.size() == offset) {
      return item -> Operators.truth(key.apply(item));
    }
    Builtins.Test test =
        Builtins.test(Printer.text(positional.get(offset), interpreter.budget()).text());
    Arguments rest =
        new Arguments(positional.subList(offset + 1, positional.size()), arguments.named());
    return item -> test.holds(interpreter, key.apply(item), rest);
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
    return value instanceof Generator ? Sequence.list(items) : generator(value, items::iterator);
  }

  private static Object attribute(Interpreter interpreter, Object value, Arguments arguments) {
    String name = Printer.text(arguments.bind("attr", 1, "name")[0], interpreter.budget()).text();
    if (value instanceof Dict && Methods.find(value, name) == Arguments.MISSING) {
      return Undefined.of("'dict object' has no attribute " + Printer.quoted(name));
    }
    return Access.attribute(value, name, interpreter.budget());
  }

  private static Object batch(Interpreter interpreter, Object value, Arguments arguments) {
    Object[] bound = arguments.bind("batch", 1, "linecount", "fill_with");
    long size = TextFilters.whole(bound[0]);
    Budget budget = interpreter.budget();
    return generator(
        value,
        () -> {
          List<Object> batches = new ArrayList<>();
          List<Object> current = new ArrayList<>();
          for (Object item : Operators.list(value, budget)) {
            if (current.size() == size) {
              batches.add(Sequence.list(current));
              current = new ArrayList<>();
            }
            current.add(item);
          }
          if (!current.isEmpty()) {
            while (bound[1] != Arguments.MISSING && bound[1] != null && current.size() < size) {
              budget.items(1);
              current.add(bound[1]);
            }
            batches.add(Sequence.list(current));
          }
          return batches.iterator();
        });
  }

  private static Object slice(Interpreter interpreter, Object value, Arguments arguments) {
    Object[] bound = arguments.bind("slice", 1, "slices", "fill_with");
    long slices = TextFilters.whole(bound[0]);
    Budget budget = interpreter.budget();
    return generator(
        value,
        () -> {
          List<Object> all = Operators.list(value, budget);
          if (slices == 0) {
            throw new TemplateException(Kind.ZERO_DIVISION, "integer division or modulo by zero");
          }
          List<Object> result = new ArrayList<>();
          int at = 0;
          for (long i = 0; i < slices; i++) {
            budget.items(1);
            int end = at + (int) (all.size() / slices) + (i < all.size() % slices ? 1 : 0);
            List<Object> part = new ArrayList<>(all.subList(at, end));
            if (bound[1] != Arguments.MISSING && bound[1] != null && i >= all.size() % slices) {
              part.add(bound[1]);
            }
            result.add(Sequence.list(part));
            at = end;
          }
          return result.iterator();
        });
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
