package org.trlm.tokenizer.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.trlm.tokenizer.chat.TemplateException.Kind;

/**
 * Python's string operations on marked text; each keeps the marks of the characters that it keeps.
 */
final class TextTools {
  private static final MarkedString NEWLINE = MarkedString.trusted("\n");

  private TextTools() {}

  static MarkedString upper(MarkedString text, Budget budget) {
    return bySegment(text, part -> part.toUpperCase(Locale.ROOT), budget);
  }

  static MarkedString lower(MarkedString text, Budget budget) {
    return bySegment(text, part -> part.toLowerCase(Locale.ROOT), budget);
  }

  /**
   * Changes marked and unmarked stretches on their own, so that each result is marked as its
   * source.
   */
  private static MarkedString bySegment(
      MarkedString text, UnaryOperator<String> change, Budget budget) {
    MarkedString.Builder out = new MarkedString.Builder(budget);
    int[] marks = text.marks();
    int at = 0;
    for (int i = 0; i < marks.length; i += 2) {
      out.append(change.apply(text.text().substring(at, marks[i])), false);
      out.append(change.apply(text.text().substring(marks[i], marks[i + 1])), true);
      at = marks[i + 1];
    }
    return out.append(change.apply(text.text().substring(at)), false)
        .build()
        .asMarkup(text.isMarkup());
  }

  static MarkedString capitalize(MarkedString text, Budget budget) {
    return firstAndRest(text, 0, text.length(), new MarkedString.Builder(budget), budget)
        .build()
        .asMarkup(text.isMarkup());
  }

  private static MarkedString.Builder firstAndRest(
      MarkedString text, int start, int end, MarkedString.Builder out, Budget budget) {
    if (start < end) {
      int next = start + Character.charCount(text.text().codePointAt(start));
      String first =
          new String(Character.toChars(Character.toTitleCase(text.text().codePointAt(start))));
      out.append(first, text.isMarkedAt(start));
      out.append(lower(text.substring(next, end, budget), budget));
    }
    return out;
  }

  /** Starts words anew after each character that {@code endsWord} accepts. */
  static MarkedString title(
      MarkedString text, java.util.function.IntPredicate endsWord, Budget budget) {
    MarkedString.Builder out = new MarkedString.Builder(budget);
    int start = 0;
    String source = text.text();
    for (int i = 0; i < source.length(); ) {
      int c = source.codePointAt(i);
      int next = i + Character.charCount(c);
      if (endsWord.test(c)) {
        firstAndRest(text, start, i, out, budget).append(text, i, next);
        start = next;
      }
      i = next;
    }
    return firstAndRest(text, start, source.length(), out, budget)
        .build()
        .asMarkup(text.isMarkup());
  }

  enum Side {
    BOTH,
    LEFT,
    RIGHT
  }

  /** {@code strip}; null or missing characters mean white space. */
  static MarkedString strip(MarkedString text, Object characters, Side side, Budget budget) {
    String set = null;
    if (characters instanceof MarkedString given) {
      set = given.text();
    } else if (characters != null && characters != Arguments.MISSING) {
      throw new TemplateException(Kind.TYPE, "strip arg must be None or str");
    }
    String source = text.text();
    int start = 0;
    int end = source.length();
    while (side != Side.RIGHT && start < end && strips(source.codePointAt(start), set, budget)) {
      start += Character.charCount(source.codePointAt(start));
    }
    while (side != Side.LEFT && end > start && strips(source.codePointBefore(end), set, budget)) {
      end -= Character.charCount(source.codePointBefore(end));
    }
    return text.substring(start, end, budget);
  }

  private static boolean strips(int c, String set, Budget budget) {
    budget.read(set == null ? 1 : 1 + set.length());
    return set == null ? PythonText.isSpace(c) : set.indexOf(c) >= 0;
  }

  static MarkedString replace(
      MarkedString text, MarkedString old, MarkedString by, long most, Budget budget) {
    long left = most < 0 ? Long.MAX_VALUE : most;
    MarkedString.Builder out = new MarkedString.Builder(budget);
    String source = text.text();
    int at = 0;
    if (old.isEmpty()) {
      for (; at < source.length() && left > 0; left--) {
        int next = at + Character.charCount(source.codePointAt(at));
        budget.step();
        out.append(by).append(text, at, next);
        at = next;
      }
      out.append(text, at, source.length());
      return (left > 0 ? out.append(by) : out).build();
    }
    for (; left > 0; left--) {
      int found = Operators.indexOf(source, old.text(), at, budget);
      if (found < 0) {
        break;
      }
      budget.step();
      out.append(text, at, found).append(by);
      at = found + old.length();
    }
    return at == 0 ? text : out.append(text, at, source.length()).build();
  }

