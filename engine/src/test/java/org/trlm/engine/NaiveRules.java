package org.trlm.engine;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.trlm.engine.request.Request;
import org.trlm.engine.request.StructuredOutputs;
import org.trlm.engine.request.StructuredOutputs.Kind;
import org.trlm.engine.request.ThoughtTags.State;

/**
 * Which tokens of the tiny model may come next, once more and the obvious way: the answer is read
 * anew for each token, and each token is tried on {@link java.util.regex}, whose matcher says
 * whether more text could still make a match. Knows the constraints that {@link #constraints}
 * lists.
 */
final class NaiveRules {
  private static final StructuredOutputs CHOICE =
      new StructuredOutputs(Kind.CHOICE, "[\"yes\", \"no\", \"not at all\", \"no answer\"]");
  private static final StructuredOutputs REGEX =
      new StructuredOutputs(Kind.REGEX, "(?:the|one) [a-z]{1,6}(?:, [a-z]{2,3}){0,3}: [0-9]{2}\\.");
  private static final StructuredOutputs SCHEMA =
      new StructuredOutputs(
          Kind.JSON,
          """
          {"type": "object", "required": ["label", "counts"], "properties": {
            "label": {"enum": ["good", "bad", null]},
            "counts": {"type": "array", "minItems": 1, "maxItems": 3,
                       "items": {"type": "integer", "minimum": 0, "maximum": 12}}}}
          """);

  /** What their content is, ASCII all of it. */
  private static final Map<StructuredOutputs, String> CONTENTS =
      Map.of(
          CHOICE,
          "yes|no|not at all|no answer",
          REGEX,
          REGEX.source(),
          SCHEMA,
          "\\{\"label\": (?:\"good\"|\"bad\"|null), \"counts\": "
              + "\\[(?:[0-9]|1[0-2])(?:, (?:[0-9]|1[0-2])){0,2}\\]\\}");

  private final String[] texts;

  /**
   * @param texts by token id its bytes; empty for control tokens
   */
  NaiveRules(byte[][] texts) {
    this.texts = new String[texts.length];
    for (int id = 0; id < texts.length; id++) {
      this.texts[id] = new String(texts[id], StandardCharsets.ISO_8859_1);
    }
  }

  /** One of each kind. */
  static List<StructuredOutputs> constraints() {
    return List.of(CHOICE, REGEX, SCHEMA);
  }

  /** An answer taken apart. */
  private record Answer(State state, int thoughtTokens, boolean forced, String content) {}

  private Answer read(Request request, List<Integer> generated) {
    int budget = request.params().thinkingTokenBudget();
    State state = request.thought();
    int thoughtTokens = 0;
    boolean forced = false;
    StringBuilder content = new StringBuilder();
    for (int token : generated) {
      boolean opens =
          token == TinyReasoner.OPEN_THOUGHT
              && (state == State.NONE || (state == State.OPEN && thoughtTokens == 0));
      if (opens) {
        state = State.OPEN;
        content.setLength(0);
      } else if (token == TinyReasoner.CLOSE_THOUGHT && state != State.CLOSED) {
        forced = state == State.OPEN && budget >= 0 && thoughtTokens >= budget;
        state = State.CLOSED;
        content.setLength(0);
      } else if (state == State.OPEN) {
        thoughtTokens++;
      } else {
        content.append(texts[token]);
      }
    }
    return new Answer(state, thoughtTokens, forced, content.toString());
  }

  /** The tokens that may follow. */
  Set<Integer> allowed(Request request, List<Integer> generated) {
    StructuredOutputs constraint = request.params().structuredOutputs();
    int budget = request.params().thinkingTokenBudget();
    Answer answer = read(request, generated);
    Set<Integer> allowed = new HashSet<>();
    if (answer.state == State.OPEN && budget >= 0 && answer.thoughtTokens >= budget) {
      allowed.add(TinyReasoner.CLOSE_THOUGHT);
      return allowed;
    }
    if (constraint != null && answer.state != State.OPEN) {
      Map<String, Boolean> viable = new TreeMap<>();
      for (int id = 0; id < texts.length; id++) {
        String text = answer.content + texts[id];
        if (!texts[id].isEmpty()
            && viable.computeIfAbsent(text, key -> isBegin(constraint, answer, key))) {
          allowed.add(id);
        }
      }
      if (matcher(constraint, answer, answer.content).matches()) {
        allowed.add(TinyReasoner.END_OF_TURN);
      }
      if (generated.isEmpty() && answer.state == State.NONE) {
        allowed.add(TinyReasoner.OPEN_THOUGHT);
      }
      return allowed;
    }
    for (int id = 0; id < texts.length; id++) {
      allowed.add(id);
    }
    boolean insideRuledThought = answer.state == State.OPEN && (constraint != null || budget >= 0);
    boolean answerDue = answer.forced && answer.content.isBlank();
    if (insideRuledThought || answerDue) {
      allowed.remove(TinyReasoner.END_OF_TURN);
    }
    return allowed;
  }

  /** Whether the content of a whole answer, without its end token, is what was asked for. */
  boolean isValid(Request request, List<Integer> answer) {
    Answer read = read(request, answer);
    return read.state != State.OPEN
        && matcher(request.params().structuredOutputs(), read, read.content).matches();
  }

  private static boolean isBegin(StructuredOutputs constraint, Answer answer, String text) {
    Matcher matcher = matcher(constraint, answer, text);
    return matcher.matches() || matcher.hitEnd();
  }

  private static Matcher matcher(StructuredOutputs constraint, Answer answer, String text) {
    String spaces = answer.state == State.CLOSED ? "[ \\t\\n\\r]{0,4}" : "";
    return Pattern.compile(spaces + "(?:" + CONTENTS.get(constraint) + ")").matcher(text);
  }
}
