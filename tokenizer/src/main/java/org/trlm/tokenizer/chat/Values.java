package org.trlm.tokenizer.chat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.trlm.tokenizer.chat.TemplateException.Kind;

/**
 * The values of the template language. None is Java's null; booleans, whole numbers and floats are
 * Boolean, Long and Double; text is {@link MarkedString}; the rest is here.
 */
final class Values {
  private Values() {}

  /**
   * The value of what is not there. It prints as nothing, is false and empty; any other use fails
   * with its message.
   */
  record Undefined(String problem, Kind kind) {
    static Undefined of(String problem) {
      return new Undefined(problem, Kind.UNDEFINED);
    }

    TemplateException fail() {
      return new TemplateException(kind, problem);
    }
  }

  enum SequenceKind {
    LIST("list"),
    TUPLE("tuple"),
    RANGE("range"),
    KEYS("dict_keys"),
    VALUES("dict_values"),
    ITEMS("dict_items");

    private final String typeName;

    SequenceKind(String typeName) {
      this.typeName = typeName;
    }

    String typeName() {
      return typeName;
    }

    boolean isView() {
      return ordinal() >= KEYS.ordinal();
    }
  }

  /** A list, tuple, range, or view of a dictionary: things with a length and an order. */
  record Sequence(SequenceKind kind, List<Object> items) {
    static Sequence list(List<Object> items) {
      return new Sequence(SequenceKind.LIST, items);
    }

    static Sequence tuple(Object... items) {
      return new Sequence(SequenceKind.TUPLE, java.util.Arrays.asList(items));
    }
  }

  /** The numbers of a {@code range}, which take no memory. */
  static final class RangeItems extends AbstractList<Object> {
    final long start;
    final long stop;
    final long step;
    private final int size;

    RangeItems(long start, long stop, long step, int size) {
      this.start = start;
      this.stop = stop;
      this.step = step;
      this.size = size;
    }

    /** Part of this range, as a range. */
    Sequence slice(long from, long to, long by, int count) {
      return new Sequence(
          SequenceKind.RANGE,
          new RangeItems(start + from * step, start + to * step, step * by, count));
    }

    @Override
    public Object get(int index) {
      return start + index * step;
    }

    @Override
    public int size() {
      return size;
    }
  }

  /**
   * A dictionary in insertion order. {@code 1}, {@code 1.0} and {@code True} are one key, as in
   * Python.
   */
  static final class Dict {
    record Entry(Object key, Object value) {}

    private final Map<Object, Entry> entries = new LinkedHashMap<>();

    void put(Object key, Object value) {
      Object canonical = canonical(key, 0);
      Entry old = entries.get(canonical);
      entries.put(canonical, new Entry(old == null ? key : old.key(), value));
    }

    void put(String key, Object value) {
      put(MarkedString.trusted(key), value);
    }

    /** The value, or {@code missing}. */
    Object get(Object key, Object missing) {
      Entry entry = entries.get(canonical(key, 0));
      return entry == null ? missing : entry.value();
    }

    boolean has(Object key) {
      return entries.containsKey(canonical(key, 0));
    }

    int size() {
      return entries.size();
    }

    Collection<Entry> entries() {
      return entries.values();
    }

    /**
     * The key under which equal values meet. Fails for values that change, as Python's hash does.
     */
    static Object canonical(Object key, int depth) {
      if (key instanceof Boolean b) {
        return b ? 1L : 0L;
      }
      if (key instanceof Double d && d == Math.rint(d) && Math.abs(d) < 0x1p62) {
        return d.longValue();
      }
      if (key instanceof Sequence sequence && sequence.kind() == SequenceKind.TUPLE) {
        if (depth > Budget.MAX_LEVELS || sequence.items().size() > 1000) {
          throw new TemplateException(Kind.LIMIT, "a tuple used as a key is too large");
        }
        List<Object> parts = new ArrayList<>();
        for (Object item : sequence.items()) {
          parts.add(canonical(item, depth + 1));
        }
        return parts;
      }
      if (key instanceof Sequence || key instanceof Dict) {
        throw new TemplateException(
            Kind.TYPE, "unhashable type: '" + Operators.typeName(key) + "'");
      }
      return key;
    }
  }

  /** {@code namespace(…)}: the one value that a template can change. */
  static final class Namespace {
    private final Dict fields;

    Namespace(Dict fields) {
      this.fields = fields;
    }

    Dict fields() {
      return fields;
    }
  }

  /** What a filter such as {@code map} gives: items computed when they are asked for, once. */
  static final class Generator {
    private final Iterator<Object> items;
    private final int depth;

    Generator(Iterator<Object> items, Object source) {
      this.items = items;
      this.depth = source instanceof Generator inner ? inner.depth + 1 : 0;
      if (depth > Budget.MAX_LEVELS) {
        throw new TemplateException(
            Kind.LIMIT, "filters feed filters deeper than " + Budget.MAX_LEVELS + " levels");
      }
    }

    Iterator<Object> items() {
      return items;
    }
  }

  /** Something that can be called: a method, a function, a macro. */
  interface Callable {
    Object call(Interpreter interpreter, Arguments arguments);

    String typeName();
  }

  record Function(
      String typeName, java.util.function.BiFunction<Interpreter, Arguments, Object> body)
      implements Callable {
    @Override
    public Object call(Interpreter interpreter, Arguments arguments) {
      return body.apply(interpreter, arguments);
    }
  }

  /**
   * A value of JSON as the template sees it.
   *
   * @param untrusted whether all text in it is to be marked
   */
  static Object fromJava(Object value, boolean untrusted, Budget budget) {
    budget.step();
    if (value == null
        || value instanceof Boolean
        || value instanceof Long
        || value instanceof Double) {
      return value;
    }
    if (value instanceof CharSequence text) {
      return untrusted
          ? MarkedString.untrusted(text.toString())
          : MarkedString.trusted(text.toString());
    }
    if (value instanceof Integer || value instanceof Short || value instanceof Byte) {
      return ((Number) value).longValue();
    }
    if (value instanceof Float || value instanceof BigDecimal) {
      return ((Number) value).doubleValue();
    }
    if (value instanceof BigInteger big) {
      if (big.bitLength() > 63) {
        throw new TemplateException(
            Kind.OVERFLOW,
            "whole number " + Printer.shorten(big.toString()) + " is beyond 64 bits");
      }
      return big.longValue();
    }
    budget.enter();
    Object converted = container(value, untrusted, budget);
    budget.leave();
    return converted;
  }

  private static Object container(Object value, boolean untrusted, Budget budget) {
    if (value instanceof Map<?, ?> map) {
      Dict dict = new Dict();
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        dict.put(
            fromJava(entry.getKey(), untrusted, budget),
            fromJava(entry.getValue(), untrusted, budget));
      }
      return dict;
    }
    if (value instanceof Iterable<?> items) {
      List<Object> list = new ArrayList<>();
      for (Object item : items) {
        list.add(fromJava(item, untrusted, budget));
      }
      return Sequence.list(list);
    }
    throw new TemplateException(
        Kind.TYPE,
        "a value of "
            + value.getClass().getName()
            + " cannot be used in a template; allowed are text, numbers, booleans, null,"
            + " lists and maps of these");
  }
}
