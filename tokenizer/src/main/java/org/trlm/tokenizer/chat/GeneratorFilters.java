package org.trlm.tokenizer.chat;

import java.util.ArrayList;
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
import org.trlm.tokenizer.chat.Values.Undefined;

/**
 * Filters that Python writes as generators: their items are computed one by one, when asked for,
 * and once.
 */
final class GeneratorFilters {
  private GeneratorFilters() {}

  static void define(Map<String, Builtins.Filter> filters) {
    filters.put("items", (interpreter, value, arguments) -> items(value));
    filters.put("unique", GeneratorFilters::unique);
    filters.put("map", GeneratorFilters::map);
    filters.put("batch", GeneratorFilters::batch);
    filters.put("slice", GeneratorFilters::slice);
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
  static Generator generator(Object source, Supplier<Iterator<Object>> start) {
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

  private static Object unique(Interpreter interpreter, Object value, Arguments arguments) {
    Object[] bound = arguments.bind("unique", 0, "case_sensitive", "attribute");
    Budget budget = interpreter.budget();
    Function<Object, Object> key =
        ItemFilters.attributeGetter(bound[1], null, !ItemFilters.given(bound[0]), budget);
    Set<Object> seen = new HashSet<>();
    return generator(
        value,
        () ->
            new Lookahead(Operators.iterate(value, budget)) {
              @Override
              boolean keeps(Object item) {
                budget.items(1);
                return seen.add(Dict.canonical(key.apply(item), 0));
              }
            });
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
      return ItemFilters.attributeGetter(
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
          return new Lookahead(Operators.iterate(value, budget)) {
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
        ItemFilters.attributeGetter(
            byAttribute ? positional.get(0) : null, null, false, interpreter.budget());
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
}
