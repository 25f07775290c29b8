package org.trlm.tokenizer.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.IntPredicate;
import org.trlm.tokenizer.chat.TemplateException.Kind;
import org.trlm.tokenizer.chat.TextTools.Side;
import org.trlm.tokenizer.chat.Values.Sequence;
import org.trlm.tokenizer.chat.Values.SequenceKind;

/** The methods of Python's {@code str}. */
final class TextMethods {
  interface Method {
    Object call(MarkedString self, Arguments arguments, Interpreter interpreter);
  }

  private interface Plain {
    Object apply(MarkedString self, Budget budget);
  }

  private TextMethods() {}

  static void define(BiConsumer<String, Method> methods) {
    plain(methods, "upper", TextTools::upper);
    plain(methods, "lower", TextTools::lower);
    plain(methods, "capitalize", TextTools::capitalize);
    plain(methods, "title", (self, budget) -> TextTools.title(self, c -> !isCased(c), budget));
    plain(methods, "isspace", (self, budget) -> all(self, PythonText::isSpace));
    plain(methods, "isdigit", (self, budget) -> all(self, Character::isDigit));
    plain(methods, "isdecimal", (self, budget) -> all(self, Character::isDigit));
    plain(methods, "isnumeric", (self, budget) -> all(self, Character::isDigit));
    plain(methods, "isalpha", (self, budget) -> all(self, Character::isLetter));
    plain(methods, "isalnum", (self, budget) -> all(self, Character::isLetterOrDigit));
    plain(methods, "isupper", (self, budget) -> Tests.isCased(self.text(), true));
    plain(methods, "islower", (self, budget) -> Tests.isCased(self.text(), false));
    for (Side side : Side.values()) {
      String name = side == Side.BOTH ? "strip" : side == Side.LEFT ? "lstrip" : "rstrip";
      methods.accept(
          name,
          (self, arguments, interpreter) ->
              TextTools.strip(
                  self, arguments.bindPositional(name, 0, 1)[0], side, interpreter.budget()));
    }
    methods.accept(
        "split", (self, arguments, interpreter) -> split(self, arguments, interpreter, false));
    methods.accept(
        "rsplit", (self, arguments, interpreter) -> split(self, arguments, interpreter, true));
    methods.accept("splitlines", TextMethods::splitLines);
    methods.accept(
        "startswith",
        (self, arguments, interpreter) -> fix(self, arguments, interpreter, "startswith"));
    methods.accept(
        "endswith",
        (self, arguments, interpreter) -> fix(self, arguments, interpreter, "endswith"));
    methods.accept(
        "removeprefix",
        (self, arguments, interpreter) -> remove(self, arguments, interpreter, true));
    methods.accept(
        "removesuffix",
        (self, arguments, interpreter) -> remove(self, arguments, interpreter, false));
    methods.accept("replace", TextMethods::replace);
    methods.accept(
        "find", (self, arguments, interpreter) -> find(self, arguments, interpreter, "find"));
    methods.accept(
        "rfind", (self, arguments, interpreter) -> find(self, arguments, interpreter, "rfind"));
    methods.accept(
        "index", (self, arguments, interpreter) -> find(self, arguments, interpreter, "index"));
    methods.accept(
        "rindex", (self, arguments, interpreter) -> find(self, arguments, interpreter, "rindex"));
    methods.accept("count", TextMethods::count);
    methods.accept("join", TextMethods::join);
    methods.accept("format", BraceFormat::format);
    methods.accept(
        "partition",
        (self, arguments, interpreter) -> partition(self, arguments, interpreter, true));
    methods.accept(
        "rpartition",
        (self, arguments, interpreter) -> partition(self, arguments, interpreter, false));
    methods.accept(
        "ljust", (self, arguments, interpreter) -> pad(self, arguments, interpreter, "ljust"));
    methods.accept(
        "rjust", (self, arguments, interpreter) -> pad(self, arguments, interpreter, "rjust"));
    methods.accept(
        "center", (self, arguments, interpreter) -> pad(self, arguments, interpreter, "center"));
    methods.accept("zfill", TextMethods::zeroFill);
  }

  private static void plain(BiConsumer<String, Method> methods, String name, Plain method) {
    methods.accept(
        name,
        (self, arguments, interpreter) -> {
          arguments.bindPositional(name, 0, 0);
          interpreter.budget().read(self.length());
          return method.apply(self, interpreter.budget());
        });
  }

