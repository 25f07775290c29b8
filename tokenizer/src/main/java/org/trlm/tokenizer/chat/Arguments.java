package org.trlm.tokenizer.chat;

import java.util.List;
import java.util.Map;
import org.trlm.tokenizer.chat.TemplateException.Kind;

/** The arguments of one call, evaluated: those by position, and those by name in order. */
record Arguments(List<Object> positional, Map<String, Object> named) {
  static final Arguments NONE = new Arguments(List.of(), Map.of());

  /** Marks a parameter that was not given. */
  static final Object MISSING =
      new Object() {
        @Override
        public String toString() {
          return "missing";
        }
      };

  static Arguments of(Object... positional) {
    return new Arguments(java.util.Arrays.asList(positional), Map.of());
  }

  /**
   * The values of the parameters, in order, {@link #MISSING} where not given.
   *
   * @param required how many of the first parameters must be given
   */
  Object[] bind(String callee, int required, String... parameters) {
    Object[] values = new Object[parameters.length];
    java.util.Arrays.fill(values, MISSING);
    if (positional.size() > parameters.length) {
      throw new TemplateException(
          Kind.TYPE,
          callee
              + "() takes at most "
              + parameters.length
              + " arguments ("
              + positional.size()
              + " given)");
    }
    for (int i = 0; i < positional.size(); i++) {
      values[i] = positional.get(i);
    }
    for (Map.Entry<String, Object> entry : named.entrySet()) {
      int index = java.util.Arrays.asList(parameters).indexOf(entry.getKey());
      if (index < 0) {
        throw new TemplateException(
            Kind.TYPE,
            callee
                + "() got an unexpected keyword argument '"
                + Printer.shorten(entry.getKey())
                + "'");
      }
      if (values[index] != MISSING) {
        throw new TemplateException(
            Kind.TYPE, callee + "() got multiple values for argument '" + entry.getKey() + "'");
      }
      values[index] = entry.getValue();
    }
    for (int i = 0; i < required; i++) {
      if (values[i] == MISSING) {
        throw new TemplateException(
            Kind.TYPE, callee + "() missing required argument: '" + parameters[i] + "'");
      }
    }
    return values;
  }

  /** For what takes arguments by position only, as most methods of Python's strings do. */
  Object[] bindPositional(String callee, int required, int most) {
    if (!named.isEmpty()) {
      throw new TemplateException(Kind.TYPE, callee + "() takes no keyword arguments");
    }
    if (positional.size() < required || positional.size() > most) {
      throw new TemplateException(
          Kind.TYPE,
          callee
              + "() takes "
              + (required == most ? "" : "from " + required + " to ")
              + most
              + " arguments ("
              + positional.size()
              + " given)");
    }
    Object[] values = new Object[most];
    java.util.Arrays.fill(values, MISSING);
    for (int i = 0; i < positional.size(); i++) {
      values[i] = positional.get(i);
    }
    return values;
  }
}
