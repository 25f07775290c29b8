package org.trlm.tokenizer.chat;

import java.math.BigInteger;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.trlm.tokenizer.chat.TemplateException.Kind;
import org.trlm.tokenizer.chat.Values.Dict;
import org.trlm.tokenizer.chat.Values.Function;
import org.trlm.tokenizer.chat.Values.Namespace;
import org.trlm.tokenizer.chat.Values.Sequence;
import org.trlm.tokenizer.chat.Values.SequenceKind;

/**
 * The functions every template finds: {@code namespace}, {@code range}, {@code dict}, {@code
 * raise_exception}.
 */
final class Functions {
  /** What Jinja's sandbox allows. */
  private static final int MAX_RANGE = 100_000;

  private static final Set<String> UNSUPPORTED = Set.of("lipsum", "cycler", "joiner");

  private Functions() {}

  static void define(Scope scope) {
    scope.set(
        "namespace",
        new Function(
            "type", (interpreter, arguments) -> new Namespace(dict(interpreter, arguments))));
    scope.set("dict", new Function("type", Functions::dict));
    scope.set("range", new Function("function", (interpreter, arguments) -> range(arguments)));
    scope.set("raise_exception", new Function("function", Functions::raise));
  }

  static void refuseUnsupported(String name) {
    if (UNSUPPORTED.contains(name)) {
      throw new TemplateException(
          Kind.UNSUPPORTED, "the function '" + name + "' is not supported in chat templates");
    }
  }

  private static Object raise(Interpreter interpreter, Arguments arguments) {
    Object message = arguments.bind("raise_exception", 1, "message")[0];
    String text = Printer.text(message, interpreter.budget()).text();
    throw new TemplateException(
        Kind.RAISED, text.isBlank() ? "raise_exception was called without a reason" : text);
  }

  private static Dict dict(Interpreter interpreter, Arguments arguments) {
    Dict dict = new Dict();
    if (arguments.positional().size() > 1) {
      throw new TemplateException(
          Kind.TYPE, "dict expected at most 1 argument, got " + arguments.positional().size());
    }
    if (!arguments.positional().isEmpty()) {
      Object source = arguments.positional().get(0);
      if (source instanceof Dict other) {
        interpreter.budget().items(other.size());
        other.entries().forEach(entry -> dict.put(entry.key(), entry.value()));
      } else {
        pairs(interpreter, source, dict);
      }
    }
    for (Map.Entry<String, Object> entry : arguments.named().entrySet()) {
      dict.put(entry.getKey(), entry.getValue());
    }
    return dict;
  }

  private static void pairs(Interpreter interpreter, Object source, Dict dict) {
    Iterator<Object> items = Operators.iterate(source, interpreter.budget());
    while (items.hasNext()) {
      Object item = items.next();
      if (!Operators.isIterable(item)) {
        throw new TemplateException(
            Kind.TYPE, "cannot convert dictionary update sequence element to a sequence");
      }
      List<Object> pair = Operators.list(item, interpreter.budget());
      if (pair.size() != 2) {
        throw new TemplateException(
            Kind.VALUE,
            "dictionary update sequence element has length " + pair.size() + "; 2 is required");
      }
      dict.put(pair.get(0), pair.get(1));
    }
  }

  private static Object range(Arguments arguments) {
    Object[] bound = arguments.bindPositional("range", 1, 3);
    boolean onlyStop = bound[1] == Arguments.MISSING;
    long start = onlyStop ? 0 : whole(bound[0]);
    long stop = whole(onlyStop ? bound[0] : bound[1]);
    long step = bound[2] == Arguments.MISSING ? 1 : whole(bound[2]);
    if (step == 0) {
      throw new TemplateException(Kind.VALUE, "range() arg 3 must not be zero");
    }
    BigInteger span =
        BigInteger.valueOf(step > 0 ? stop : start)
            .subtract(BigInteger.valueOf(step > 0 ? start : stop));
    BigInteger stride = BigInteger.valueOf(step).abs();
    BigInteger size =
        span.signum() <= 0
            ? BigInteger.ZERO
            : span.subtract(BigInteger.ONE).divide(stride).add(BigInteger.ONE);
    if (size.compareTo(BigInteger.valueOf(MAX_RANGE)) > 0) {
      throw new TemplateException(
          Kind.OVERFLOW,
          "Range too big. The sandbox blocks ranges larger than MAX_RANGE (" + MAX_RANGE + ").");
    }
    return new Sequence(
        SequenceKind.RANGE, new Values.RangeItems(start, stop, step, size.intValue()));
  }

  private static long whole(Object value) {
    Operators.requireWhole(value);
    return Operators.whole(value);
  }
}