  private static boolean isCased(int c) {
    return Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
  }

  private static boolean all(MarkedString self, IntPredicate test) {
    return !self.isEmpty() && self.text().codePoints().allMatch(test);
  }

  private static MarkedString text(Object value, String problem) {
    if (!(value instanceof MarkedString text)) {
      throw new TemplateException(Kind.TYPE, problem + ", not " + Operators.typeName(value));
    }
    return text;
  }

  private static long limit(Object value) {
    if (value == Arguments.MISSING) {
      return -1;
    }
    Operators.requireWhole(value);
    return Operators.whole(value);
  }

  private static Object split(
      MarkedString self, Arguments arguments, Interpreter interpreter, boolean fromRight) {
    Object[] bound = arguments.bind("split", 0, "sep", "maxsplit");
    long most = limit(bound[1]);
    return Sequence.list(
        fromRight
            ? TextTools.splitFromRight(self, bound[0], most, interpreter.budget())
            : TextTools.split(self, bound[0], most, interpreter.budget()));
  }

  private static Object splitLines(
      MarkedString self, Arguments arguments, Interpreter interpreter) {
    Object keep = arguments.bind("splitlines", 0, "keepends")[0];
    return Sequence.list(
        TextTools.splitLines(
            self, keep != Arguments.MISSING && Operators.truth(keep), interpreter.budget()));
  }

  private static Object fix(
      MarkedString self, Arguments arguments, Interpreter interpreter, String name) {
    Object[] bound = arguments.bindPositional(name, 1, 3);
    MarkedString part = (MarkedString) part(self, bound, interpreter.budget());
    List<Object> fixes =
        bound[0] instanceof Sequence tuple && tuple.kind() == SequenceKind.TUPLE
            ? tuple.items()
            : List.of(bound[0] == null ? Arguments.NONE : bound[0]);
    for (Object fix : fixes) {
      if (!(fix instanceof MarkedString wanted)) {
        throw new TemplateException(
            Kind.TYPE,
            name
                + " first arg must be str or a tuple of str, not "
                + (fix == Arguments.NONE ? "NoneType" : Operators.typeName(fix)));
      }
      interpreter.budget().read(wanted.length());
      if (name.equals("startswith")
          ? part.text().startsWith(wanted.text())
          : part.text().endsWith(wanted.text())) {
        return true;
      }
    }
    return false;
  }

  /** {@code self[start:end]} of the optional last two arguments. */
  private static Object part(MarkedString self, Object[] bound, Budget budget) {
    Object start = bound[1] == Arguments.MISSING ? null : bound[1];
    Object end = bound[2] == Arguments.MISSING ? null : bound[2];
    return start == null && end == null ? self : Access.slice(self, start, end, null, budget);
  }

  private static Object remove(
      MarkedString self, Arguments arguments, Interpreter interpreter, boolean prefix) {
    String name = prefix ? "removeprefix" : "removesuffix";
    MarkedString fix =
        text(arguments.bindPositional(name, 1, 1)[0], name + "() argument must be str");
    boolean there = prefix ? self.text().startsWith(fix.text()) : self.text().endsWith(fix.text());
    if (!there || fix.isEmpty()) {
      return self;
    }
    return prefix
        ? self.substring(fix.length(), self.length(), interpreter.budget())
        : self.substring(0, self.length() - fix.length(), interpreter.budget());
  }

  private static Object replace(MarkedString self, Arguments arguments, Interpreter interpreter) {
    Object[] bound = arguments.bindPositional("replace", 2, 3);
    Budget budget = interpreter.budget();
    MarkedString old = text(bound[0], "replace() argument 1 must be str");
    MarkedString by = text(bound[1], "replace() argument 2 must be str");
    MarkedString escaped = self.isMarkup() ? Markup.escape(by, budget) : by;
    return TextTools.replace(self, old, escaped, limit(bound[2]), budget).asMarkup(self.isMarkup());
  }

