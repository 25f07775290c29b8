package org.trlm.tokenizer.chat;

/**
 * What {@code safe} and {@code escape} give: text that escapes for HTML whatever is added to it.
 */
final class Markup {
  private Markup() {}

  /** Markup as it is; other text escaped. */
  static MarkedString escape(MarkedString string, Budget budget) {
    if (string.isMarkup()) {
      return string;
    }
    MarkedString.Builder out = new MarkedString.Builder(budget);
    String text = string.text();
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      String entity = entity(text.charAt(i));
      if (entity != null) {
        out.append(string, from, i).append(entity, string.isMarkedAt(i));
        from = i + 1;
      }
    }
    return (from == 0 ? string : out.append(string, from, text.length()).build()).asMarkup(true);
  }

  private static String entity(char c) {
    return switch (c) {
      case '&' -> "&amp;";
      case '<' -> "&lt;";
      case '>' -> "&gt;";
      case '\'' -> "&#39;";
      case '"' -> "&#34;";
      default -> null;
    };
  }
}
