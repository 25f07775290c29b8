package org.trlm.tokenizer.chat;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import org.trlm.tokenizer.chat.TemplateException.Kind;
import org.trlm.tokenizer.chat.Values.Undefined;

/**
 * The {@code loop} of a for statement. It looks ahead only when asked, as a generator may not be
 * read early.
 */
final class Loop implements Values.Callable {
  private static final Object NOTHING = Arguments.MISSING;

  private final Object iterable;
  private final Budget budget;
  private final int depth0;
  private final Function<Object, Object> recurse;
  private Iterator<Object> items;
  private long index0 = -1;
  private long length = -1;
  private Object after = NOTHING;
  private Object current = NOTHING;
  private Object before = NOTHING;
  private Object lastChanged = NOTHING;

  /**
   * @param recurse renders the body again over other items; null when the loop is not recursive
   */
  Loop(
      Object iterable,
      Iterator<Object> items,
      int depth0,
      Function<Object, Object> recurse,
      Budget budget) {
    this.iterable = iterable;
    this.items = items;
    this.depth0 = depth0;
    this.recurse = recurse;
    this.budget = budget;
  }

  /** Moves to the next item. */
  boolean advance() {
    Object next = peek();
    if (next == NOTHING) {
      return false;
    }
    after = NOTHING;
    index0++;
    before = current;
    current = next;
    return true;
  }

  Object current() {
    return current;
  }

  private Object peek() {
    if (after == NOTHING && items.hasNext()) {
      after = items.next();
    }
    return after;
  }

  /** What is left, for a template that iterates over the loop itself. */
  Iterator<Object> rest() {
    throw new TemplateException(Kind.UNSUPPORTED, "iterating over 'loop' itself is not supported");
  }

  long length() {
    if (length < 0) {
      if (iterable == null) {
        List<Object> rest = new ArrayList<>();
        while (items.hasNext()) {
          budget.items(1);
          rest.add(items.next());
        }
        items = rest.iterator();
        length = rest.size() + index0 + 1 + (after == NOTHING ? 0 : 1);
      } else {
        length = Operators.length(iterable);
      }
    }
    return length;
  }

  /** A field of the loop, or {@link Arguments#MISSING}. */
  Object field(String name) {
    return switch (name) {
      case "index" -> index0 + 1;
      case "index0" -> index0;
      case "first" -> index0 == 0;
      case "last" -> peek() == NOTHING;
      case "length" -> length();
      case "revindex" -> length() - index0;
      case "revindex0" -> length() - index0 - 1;
      case "depth" -> (long) depth0 + 1;
      case "depth0" -> (long) depth0;
      case "previtem" -> index0 == 0 ? Undefined.of("there is no previous item") : before;
      case "nextitem" -> peek() == NOTHING ? Undefined.of("there is no next item") : peek();
      case "cycle" -> new Values.Function("method", (interpreter, arguments) -> cycle(arguments));
      case "changed" ->
          new Values.Function("method", (interpreter, arguments) -> changed(arguments));
      default -> NOTHING;
    };
  }

  private Object cycle(Arguments arguments) {
    List<Object> values = arguments.positional();
    if (values.isEmpty()) {
      throw new TemplateException(Kind.TYPE, "no items for cycling given");
    }
    return values.get((int) (index0 % values.size()));
  }

  private Object changed(Arguments arguments) {
    Object values = Values.Sequence.tuple(arguments.positional().toArray());
    boolean changed = lastChanged == NOTHING || !Operators.same(lastChanged, values, budget);
    lastChanged = values;
    return changed;
  }

  int depth() {
    return depth0 + 1;
  }

  @Override
  public Object call(Interpreter interpreter, Arguments arguments) {
    if (recurse == null) {
      throw new TemplateException(
          Kind.TYPE, "The loop must have the 'recursive' marker to be called recursively.");
    }
    return recurse.apply(arguments.bind("loop", 1, "iterable")[0]);
  }

  @Override
  public String typeName() {
    return "LoopContext";
  }
}