  private static Object find(
      MarkedString self, Arguments arguments, Interpreter interpreter, String name) {
    Object[] bound = arguments.bindPositional(name, 1, 3);
    MarkedString wanted = text(bound[0], "must be str");
    MarkedString within = (MarkedString) part(self, bound, interpreter.budget());
    int found =
        name.startsWith("r")
            ? within.text().lastIndexOf(wanted.text())
            : Operators.indexOf(within.text(), wanted.text(), 0, interpreter.budget());
    interpreter.budget().read((long) within.length() * Math.max(1, wanted.length() / 64));
    if (found < 0) {
      if (name.endsWith("index")) {
        throw new TemplateException(Kind.VALUE, "substring not found");
      }
      return -1L;
    }
    long offset = 0;
    if (bound[1] != Arguments.MISSING && bound[1] != null) {
      long start = Operators.whole(bound[1]);
      offset =
          Math.max(0, Math.min(self.codePoints(), start < 0 ? start + self.codePoints() : start));
    }
    return offset + within.text().codePointCount(0, found);
  }

  private static Object count(MarkedString self, Arguments arguments, Interpreter interpreter) {
    Object[] bound = arguments.bindPositional("count", 1, 3);
    MarkedString wanted = text(bound[0], "must be str");
    MarkedString within = (MarkedString) part(self, bound, interpreter.budget());
    if (wanted.isEmpty()) {
      return (long) within.codePoints() + 1;
    }
    long count = 0;
    int at = 0;
    while (true) {
      at = Operators.indexOf(within.text(), wanted.text(), at, interpreter.budget());
      if (at < 0) {
        return count;
      }
      interpreter.budget().step();
      count++;
      at += wanted.length();
    }
  }

  private static Object join(MarkedString self, Arguments arguments, Interpreter interpreter) {
    Object items = arguments.bindPositional("join", 1, 1)[0];
    if (!Operators.isIterable(items)) {
      throw new TemplateException(Kind.TYPE, "can only join an iterable");
    }
    List<Object> parts = new ArrayList<>();
    for (Object item : Operators.list(items, interpreter.budget())) {
      if (!(item instanceof MarkedString)) {
        throw new TemplateException(
            Kind.TYPE,
            "sequence item "
                + parts.size()
                + ": expected str instance, "
                + Operators.typeName(item)
                + " found");
      }
      parts.add(item);
    }
    return TextTools.join(self, parts, interpreter.budget());
  }

  private static Object partition(
      MarkedString self, Arguments arguments, Interpreter interpreter, boolean first) {
    String wanted = TextTools.separatorText(arguments.bindPositional("partition", 1, 1)[0]);
    Budget budget = interpreter.budget();
    int found =
        first ? Operators.indexOf(self.text(), wanted, 0, budget) : self.text().lastIndexOf(wanted);
    if (found < 0) {
      return first
          ? Sequence.tuple(self, MarkedString.EMPTY, MarkedString.EMPTY)
          : Sequence.tuple(MarkedString.EMPTY, MarkedString.EMPTY, self);
    }
    int end = found + wanted.length();
    return Sequence.tuple(
        self.substring(0, found, budget),
        self.substring(found, end, budget),
        self.substring(end, self.length(), budget));
  }

  private static Object pad(
      MarkedString self, Arguments arguments, Interpreter interpreter, String name) {
    Object[] bound = arguments.bindPositional(name, 1, 2);
    Operators.requireWhole(bound[0]);
    long width = Operators.whole(bound[0]);
    MarkedString fill =
        bound[1] == Arguments.MISSING
            ? MarkedString.trusted(" ")
            : text(bound[1], "fill must be str");
    if (fill.codePoints() != 1) {
      throw new TemplateException(
          Kind.TYPE, "The fill character must be exactly one character long");
    }
    long padding = Math.max(0, width - self.codePoints());
    long left =
        name.equals("ljust")
            ? 0
            : name.equals("rjust") ? padding : padding / 2 + (padding & width & 1);
    return new MarkedString.Builder(interpreter.budget())
        .repeat(fill, left)
        .append(self)
        .repeat(fill, padding - left)
        .build();
  }

  private static Object zeroFill(MarkedString self, Arguments arguments, Interpreter interpreter) {
    Object width = arguments.bindPositional("zfill", 1, 1)[0];
    Operators.requireWhole(width);
    int sign = self.text().startsWith("-") || self.text().startsWith("+") ? 1 : 0;
    return new MarkedString.Builder(interpreter.budget())
        .append(self, 0, sign)
        .repeat(MarkedString.trusted("0"), Operators.whole(width) - self.codePoints())
        .append(self, sign, self.length())
        .build();
  }
}
