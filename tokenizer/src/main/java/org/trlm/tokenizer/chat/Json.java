package org.trlm.tokenizer.chat;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.trlm.tokenizer.chat.TemplateException.Kind;
import org.trlm.tokenizer.chat.Values.Dict;
import org.trlm.tokenizer.chat.Values.Sequence;
import org.trlm.tokenizer.chat.Values.SequenceKind;

/** Python's {@code json.dumps}, as the filter {@code tojson} of transformers calls it. */
final class Json {
  private final Budget budget;
  private final MarkedString.Builder out;
  private final boolean ascii;
  private final MarkedString indent;
  private final MarkedString itemSeparator;
  private final MarkedString keySeparator;
  private final boolean sortKeys;

  private Json(
      Budget budget, boolean ascii, MarkedString indent, Object separators, boolean sortKeys) {
    this.budget = budget;
    this.out = new MarkedString.Builder(budget);
    this.ascii = ascii;
    this.indent = indent;
    this.sortKeys = sortKeys;
    if (separators == null) {
      itemSeparator = MarkedString.trusted(indent == null ? ", " : ",");
      keySeparator = MarkedString.trusted(": ");
    } else {
      List<Object> pair = Operators.list(separators, budget);
      if (pair.size() != 2
          || !(pair.get(0) instanceof MarkedString item)
          || !(pair.get(1) instanceof MarkedString key)) {
        throw new TemplateException(
            Kind.VALUE, "tojson: separators must be two strings, (item, key)");
      }
      itemSeparator = item;
      keySeparator = key;
    }
  }

  /** {@code value | tojson(ensure_ascii, indent, separators, sort_keys)}. */
  static Object filter(Interpreter interpreter, Object value, Arguments arguments) {
    Object[] bound =
        arguments.bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
    Budget budget = interpreter.budget();
    Object indent = bound[1] == Arguments.MISSING ? null : bound[1];
    MarkedString indentText = null;
    if (indent instanceof MarkedString text) {
      indentText = text;
    } else if (Operators.isWhole(indent)) {
      indentText =
          new MarkedString.Builder(budget)
              .repeat(MarkedString.trusted(" "), Operators.whole(indent))
              .build();
    } else if (indent != null) {
      throw new TemplateException(
          Kind.TYPE,
          "tojson: indent must be a number or a string, found '"
              + Operators.typeName(indent)
              + "'");
    }
    Json json =
        new Json(
            budget,
            bound[0] != Arguments.MISSING && Operators.truth(bound[0]),
            indentText,
            bound[2] == Arguments.MISSING ? null : bound[2],
            bound[3] != Arguments.MISSING && Operators.truth(bound[3]));
    json.write(value, 0);
    return json.out.build();
  }

  private void write(Object value, int level) {
    budget.step();
    if (value == null) {
      out.append("null");
    } else if (value instanceof Boolean b) {
      out.append(b ? "true" : "false");
    } else if (value instanceof Long l) {
      out.append(Long.toString(l));
    } else if (value instanceof Double d) {
      out.append(number(d));
    } else if (value instanceof MarkedString string) {
      string(string);
    } else {
      budget.enter();
      if (value instanceof Dict dict) {
        dict(dict, level);
      } else if (value instanceof Sequence list
          && (list.kind() == SequenceKind.LIST || list.kind() == SequenceKind.TUPLE)) {
        list(list.items(), level);
      } else {
        throw new TemplateException(
            Kind.TYPE, "Object of type " + Operators.typeName(value) + " is not JSON serializable");
      }
      budget.leave();
    }
  }

  private static String number(double value) {
    return Double.isNaN(value)
        ? "NaN"
        : Double.isInfinite(value) ? (value > 0 ? "Infinity" : "-Infinity") : Printer.number(value);
  }

  private void list(List<Object> items, int level) {
    if (items.isEmpty()) {
      out.append("[]");
      return;
    }
    out.append("[");
    Iterator<Object> iterator = items.iterator();
    while (iterator.hasNext()) {
      newLine(level + 1);
      write(iterator.next(), level + 1);
      if (iterator.hasNext()) {
        out.append(itemSeparator);
      }
    }
    newLine(level);
    out.append("]");
  }

  private void dict(Dict dict, int level) {
    if (dict.size() == 0) {
      out.append("{}");
      return;
    }
    List<Dict.Entry> entries = new ArrayList<>(dict.entries());
    if (sortKeys) {
      Sorting.sort(entries, Dict.Entry::key, false, budget);
    }
    out.append("{");
    Iterator<Dict.Entry> iterator = entries.iterator();
    while (iterator.hasNext()) {
      Dict.Entry entry = iterator.next();
      newLine(level + 1);
      string(key(entry.key()));
      out.append(keySeparator);
      write(entry.value(), level + 1);
      if (iterator.hasNext()) {
        out.append(itemSeparator);
      }
    }
    newLine(level);
    out.append("}");
  }

  private MarkedString key(Object key) {
    if (key instanceof MarkedString string) {
      return string;
    }
    if (key == null || key instanceof Boolean) {
      return MarkedString.trusted(key == null ? "null" : key.toString());
    }
    if (key instanceof Long || key instanceof Double) {
      return MarkedString.trusted(key instanceof Double d ? number(d) : key.toString());
    }
    throw new TemplateException(
        Kind.TYPE, "keys must be str, int, float, bool or None, not " + Operators.typeName(key));
  }

  private void newLine(int level) {
    if (indent != null) {
      out.append("\n").repeat(indent, level);
    }
  }

  private void string(MarkedString string) {
    out.append("\"");
    String text = string.text();
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      String escape = escape(text.charAt(i));
      if (escape != null) {
        out.append(string, from, i).append(escape, string.isMarkedAt(i));
        from = i + 1;
      }
    }
    out.append(string, from, text.length()).append("\"");
  }

  private String escape(char c) {
    return switch (c) {
      case '"' -> "\\\"";
      case '\\' -> "\\\\";
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      case '\f' -> "\\f";
      case '\b' -> "\\b";
      default -> c < 0x20 || (ascii && c > 0x7f) ? String.format("\\u%04x", (int) c) : null;
    };
  }
}
