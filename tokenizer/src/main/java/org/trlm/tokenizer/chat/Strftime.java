package org.trlm.tokenizer.chat;

import java.time.ZonedDateTime;
import java.time.format.TextStyle;
import java.util.Locale;
import org.trlm.tokenizer.chat.TemplateException.Kind;

/** Python's {@code strftime} in the C locale, for {@code strftime_now}. */
final class Strftime {
  private Strftime() {}

  static MarkedString format(MarkedString format, ZonedDateTime now, Budget budget) {
    MarkedString.Builder out = new MarkedString.Builder(budget);
    String text = format.text();
    int from = 0;
    for (int i = text.indexOf('%'); i >= 0; i = text.indexOf('%', i)) {
      out.append(format, from, i);
      boolean unpadded = text.startsWith("-", i + 1);
      int directive = unpadded ? i + 2 : i + 1;
      if (directive >= text.length()) {
        throw new TemplateException(Kind.UNSUPPORTED, "strftime_now: the format ends with '%'");
      }
      String value = value(text.charAt(directive), now);
      out.append(unpadded ? withoutPadding(value) : value, format.isMarkedAt(directive));
      from = directive + 1;
      i = from;
    }
    return out.append(format, from, text.length()).build();
  }

  private static String withoutPadding(String value) {
    int i = 0;
    while (i < value.length() - 1 && (value.charAt(i) == '0' || value.charAt(i) == ' ')) {
      i++;
    }
    return value.substring(i);
  }

  private static String value(char directive, ZonedDateTime now) {
    return switch (directive) {
      case 'a' -> now.getDayOfWeek().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
      case 'A' -> now.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
      case 'b', 'h' ->
          now.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH).substring(0, 3);
      case 'B' -> now.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
      case 'd' -> two(now.getDayOfMonth());
      case 'e' -> String.format("%2d", now.getDayOfMonth());
      case 'm' -> two(now.getMonthValue());
      case 'Y' -> Integer.toString(now.getYear());
      case 'y' -> two(now.getYear() % 100);
      case 'j' -> String.format("%03d", now.getDayOfYear());
      case 'H' -> two(now.getHour());
      case 'I' -> two((now.getHour() + 11) % 12 + 1);
      case 'M' -> two(now.getMinute());
      case 'S' -> two(now.getSecond());
      case 'f' -> String.format("%06d", now.getNano() / 1000);
      case 'p' -> now.getHour() < 12 ? "AM" : "PM";
      case 'w' -> Integer.toString(now.getDayOfWeek().getValue() % 7);
      case 'u' -> Integer.toString(now.getDayOfWeek().getValue());
      case 'F' -> value('Y', now) + "-" + value('m', now) + "-" + value('d', now);
      case 'T' -> value('H', now) + ":" + value('M', now) + ":" + value('S', now);
      case 'R' -> value('H', now) + ":" + value('M', now);
      case 'D' -> value('m', now) + "/" + value('d', now) + "/" + value('y', now);
      case 'n' -> "\n";
      case 't' -> "\t";
      case '%' -> "%";
      default ->
          throw new TemplateException(
              Kind.UNSUPPORTED, "strftime_now: the directive %" + directive + " is not supported");
    };
  }

  private static String two(int number) {
    return String.format("%02d", number);
  }
}
