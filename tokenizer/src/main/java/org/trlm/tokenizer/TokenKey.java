package org.trlm.tokenizer;

/**
 * A token's text in the form in which a vocabulary keeps it: the bytes that it stands for, and
 * whether it spells them in the byte alphabet or is their UTF-8. Reused from token to token, so
 * that none needs a string. Not thread-safe.
 */
final class TokenKey {

  private char[] characters = new char[64];
  private byte[] bytes = new byte[64];
  private int length;
  private boolean spelled;

  TokenKey set(String text) {
    if (characters.length < text.length()) {
      characters = new char[text.length()];
    }
    text.getChars(0, text.length(), characters, 0);
    return set(characters, 0, text.length());
  }

  TokenKey set(char[] text, int start, int end) {
    int most = Math.multiplyExact(end - start, 3);
    if (bytes.length < most) {
      bytes = new byte[most];
    }
    length = 0;
    spelled = true;
    for (int i = start; i < end && spelled; i++) {
      int value = ByteAlphabet.byteOf(text[i]);
      spelled = value >= 0;
      bytes[length++] = (byte) value;
    }
    if (!spelled) {
      length = 0;
      for (int i = start; i < end; ) {
        int codePoint = Character.codePointAt(text, i, end);
        length = Utf8.put(codePoint, bytes, length);
        i += Character.charCount(codePoint);
      }
    }
    return this;
  }

  byte[] bytes() {
    return bytes;
  }

  int length() {
    return length;
  }

  boolean isSpelled() {
    return spelled;
  }
}
