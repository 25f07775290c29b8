package org.trlm.tokenizer.chat;

import org.trlm.tokenizer.chat.TemplateException.Kind;

/**
 * What one rendering may use. Work on values is charged before it is done, so neither time nor
 * memory can run away: a step is one node evaluated, one item moved, or {@value
 * #CHARACTERS_PER_STEP} characters read; text is every character that any operation writes, results
 * that are thrown away included.
 */
final class Budget {
  static final int MAX_LEVELS = 200;
  static final long MAX_STEPS = 10_000_000;
  static final long MAX_TEXT = 64L << 20;

  /**
   * Depth of the evaluated tree: a guard for the thread's stack that well-meant templates do not
   * meet.
   */
  private static final int MAX_TREE = 1_200;

  private static final int CHARACTERS_PER_STEP = 16;

  private long steps;
  private long text;
  private int levels;
  private int tree;

  void step() {
    steps(1);
  }

  void steps(long count) {
    steps += count;
    if (steps > MAX_STEPS) {
      throw new TemplateException(Kind.LIMIT, "rendering takes more than " + MAX_STEPS + " steps");
    }
  }

  /** Charges a list of this many items. */
  void items(long count) {
    steps(Math.multiplyExact(Math.min(count, MAX_STEPS), 4));
  }

  /** Charges reading text. */
  void read(long characters) {
    steps(characters / CHARACTERS_PER_STEP);
  }

  /** Charges writing text, before it is written. */
  void write(long characters) {
    text += characters;
    if (text > MAX_TEXT || text < 0) {
      throw new TemplateException(
          Kind.LIMIT,
          "rendering writes more than " + MAX_TEXT + " characters, intermediate results included");
    }
    read(characters);
  }

  /** One more level of macros, loops into loops, or values inside of values. */
  void enter() {
    if (++levels > MAX_LEVELS) {
      throw new TemplateException(
          Kind.LIMIT, "macros or values nest deeper than " + MAX_LEVELS + " levels");
    }
  }

  void leave() {
    levels--;
  }

  void down() {
    if (++tree > MAX_TREE) {
      throw new TemplateException(Kind.LIMIT, "the template calls itself too deeply");
    }
    step();
  }

  void up() {
    tree--;
  }
}
