package org.trlm.tokenizer;

import java.util.List;
import java.util.Random;

/**
 * Random strings that are unpleasant for a tokenizer: mixed scripts, marks, kinds of white space,
 * digits of many scripts, astral characters, controls, contractions, texts of special tokens.
 */
final class RandomText {

  private static final String[] FRAGMENTS = {
    "'s",
    "'T",
    "'re",
    "'Ve",
    "'m",
    "'LL",
    "'d",
    "'\u017F",
    "'\u017Ft",
    "\u2019s",
    " '",
    "''",
    "don't",
    "it's",
    "  ",
    "\r\n",
    "\n\n",
    "\n",
    "\t",
    " \n",
    "\n ",
    "   \n  ",
    "\u00A0",
    "\u3000",
    "\u2028",
    "\u0085",
    "\u200B",
    "\u200D",
    "hello",
    " world",
    "The",
    " quick",
    "ABC",
    "1234567890",
    "3.14",
    "1e-7",
    "...",
    "!?",
    " --",
    "==",
    "://",
    "<|",
    "|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|endoftext|>",
    "<|im_start",
    "<think>",
    "</think>",
    " <|im_end|> ",
    "<reponame>",
    "\uD83D\uDE00",
    "\uD83D\uDC68\u200D\uD83D\uDC69\u200D\uD83D\uDC67",
    "\uD83C\uDDE9\uD83C\uDDEA",
    "e\u0301",
    "\u1EA5",
    "n\u0303o",
    "\uAC00\u11A8",
    "\u4F60\u597D",
    "\u3053\u3093",
    "\u043F\u0440\u0438",
    "\u0627\u0644",
    "\u0939\u093F",
    "\u0E01\u0E33",
    "\u05D0\u05B7",
    "\u0661\u0662",
    "\u0967\u0968",
    "\u00BD",
    "\u2167",
    "\u4E00",
    "\uD835\uDFD8",
    "\u0000",
    "\u0007",
    "\uFEFF",
    "\uFFFD",
    "def f(x):\n    return x",
    "{\"a\": 1}",
    "https://x.y/z?q=1"
  };

  private final Random random;
  private final List<String> extra;

  RandomText(long seed, List<String> extra) {
    random = new Random(seed);
    this.extra = extra;
  }

  String next() {
    StringBuilder text = new StringBuilder();
    int parts = random.nextInt(random.nextInt(10) == 0 ? 40 : 12);
    for (int i = 0; i < parts; i++) {
      switch (random.nextInt(10)) {
        case 0, 1, 2 -> text.append(FRAGMENTS[random.nextInt(FRAGMENTS.length)]);
        case 3 -> {
          if (!extra.isEmpty()) {
            text.append(extra.get(random.nextInt(extra.size())));
          }
        }
        case 4 -> text.append((char) (' ' + random.nextInt(95)));
        case 5 -> text.append(" ".repeat(random.nextInt(4)));
        case 6 -> appendFrom(text, 0x80, 0x3100);
        case 7 -> appendFrom(text, 0, 0x10000);
        case 8 -> appendFrom(text, 0x10000, random.nextBoolean() ? 0x20000 : 0x110000);
        default -> {
          for (int n = random.nextInt(8); n > 0; n--) {
            text.append((char) ('a' + random.nextInt(26)));
          }
        }
      }
    }
    return text.toString();
  }

  private void appendFrom(StringBuilder text, int from, int to) {
    int codePoint = from + random.nextInt(to - from);
    for (int n = 1 + random.nextInt(3); n > 0; n--) {
      int of = Math.min(codePoint + random.nextInt(20), to - 1);
      if (of < Character.MIN_SURROGATE || of > Character.MAX_SURROGATE) {
        text.appendCodePoint(of);
      }
    }
  }
}
