package org.trlm.tokenizer.chat;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.trlm.tokenizer.chat.TemplateException.Kind;

/**
 * The filters and tests there are, by name; and those that only Jinja has, to refuse them by name.
 */
final class Builtins {
  /** {@code value | name(arguments)}. */
  interface Filter {
    Object apply(Interpreter interpreter, Object value, Arguments arguments);
  }

  /** {@code value is name(arguments)}. */
  interface Test {
    boolean holds(Interpreter interpreter, Object value, Arguments arguments);
  }

  private static final Map<String, Filter> FILTERS = new HashMap<>();
  private static final Map<String, Test> TESTS = new HashMap<>();

  private static final Set<String> UNSUPPORTED_FILTERS =
      Set.of(
          "filesizeformat",
          "forceescape",
          "pprint",
          "random",
          "striptags",
          "urlencode",
          "urlize",
          "wordwrap",
          "xmlattr");

  static {
    TextFilters.define(FILTERS);
    ItemFilters.define(FILTERS);
    GeneratorFilters.define(FILTERS);
    Tests.define(TESTS);
  }

  private Builtins() {}

  static boolean hasFilter(String name) {
    return FILTERS.containsKey(name);
  }

  static boolean hasTest(String name) {
    return TESTS.containsKey(name);
  }

  static boolean isUnsupported(String what, String name) {
    return what.equals("filter") && UNSUPPORTED_FILTERS.contains(name);
  }

  static String unsupported(String what, String name) {
    return "the " + what + " '" + name + "' is not supported in chat templates";
  }

  static Filter filter(String name) {
    Filter filter = FILTERS.get(name);
    if (filter == null) {
      throw missing("filter", name);
    }
    return filter;
  }

  static Test test(String name) {
    Test test = TESTS.get(name);
    if (test == null) {
      throw missing("test", name);
    }
    return test;
  }

  private static TemplateException missing(String what, String name) {
    return isUnsupported(what, name)
        ? new TemplateException(Kind.UNSUPPORTED, unsupported(what, name))
        : new TemplateException(
            Kind.RUNTIME, "No " + what + " named " + Printer.quoted(name) + " found.");
  }
}
