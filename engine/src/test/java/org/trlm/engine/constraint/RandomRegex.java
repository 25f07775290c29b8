package org.trlm.engine.constraint;

import java.util.Random;

/** Small random expressions over few characters, and texts that they may match. */
final class RandomRegex {
  private static final String[] ATOMS = {
    "a",
    "b",
    "c",
    "é",
    "€",
    "\uD83D\uDE00",
    ".",
    "[ab]",
    "[^a]",
    "[a-cé]",
    "[^é-€]",
    "\\d",
    "\\s",
    "1",
    "\\.",
    "{"
  };
  private static final String[] CHARACTERS = {
    "a", "b", "c", "é", "è", "€", "\uD83D\uDE00", "\uD83D\uDE01", "1", ".", " ", "\n", "{"
  };
  private static final String[] QUANTIFIERS = {
    "*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "*?", "{0}"
  };

  private RandomRegex() {}

  static String expression(Random random, int depth) {
    int kind = depth == 0 ? 0 : random.nextInt(6);
    return switch (kind) {
      case 0, 1 -> atom(random);
      case 2, 3 -> expression(random, depth - 1) + expression(random, depth - 1);
      case 4 -> "(?:" + expression(random, depth - 1) + "|" + expression(random, depth - 1) + ")";
      default ->
          "("
              + expression(random, depth - 1)
              + ")"
              + QUANTIFIERS[random.nextInt(QUANTIFIERS.length)];
    };
  }

  private static String atom(Random random) {
    String atom = ATOMS[random.nextInt(ATOMS.length)];
    return atom.equals("{") ? "\\{" : atom;
  }

  static String text(Random random) {
    StringBuilder text = new StringBuilder();
    for (int length = random.nextInt(6); length > 0; length--) {
      text.append(CHARACTERS[random.nextInt(CHARACTERS.length)]);
    }
    return text.toString();
  }
}
