package org.trlm.tokenizer;

import java.util.ArrayList;
import java.util.List;
import org.trlm.tokenizer.SplitRegexParser.Alternatives;
import org.trlm.tokenizer.SplitRegexParser.Characters;
import org.trlm.tokenizer.SplitRegexParser.Group;
import org.trlm.tokenizer.SplitRegexParser.Node;
import org.trlm.tokenizer.SplitRegexParser.Repeat;
import org.trlm.tokenizer.SplitRegexParser.Sequence;

/** Turns a parsed pattern into the instructions of {@link SplitRegex}. Used once, by one thread. */
final class SplitRegexCompiler {

  private static final int MAX_INSTRUCTIONS = 20_000;

  private final String source;
  private final String where;
  private final IntList code = new IntList(64);
  private final List<CodePointSet> sets = new ArrayList<>();

  private SplitRegexCompiler(String source, String where) {
    this.source = source;
    this.where = where;
  }

  /** Compiles a pattern; one that means something this package does not do exactly is refused. */
  static SplitRegex compile(String source, String where) {
    Node root = new SplitRegexParser(source, where).parse();
    SplitRegexCompiler compiler = new SplitRegexCompiler(source, where);
    compiler.emit(root);
    compiler.instruction(SplitRegex.MATCH, 0, 0, 0);
    return new SplitRegex(
        source, compiler.code.toArray(), compiler.sets.toArray(new CodePointSet[0]));
  }

  /** A regular expression that matches a text literally. */
  static SplitRegex literal(String text, String where) {
    SplitRegexCompiler compiler = new SplitRegexCompiler(text, where);
    text.codePoints()
        .forEach(
            codePoint ->
                compiler.instruction(
                    SplitRegex.CHAR_IN_SET, compiler.set(CodePointSet.of(codePoint)), 0, 0));
    compiler.instruction(SplitRegex.MATCH, 0, 0, 0);
    return new SplitRegex(
        text, compiler.code.toArray(), compiler.sets.toArray(new CodePointSet[0]));
  }

  private void emit(Node node) {
    if (node instanceof Characters characters) {
      instruction(SplitRegex.CHAR_IN_SET, set(characters.set()), 0, 0);
    } else if (node instanceof Sequence sequence) {
      sequence.items().forEach(this::emit);
    } else if (node instanceof Alternatives alternatives) {
      emitAlternatives(alternatives.items());
    } else if (node instanceof Repeat repeat) {
      emitRepeat(repeat);
    } else if (node instanceof Group group) {
      emitGroup(group);
    } else {
      throw new AssertionError(node);
    }
  }

  private void emitAlternatives(List<Node> items) {
    IntList jumps = new IntList(items.size());
    for (int i = 0; i < items.size() - 1; i++) {
      int fork = instruction(SplitRegex.FORK, 0, 0, 0);
      code.set(fork + 1, code.size());
      emit(items.get(i));
      jumps.add(instruction(SplitRegex.JUMP, 0, 0, 0));
      code.set(fork + 2, code.size());
    }
    emit(items.get(items.size() - 1));
    for (int i = 0; i < jumps.size(); i++) {
      code.set(jumps.at(i) + 1, code.size());
    }
  }

  private void emitRepeat(Repeat repeat) {
    boolean possessive = repeat.mode() == Repeat.Mode.POSSESSIVE;
    if (repeat.body() instanceof Characters characters && repeat.mode() != Repeat.Mode.LAZY) {
      instruction(
          possessive ? SplitRegex.REPEAT_SET_POSSESSIVE : SplitRegex.REPEAT_SET,
          set(characters.set()),
          repeat.min(),
          repeat.max());
    } else if (possessive) {
      Repeat greedy = new Repeat(repeat.body(), repeat.min(), repeat.max(), Repeat.Mode.GREEDY);
      emitGroup(new Group(greedy, Group.Kind.ATOMIC));
    } else {
      emitCopies(repeat);
    }
  }

  private void emitCopies(Repeat repeat) {
    boolean lazy = repeat.mode() == Repeat.Mode.LAZY;
    if (repeat.max() < 0 && repeat.body().mayBeEmpty()) {
      throw SplitRegexParser.refused(source, where, "a repeated group that can match nothing");
    }
    for (int i = 0; i < repeat.min(); i++) {
      emit(repeat.body());
    }
    IntList forks = new IntList(4);
    for (int i = repeat.min(); i < repeat.max() || (repeat.max() < 0 && i == repeat.min()); i++) {
      forks.add(instruction(SplitRegex.FORK, 0, 0, 0));
      emit(repeat.body());
    }
    if (repeat.max() < 0) {
      instruction(SplitRegex.JUMP, forks.at(0), 0, 0);
    }
    for (int i = 0; i < forks.size(); i++) {
      int fork = forks.at(i);
      code.set(fork + 1, lazy ? code.size() : fork + 4);
      code.set(fork + 2, lazy ? fork + 4 : code.size());
    }
  }

  private void emitGroup(Group group) {
    int operation =
        switch (group.kind()) {
          case LOOK_AHEAD -> SplitRegex.LOOK_AHEAD;
          case LOOK_AHEAD_NOT -> SplitRegex.LOOK_AHEAD_NOT;
          case LOOK_BEHIND -> SplitRegex.LOOK_BEHIND;
          case LOOK_BEHIND_NOT -> SplitRegex.LOOK_BEHIND_NOT;
          case ATOMIC -> SplitRegex.ATOMIC;
        };
    boolean behind =
        group.kind() == Group.Kind.LOOK_BEHIND || group.kind() == Group.Kind.LOOK_BEHIND_NOT;
    int length = behind ? group.body().fixedLength() : 0;
    if (length < 0) {
      throw SplitRegexParser.refused(source, where, "a look-behind of varying length");
    }
    int at = instruction(operation, 0, length, 0);
    emit(group.body());
    instruction(SplitRegex.MATCH, 0, 0, 0);
    code.set(at + 1, code.size());
  }

  private int instruction(int operation, int a, int b, int c) {
    if (code.size() / 4 >= MAX_INSTRUCTIONS) {
      throw SplitRegexParser.refused(
          source,
          where,
          "more than " + MAX_INSTRUCTIONS + " steps when its counts are written out");
    }
    int at = code.size();
    code.addPair(operation, a);
    code.addPair(b, c);
    return at;
  }

  private int set(CodePointSet set) {
    int known = sets.indexOf(set);
    if (known >= 0) {
      return known;
    }
    sets.add(set);
    return sets.size() - 1;
  }
}
