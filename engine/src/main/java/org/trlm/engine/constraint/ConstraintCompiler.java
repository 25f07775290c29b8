package org.trlm.engine.constraint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.List;
import org.trlm.engine.constraint.RegexParser.Match;
import org.trlm.engine.request.StructuredOutputs;

/** A constraint in, its automaton out. */
final class ConstraintCompiler {
  /** Start state of an answer without a thought. */
  static final int START = 0;

  /** Start state after a thought: white space may come before the content. */
  static final int START_AFTER_THOUGHT = 1;

  /** Characters of white space between a thought and the content. */
  static final int MOST_SPACES = 4;

  /** How often a part of a schema may be inside itself, tried from the first on. */
  private static final int[] NESTING = {8, 6, 5, 4, 3, 2, 1};

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  private ConstraintCompiler() {}

  /**
   * @throws ConstraintException when the constraint is not supported, malformed or too large, or
   *     when no text satisfies it
   */
  static Dfa compile(StructuredOutputs constraint) throws ConstraintException {
    Language language = language(constraint);
    Dfa dfa = null;
    for (int i = 0; dfa == null; i++) {
      Nfa nfa = new Nfa(NESTING[i]);
      try {
        dfa = compile(nfa, language);
      } catch (ConstraintException.TooLarge e) {
        if (!nfa.leftOutNesting() || i + 1 == NESTING.length) {
          throw e;
        }
      }
    }
    if (dfa.start() == Dfa.DEAD) {
      throw new ConstraintException(
          "no text satisfies the constraint: its parts contradict each other, or a part of it"
              + " always contains itself");
    }
    return dfa;
  }

  private static Dfa compile(Nfa nfa, Language language) throws ConstraintException {
    int afterThought = nfa.newState();
    int start = RegexClasses.JSON_SPACE.repeated(0, MOST_SPACES).addTo(nfa, afterThought);
    int end = language.addTo(nfa, start);
    return Determinizer.determinize(nfa, end, start, afterThought);
  }

  private static Language language(StructuredOutputs constraint) throws ConstraintException {
    return switch (constraint.kind()) {
      case CHOICE -> choice(json(constraint.source(), "choice"));
      case REGEX -> RegexParser.parse(constraint.source(), Match.WHOLE, set -> set);
      case JSON -> JsonSchema.language(json(constraint.source(), "json"));
      case JSON_OBJECT -> JsonValues.OBJECT;
    };
  }

  private static Language choice(JsonNode list) throws ConstraintException {
    if (!list.isArray() || list.isEmpty()) {
      throw new ConstraintException(
          "choice is " + shorten(list.toString()) + "; allowed: a list of at least one string");
    }
    List<Language> options = new ArrayList<>();
    for (JsonNode option : list) {
      if (!option.isTextual()) {
        throw new ConstraintException(
            "choice/" + options.size() + " is " + shorten(option.toString()) + ", not a string");
      }
      options.add(Language.text(option.textValue()));
    }
    return Language.anyOf(options);
  }

  private static JsonNode json(String source, String what) throws ConstraintException {
    if (source.length() > Limits.SOURCE_CHARACTERS) {
      throw new ConstraintException(
          "%s has %d characters; allowed: %d"
              .formatted(what, source.length(), Limits.SOURCE_CHARACTERS));
    }
    try {
      return JSON.readTree(source);
    } catch (JsonProcessingException e) {
      throw new ConstraintException(what + " is not JSON: " + e.getOriginalMessage());
    }
  }

  static String shorten(String text) {
    return text.length() > 80 ? text.substring(0, 80) + "…" : text;
  }
}
