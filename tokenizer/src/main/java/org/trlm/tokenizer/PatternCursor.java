package org.trlm.tokenizer;

/** A place in the source of a regular expression, by code points. */
final class PatternCursor {

  private final String source;
  private final String where;
  private int at;

  PatternCursor(String source, String where) {
    this.source = source;
    this.where = where;
  }

  boolean atEnd() {
    return at >= source.length();
  }

  /** The next code point, or −1 at the end. */
  int peek() {
    return atEnd() ? -1 : source.codePointAt(at);
  }

  boolean startsWith(String text) {
    return source.startsWith(text, at);
  }

  /** Takes the next code point. */
  int next() {
    if (atEnd()) {
      throw refused("an end where a character must follow");
    }
    int codePoint = source.codePointAt(at);
    at += Character.charCount(codePoint);
    return codePoint;
  }

  /** Takes the text if it stands here. */
  boolean skip(String text) {
    if (source.startsWith(text, at)) {
      at += text.length();
      return true;
    }
    return false;
  }

  /** Takes everything up to the end sign and the sign itself. */
  String until(char end) {
    int stop = source.indexOf(end, at);
    if (stop < 0) {
      throw refused("something that " + end + " does not close");
    }
    String text = source.substring(at, stop);
    at = stop + 1;
    return text;
  }

  /** A few characters from here, for messages. */
  String rest() {
    return source.substring(at, Math.min(source.length(), at + 10));
  }

  TokenizerFormatException refused(String what) {
    return SplitRegexParser.refused(source, where, what);
  }
}
