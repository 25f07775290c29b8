package org.trlm.engine.constraint;

import java.util.ArrayList;
import java.util.List;

/** JSON values of no particular schema, and how objects and arrays are put together. */
final class JsonValues {
  /** How often a value of no particular schema may be inside another one. */
  private static final int MOST_NESTING = 5;

  static final Language NULL = Language.text("null");
  static final Language BOOLEAN = Language.anyOf(Language.text("true"), Language.text("false"));
  static final Language NUMBER = new NumberRange(null, false, null, false).numbers();

  /** What stands between the quotes of any string. */
  static final Language CHARACTERS =
      JsonText.character(CodePoints.ALL).repeated(0, Language.UNLIMITED);

  static final Language STRING = JsonText.string(CHARACTERS);

  /** Any value, with a limit of nesting. */
  static final Language ANY = (nfa, from) -> nfa.addRecursive("any", MOST_NESTING, any(), from);

  /** Any object. */
  static final Language OBJECT = object(List.of(), member(STRING, ANY));

  private static final Language ARRAY = array(List.of(), ANY, 0, Language.UNLIMITED);

  /**
   * A property that an object may have.
   *
   * @param text its name, colon and value
   * @param required whether no object is without it
   */
  record Member(Language text, boolean required) {}

  private JsonValues() {}

  private static Language any() {
    return Language.anyOf(NULL, BOOLEAN, NUMBER, STRING, ARRAY, OBJECT);
  }

  /** A name and its value. */
  static Language member(Language name, Language value) {
    return Language.sequence(name, JsonText.COLON, value);
  }

  /**
   * Objects with these properties in this order, and then any number of others.
   *
   * @param others null when there are none
   */
  static Language object(List<Member> members, Language others) {
    return Language.sequence(
        Language.text("{"),
        (nfa, from) -> addMembers(nfa, from, members, others),
        Language.text("}"));
  }

  /** Two tracks run side by side: nothing was written yet, or a comma comes before the next one. */
  private static int addMembers(Nfa nfa, int from, List<Member> members, Language others)
      throws ConstraintException {
    int empty = nfa.newStateAfter(from);
    int filled = nfa.newState();
    for (Member member : members) {
      int begin = nfa.newStateAfter(empty);
      nfa.addJump(JsonText.COMMA.addTo(nfa, filled), begin);
      int nextFilled = nfa.newStateAfter(member.text.addTo(nfa, begin));
      int nextEmpty = nfa.newState();
      if (!member.required) {
        nfa.addJump(filled, nextFilled);
        nfa.addJump(empty, nextEmpty);
      }
      filled = nextFilled;
      empty = nextEmpty;
    }
    int end = nfa.newState();
    nfa.addJump(empty, end);
    nfa.addJump(filled, end);
    if (others != null) {
      int begin = nfa.newStateAfter(empty);
      nfa.addJump(JsonText.COMMA.addTo(nfa, filled), begin);
      nfa.addJump(others.addTo(nfa, begin), filled);
    }
    return end;
  }

  /**
   * Arrays that begin with these items and go on with others.
   *
   * @param others null when there are none
   * @param most items in all, or {@link Language#UNLIMITED}
   */
  static Language array(List<Language> first, Language others, int least, int most) {
    Language items = rest(first, others, least, most);
    for (int i = first.size() - 1; i >= 0; i--) {
      List<Language> options = new ArrayList<>();
      if (i >= least) {
        options.add(Language.EMPTY_STRING);
      }
      if (most == Language.UNLIMITED || i < most) {
        Language comma = i == 0 ? Language.EMPTY_STRING : JsonText.COMMA;
        options.add(Language.sequence(comma, first.get(i), items));
      }
      items = options.isEmpty() ? Language.NOTHING : Language.anyOf(options);
    }
    return Language.sequence(Language.text("["), items, Language.text("]"));
  }

  /** What follows the first items. */
  private static Language rest(List<Language> first, Language others, int least, int most) {
    int leastOthers = Math.max(0, least - first.size());
    if (most != Language.UNLIMITED && most <= first.size()) {
      return Language.EMPTY_STRING;
    }
    if (others == null) {
      return leastOthers == 0 ? Language.EMPTY_STRING : Language.NOTHING;
    }
    int mostOthers = most == Language.UNLIMITED ? most : most - first.size();
    return first.isEmpty()
        ? others.separated(JsonText.COMMA, leastOthers, mostOthers)
        : Language.sequence(JsonText.COMMA, others).repeated(leastOthers, mostOthers);
  }
}
