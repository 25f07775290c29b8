package org.trlm.tokenizer.chat;

import java.util.ArrayList;
import java.util.List;
import org.trlm.tokenizer.chat.TemplateException.Kind;
import org.trlm.tokenizer.chat.Values.Dict;
import org.trlm.tokenizer.chat.Values.Namespace;
import org.trlm.tokenizer.chat.Values.Sequence;
import org.trlm.tokenizer.chat.Values.Undefined;

/**
 * {@code a.b}, {@code a[b]} and {@code a[b:c:d]}, with Jinja's order: a dot asks for the method
 * first, brackets for the key first.
 */
final class Access {
  private Access() {}

  static Object attribute(Object target, String name, Budget budget) {
    if (target instanceof Undefined undefined) {
      throw undefined.fail();
    }
    Object attribute = ownAttribute(target, name);
    if (attribute != Arguments.MISSING) {
      return attribute;
    }
    return target instanceof Dict dict
        ? dict.get(MarkedString.trusted(name), missing(target, name))
        : missing(target, name);
  }

  static Object item(Object target, Object key, Budget budget) {
    if (target instanceof Undefined undefined) {
      throw undefined.fail();
    }
    Object found = Arguments.MISSING;
    if (target instanceof Dict dict) {
      found = isHashable(key) ? dict.get(key, Arguments.MISSING) : Arguments.MISSING;
    } else if (target instanceof Sequence sequence
        && !sequence.kind().isView()
        && Operators.isWhole(key)) {
      int index = index(Operators.whole(key), sequence.items().size());
      found = index < 0 ? Arguments.MISSING : sequence.items().get(index);
    } else if (target instanceof MarkedString text && Operators.isWhole(key)) {
      found = character(text, Operators.whole(key), budget);
    }
    if (found == Arguments.MISSING && key instanceof MarkedString name) {
      found = ownAttribute(target, name.text());
    }
    return found == Arguments.MISSING ? missing(target, key) : found;
  }

  private static boolean isHashable(Object key) {
    return !(key instanceof Dict)
        && !(key instanceof Sequence sequence && sequence.kind() != Values.SequenceKind.TUPLE);
  }

  private static int index(long index, int size) {
    long wanted = index < 0 ? index + size : index;
    return wanted < 0 || wanted >= size ? -1 : (int) wanted;
  }

  private static Object character(MarkedString text, long key, Budget budget) {
    int index = index(key, text.codePoints());
    if (index < 0) {
      return Arguments.MISSING;
    }
    int from = text.indexOf(index);
    budget.read(from);
    return text.substring(from, from + Character.charCount(text.text().codePointAt(from)), budget);
  }

  /**
   * What the type of the value brings: methods, fields of namespaces and loops; {@link
   * Arguments#MISSING} when nothing.
   */
  private static Object ownAttribute(Object target, String name) {
    if (name.startsWith("__")) {
      return new Undefined(
          "access to attribute '"
              + Printer.shorten(name)
              + "' of '"
              + Operators.typeName(target)
              + "' object is unsafe.",
          Kind.SECURITY);
    }
    if (target instanceof Namespace namespace) {
      return namespace.fields().get(MarkedString.trusted(name), Arguments.MISSING);
    }
    if (target instanceof Loop loop) {
      return loop.field(name);
    }
    return Methods.find(target, name);
  }

  private static Object missing(Object target, Object key) {
    String type = target == null ? "None" : typeInMessages(target) + " object";
    return key instanceof MarkedString || key instanceof String
        ? Undefined.of("'" + type + "' has no attribute " + Printer.quoted(key.toString()))
        : Undefined.of(
            type
                + " has no element "
                + (key instanceof Long
                        || key instanceof Boolean
                        || key instanceof Double
                        || key == null
                    ? Printer.text(key, new Budget()).text()
                    : "of type " + Operators.typeName(key)));
  }

  private static String typeInMessages(Object target) {
    return target instanceof Namespace ? "jinja2.utils.Namespace" : Operators.typeName(target);
  }

  static Object slice(Object target, Object start, Object stop, Object step, Budget budget) {
    if (target instanceof Undefined undefined) {
      throw undefined.fail();
    }
    boolean text = target instanceof MarkedString;
    if (!text && !(target instanceof Sequence sequence && !sequence.kind().isView())) {
      throw new TemplateException(
          Kind.TYPE,
          target instanceof Dict
              ? "unhashable type: 'slice'"
              : "'" + Operators.typeName(target) + "' object is not subscriptable");
    }
    long by = bound(step, 1);
    if (by == 0) {
      throw new TemplateException(Kind.VALUE, "slice step cannot be zero");
    }
    long size = Operators.length(target);
    long from = clamp(bound(start, by > 0 ? 0 : Long.MAX_VALUE), start == null, size, by);
    long to = stop == null ? (by > 0 ? size : -1) : clamp(bound(stop, 0), false, size, by);
    return text
        ? sliceText((MarkedString) target, from, to, by, budget)
        : sliceItems((Sequence) target, from, to, by, budget);
  }

  private static long bound(Object value, long otherwise) {
    if (value == null) {
      return otherwise;
    }
    if (!Operators.isWhole(value)) {
      throw new TemplateException(
          Kind.TYPE, "slice indices must be integers or None or have an __index__ method");
    }
    return Operators.whole(value);
  }

  private static long clamp(long bound, boolean absent, long size, long step) {
    long lowest = step > 0 ? 0 : -1;
    long highest = step > 0 ? size : size - 1;
    long index = !absent && bound < 0 ? bound + size : bound;
    return Math.max(lowest, Math.min(highest, index));
  }

  private static Object sliceItems(
      Sequence sequence, long from, long to, long step, Budget budget) {
    long count = count(from, to, step);
    if (sequence.items() instanceof Values.RangeItems range) {
      return range.slice(from, to, step, (int) count);
    }
    budget.items(count);
    List<Object> items = new ArrayList<>((int) count);
    for (long i = 0; i < count; i++) {
      items.add(sequence.items().get((int) (from + i * step)));
    }
    return new Sequence(
        sequence.kind() == Values.SequenceKind.TUPLE
            ? Values.SequenceKind.TUPLE
            : Values.SequenceKind.LIST,
        items);
  }

  private static long count(long from, long to, long step) {
    long span = step > 0 ? to - from : from - to;
    long stride = step == Long.MIN_VALUE ? Long.MAX_VALUE : Math.abs(step);
    return span <= 0 ? 0 : (span - 1) / stride + 1;
  }

  private static Object sliceText(MarkedString text, long from, long to, long step, Budget budget) {
    if (step == 1) {
      return from >= to
          ? MarkedString.EMPTY
          : text.substring(text.indexOf((int) from), text.indexOf((int) to), budget);
    }
    long count = count(from, to, step);
    MarkedString.Builder out = new MarkedString.Builder(budget);
    if (count > 0) {
      int at = text.indexOf((int) from);
      for (long i = 0; i < count; i++) {
        budget.step();
        out.append(text, at, at + Character.charCount(text.text().codePointAt(at)));
        if (i + 1 < count) {
          at =
              text.text().length() == text.codePoints()
                  ? (int) (at + step)
                  : text.text().offsetByCodePoints(at, (int) step);
        }
      }
    }
    return out.build().asMarkup(text.isMarkup());
  }
}
