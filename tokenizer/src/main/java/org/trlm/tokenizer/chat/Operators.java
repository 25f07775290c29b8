package org.trlm.tokenizer.chat;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.trlm.tokenizer.chat.TemplateException.Kind;
import org.trlm.tokenizer.chat.Values.Dict;
import org.trlm.tokenizer.chat.Values.Generator;
import org.trlm.tokenizer.chat.Values.Namespace;
import org.trlm.tokenizer.chat.Values.Sequence;
import org.trlm.tokenizer.chat.Values.SequenceKind;
import org.trlm.tokenizer.chat.Values.Undefined;

/**
 * Python's truth, equality, order, membership and iteration over {@link Values}. Arithmetic is in
 * {@link Arithmetic}.
 */
final class Operators {
  private Operators() {}

  static String typeName(Object value) {
    if (value == null) {
      return "NoneType";
    }
    if (value instanceof Boolean) {
      return "bool";
    }
    if (value instanceof Long) {
      return "int";
    }
    if (value instanceof Double) {
      return "float";
    }
    if (value instanceof MarkedString string) {
      return string.isMarkup() ? "Markup" : "str";
    }
    if (value instanceof Dict) {
      return "dict";
    }
    if (value instanceof Sequence sequence) {
      return sequence.kind().typeName();
    }
    if (value instanceof Undefined) {
      return "Undefined";
    }
    if (value instanceof Namespace) {
      return "Namespace";
    }
    if (value instanceof Generator) {
      return "generator";
    }
    if (value instanceof Loop) {
      return "LoopContext";
    }
    return ((Values.Callable) value).typeName();
  }

  static boolean truth(Object value) {
    if (value == null || value instanceof Undefined) {
      return false;
    }
    if (value instanceof Boolean b) {
      return b;
    }
    if (value instanceof Long l) {
      return l != 0;
    }
    if (value instanceof Double d) {
      return d != 0;
    }
    if (value instanceof MarkedString string) {
      return !string.isEmpty();
    }
    if (value instanceof Sequence sequence) {
      return !sequence.items().isEmpty();
    }
    if (value instanceof Dict dict) {
      return dict.size() > 0;
    }
    if (value instanceof Loop loop) {
      return loop.length() > 0;
    }
    return true;
  }

  static boolean isWhole(Object value) {
    return value instanceof Long || value instanceof Boolean;
  }

  static boolean isNumber(Object value) {
    return value instanceof Double || isWhole(value);
  }

  static long whole(Object value) {
    return value instanceof Boolean b ? (b ? 1 : 0) : (Long) value;
  }

  static double number(Object value) {
    return value instanceof Double d ? d : whole(value);
  }

  static boolean same(Object left, Object right, Budget budget) {
    budget.step();
    if (isNumber(left) && isNumber(right)) {
      return isWhole(left) && isWhole(right)
          ? whole(left) == whole(right)
          : compareNumbers(left, right) == 0;
    }
    if (left instanceof MarkedString a && right instanceof MarkedString b) {
      budget.read(Math.min(a.length(), b.length()));
      return a.equals(b);
    }
    if (left instanceof Undefined && right instanceof Undefined) {
      return true;
    }
    if (left == right) {
      return true;
    }
    boolean containers =
        (left instanceof Sequence a
                && right instanceof Sequence b
                && a.kind() == b.kind()
                && a.items().size() == b.items().size())
            || (left instanceof Dict c && right instanceof Dict d && c.size() == d.size());
    if (!containers) {
      return false;
    }
    budget.enter();
    boolean equal =
        left instanceof Dict dict
            ? sameDicts(dict, (Dict) right, budget)
            : sameItems((Sequence) left, (Sequence) right, budget);
    budget.leave();
    return equal;
  }

  private static boolean sameItems(Sequence left, Sequence right, Budget budget) {
    Iterator<Object> others = right.items().iterator();
    for (Object item : left.items()) {
      if (!same(item, others.next(), budget)) {
        return false;
      }
    }
    return true;
  }