  static List<Object> split(MarkedString text, Object separator, long most, Budget budget) {
    long left = most < 0 ? Long.MAX_VALUE : most;
    if (separator == null || separator == Arguments.MISSING) {
      return splitSpace(text, left, budget);
    }
    String part = separatorText(separator);
    List<Object> pieces = new ArrayList<>();
    int at = 0;
    for (; left > 0; left--) {
      int found = Operators.indexOf(text.text(), part, at, budget);
      if (found < 0) {
        break;
      }
      budget.items(1);
      pieces.add(text.substring(at, found, budget));
      at = found + part.length();
    }
    pieces.add(text.substring(at, text.length(), budget));
    return pieces;
  }

  static List<Object> splitFromRight(
      MarkedString text, Object separator, long most, Budget budget) {
    if (separator == null || separator == Arguments.MISSING) {
      if (most < 0) {
        return splitSpace(text, Long.MAX_VALUE, budget);
      }
      throw new TemplateException(
          Kind.UNSUPPORTED, "rsplit() at white space with a limit is not supported");
    }
    String part = separatorText(separator);
    long left = most < 0 ? Long.MAX_VALUE : most;
    List<Object> pieces = new ArrayList<>();
    int end = text.length();
    for (; left > 0; left--) {
      int found = end < part.length() ? -1 : text.text().lastIndexOf(part, end - part.length());
      budget.read((long) end - Math.max(found, 0) + part.length());
      if (found < 0) {
        break;
      }
      budget.items(1);
      pieces.add(text.substring(found + part.length(), end, budget));
      end = found;
    }
    pieces.add(text.substring(0, end, budget));
    java.util.Collections.reverse(pieces);
    return pieces;
  }

  static String separatorText(Object separator) {
    if (!(separator instanceof MarkedString text)) {
      throw new TemplateException(
          Kind.TYPE, "must be str or None, not " + Operators.typeName(separator));
    }
    if (text.isEmpty()) {
      throw new TemplateException(Kind.VALUE, "empty separator");
    }
    return text.text();
  }

  private static List<Object> splitSpace(MarkedString text, long most, Budget budget) {
    List<Object> pieces = new ArrayList<>();
    String source = text.text();
    budget.read(source.length());
    int at = skipSpace(source, 0);
    for (long left = most; at < source.length(); left--) {
      int end = at;
      if (left == 0) {
        end = source.length();
        while (PythonText.isSpace(source.charAt(end - 1))) {
          end--;
        }
        budget.items(1);
        pieces.add(text.substring(at, end, budget));
        break;
      }
      while (end < source.length() && !PythonText.isSpace(source.charAt(end))) {
        end++;
      }
      budget.items(1);
      pieces.add(text.substring(at, end, budget));
      at = skipSpace(source, end);
    }
    return pieces;
  }

  private static int skipSpace(String text, int from) {
    int at = from;
    while (at < text.length() && PythonText.isSpace(text.charAt(at))) {
      at++;
    }
    return at;
  }

  static List<Object> splitLines(MarkedString text, boolean keepEnds, Budget budget) {
    List<Object> lines = new ArrayList<>();
    String source = text.text();
    budget.read(source.length());
    int start = 0;
    for (int i = 0; i < source.length(); i++) {
      if (PythonText.isLineBreak(source.charAt(i))) {
        boolean pair =
            source.charAt(i) == '\r' && i + 1 < source.length() && source.charAt(i + 1) == '\n';
        int next = i + (pair ? 2 : 1);
        budget.items(1);
        lines.add(text.substring(start, keepEnds ? next : i, budget));
        start = next;
        i = next - 1;
      }
    }
    if (start < source.length()) {
      lines.add(text.substring(start, source.length(), budget));
    }
    return lines;
  }

  static MarkedString join(MarkedString separator, Iterable<?> items, Budget budget) {
    MarkedString.Builder out = new MarkedString.Builder(budget);
    boolean first = true;
    for (Object item : items) {
      budget.step();
      if (!first) {
        out.append(separator);
      }
      first = false;
      out.append((MarkedString) item);
    }
    return out.build();
  }

  /**
   * The filter {@code indent}, quirks included: text is cut at every line break and joined by
   * newlines.
   */
  static MarkedString indent(
      MarkedString text, MarkedString indention, boolean first, boolean blank, Budget budget) {
    MarkedString whole = new MarkedString.Builder(budget).append(text).append(NEWLINE).build();
    MarkedString.Builder out = new MarkedString.Builder(budget);
    boolean firstLine = true;
    for (Object item : splitLines(whole, false, budget)) {
      MarkedString line = (MarkedString) item;
      boolean indented = firstLine ? first : blank || !line.isEmpty();
      out.append(firstLine ? "" : "\n")
          .append(indented ? indention : MarkedString.EMPTY)
          .append(line);
      firstLine = false;
    }
    return out.build().asMarkup(text.isMarkup());
  }
}