  private static boolean sameDicts(Dict left, Dict right, Budget budget) {
    for (Dict.Entry entry : left.entries()) {
      Object other = right.get(entry.key(), Arguments.MISSING);
      if (other == Arguments.MISSING || !same(entry.value(), other, budget)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Three-way order of numbers, exact between whole numbers and floats; 2 when one is not a number.
   */
  private static int compareNumbers(Object left, Object right) {
    if (isWhole(left) && isWhole(right)) {
      return Long.compare(whole(left), whole(right));
    }
    double a = number(left);
    double b = number(right);
    if (Double.isNaN(a) || Double.isNaN(b)) {
      return 2;
    }
    if (Double.isInfinite(a)
        || Double.isInfinite(b)
        || (left instanceof Double && right instanceof Double)) {
      return a < b ? -1 : a > b ? 1 : 0;
    }
    return exact(left).compareTo(exact(right));
  }

  private static java.math.BigDecimal exact(Object value) {
    return value instanceof Double d
        ? new java.math.BigDecimal(d)
        : java.math.BigDecimal.valueOf(whole(value));
  }

  /** Whether {@code left operator right} holds, for {@code < <= > >=}. */
  static boolean ordered(String operator, Object left, Object right, Budget budget) {
    int order = compare(operator, left, right, budget);
    return switch (operator) {
      case "<" -> order == -1;
      case "<=" -> order == -1 || order == 0;
      case ">" -> order == 1;
      default -> order == 1 || order == 0;
    };
  }

  /** -1, 0 or 1; 2 when the values have no order. */
  static int compare(String operator, Object left, Object right, Budget budget) {
    budget.step();
    if (isNumber(left) && isNumber(right)) {
      return compareNumbers(left, right);
    }
    if (left instanceof MarkedString a && right instanceof MarkedString b) {
      budget.read(Math.min(a.length(), b.length()));
      return compareText(a.text(), b.text());
    }
    failIfUndefined(left, right);
    boolean lists =
        left instanceof Sequence a
            && right instanceof Sequence b
            && a.kind() == b.kind()
            && (a.kind() == SequenceKind.LIST || a.kind() == SequenceKind.TUPLE);
    if (!lists) {
      throw new TemplateException(
          Kind.TYPE,
          "'"
              + operator
              + "' not supported between instances of '"
              + typeName(left)
              + "' and '"
              + typeName(right)
              + "'");
    }
    budget.enter();
    int order =
        compareItems(operator, ((Sequence) left).items(), ((Sequence) right).items(), budget);
    budget.leave();
    return order;
  }

  private static int compareItems(
      String operator, List<Object> left, List<Object> right, Budget budget) {
    for (int i = 0; i < left.size() && i < right.size(); i++) {
      if (!same(left.get(i), right.get(i), budget)) {
        return compare(operator, left.get(i), right.get(i), budget);
      }
    }
    return Integer.compare(left.size(), right.size());
  }

  /** By code point, which is not the order of UTF-16. */
  private static int compareText(String left, String right) {
    int length = Math.min(left.length(), right.length());
    for (int i = 0; i < length; i++) {
      char a = left.charAt(i);
      char b = right.charAt(i);
      if (a != b) {
        boolean surrogates = Character.isSurrogate(a) != Character.isSurrogate(b);
        return (surrogates ? Character.isSurrogate(b) : a < b) ? -1 : 1;
      }
    }
    return Integer.compare(left.length(), right.length());
  }

  static void failIfUndefined(Object left, Object right) {
    if (left instanceof Undefined undefined) {
      throw undefined.fail();
    }
    if (right instanceof Undefined undefined) {
      throw undefined.fail();
    }
  }

  /** Fails unless the value is a whole number, as Python does where an index is wanted. */
  static void requireWhole(Object value) {
    if (!isWhole(value)) {
      throw new TemplateException(
          Kind.TYPE, "'" + typeName(value) + "' object cannot be interpreted as an integer");
    }
  }

  static boolean contains(Object container, Object item, Budget budget) {
    if (container instanceof MarkedString text) {
      if (!(item instanceof MarkedString part)) {
        throw new TemplateException(
            Kind.TYPE, "'in <string>' requires string as left operand, not " + typeName(item));
      }
      return indexOf(text.text(), part.text(), 0, budget) >= 0;
    }
    if (container instanceof Dict dict) {
      return dict.has(item);
    }
    if (!isIterable(container)) {
      throw new TemplateException(
          Kind.TYPE, "argument of type '" + typeName(container) + "' is not iterable");
    }
    Iterator<Object> items = iterate(container, budget);
    while (items.hasNext()) {
      if (same(items.next(), item, budget)) {
        return true;
      }
    }
    return false;
  }

  /**
   * {@link String#indexOf} with its work charged; what could take the worst case, text times part,
   * for too long is refused.
   */
  static int indexOf(String text, String part, int from, Budget budget) {
    long remaining = Math.max(0, text.length() - from);
    if (remaining * part.length() / 1024 > Budget.MAX_STEPS) {
      throw new TemplateException(
          Kind.LIMIT, "searching a text this long for a part this long takes too many steps");
    }
    int found = text.indexOf(part, from);
    long scanned = found < 0 ? remaining : found - from + part.length();
    budget.read(scanned + scanned * part.length() / 1024);
    return found;
  }

  static boolean isIterable(Object value) {
    return value instanceof MarkedString
        || value instanceof Sequence
        || value instanceof Dict
        || value instanceof Generator
        || value instanceof Undefined
        || value instanceof Loop;
  }

  static Iterator<Object> iterate(Object value, Budget budget) {
    if (value instanceof Sequence sequence) {
      return sequence.items().iterator();
    }
    if (value instanceof Dict dict) {
      return keys(dict).iterator();
    }
    if (value instanceof MarkedString text) {
      return characters(text, budget);
    }
    if (value instanceof Generator generator) {
      return generator.items();
    }
    if (value instanceof Undefined) {
      return List.<Object>of().iterator();
    }
    if (value instanceof Loop loop) {
      return loop.rest();
    }
    throw new TemplateException(Kind.TYPE, "'" + typeName(value) + "' object is not iterable");
  }

  private static Iterator<Object> characters(MarkedString text, Budget budget) {
    return new Iterator<>() {
      private int at;

      @Override
      public boolean hasNext() {
        return at < text.length();
      }

      @Override
      public Object next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        int from = at;
        at += Character.charCount(text.text().codePointAt(at));
        return text.substring(from, at, budget).asMarkup(false);
      }
    };
  }

  static List<Object> keys(Dict dict) {
    List<Object> keys = new ArrayList<>(dict.size());
    for (Dict.Entry entry : dict.entries()) {
      keys.add(entry.key());
    }
    return keys;
  }

  /** All items, charged. */
  static List<Object> list(Object value, Budget budget) {
    List<Object> items = new ArrayList<>();
    Iterator<Object> iterator = iterate(value, budget);
    while (iterator.hasNext()) {
      budget.items(1);
      items.add(iterator.next());
    }
    return items;
  }

  /** {@code len(value)}. */
  static long length(Object value) {
    if (value instanceof MarkedString text) {
      return text.codePoints();
    }
    if (value instanceof Sequence sequence) {
      return sequence.items().size();
    }
    if (value instanceof Dict dict) {
      return dict.size();
    }
    if (value instanceof Undefined) {
      return 0;
    }
    if (value instanceof Loop loop) {
      return loop.length();
    }
    throw new TemplateException(Kind.TYPE, "object of type '" + typeName(value) + "' has no len()");
  }
}
