package org.trlm.engine;

import java.util.Arrays;
import org.trlm.engine.constraint.ConstraintException;
import org.trlm.engine.constraint.TokenConstraint;
import org.trlm.engine.constraint.TokenConstraints;
import org.trlm.engine.constraint.TokenRules;
import org.trlm.engine.request.Request;
import org.trlm.engine.request.RequestRefusedException;
import org.trlm.engine.request.RequestRefusedException.Reason;
import org.trlm.engine.request.SamplingParams;
import org.trlm.engine.request.ThoughtTags;

/**
 * What the tokens of a model's answers mean: their text, which of them end the turn, how the
 * thought is marked, and the constraints that were compiled for them. Made once for each model and
 * JVM and shared by its engines.
 */
public final class AnswerFormat {
  private static final byte[] NO_TEXT = {};

  private final byte[][] tokenText;
  private final int[] endOfTurnTokenIds;
  private final ThoughtTags thoughtTags;
  private final TokenConstraints constraints;

  private AnswerFormat(
      byte[][] tokenText,
      int[] endOfTurnTokenIds,
      ThoughtTags thoughtTags,
      TokenConstraints constraints) {
    this.tokenText = tokenText;
    this.endOfTurnTokenIds = endOfTurnTokenIds;
    this.thoughtTags = thoughtTags;
    this.constraints = constraints;
  }

  /**
   * @param tokenText by token id, the bytes that the token adds to the generated text, in which
   *     stop strings are looked for; empty for tokens that are left out of it; ids past its end
   *     have no text
   * @param endOfTurnTokenIds the model's own end-of-turn tokens
   * @param thoughtTags how the model marks its thought
   */
  public static AnswerFormat of(
      byte[][] tokenText, int[] endOfTurnTokenIds, ThoughtTags thoughtTags) {
    byte[][] content = tokenText.clone();
    for (int end : endOfTurnTokenIds) {
      leaveOut(end, content);
    }
    leaveOut(thoughtTags.openId(), content);
    leaveOut(thoughtTags.closeId(), content);
    return new AnswerFormat(
        tokenText.clone(), endOfTurnTokenIds.clone(), thoughtTags, new TokenConstraints(content));
  }

  /** Answers of a model without a thought. */
  public static AnswerFormat of(byte[][] tokenText, int... endOfTurnTokenIds) {
    return of(tokenText, endOfTurnTokenIds, ThoughtTags.NONE);
  }

  private static void leaveOut(int token, byte[][] content) {
    if (token >= 0 && token < content.length) {
      content[token] = NO_TEXT;
    }
  }

  /** The same without end-of-turn tokens that the model cannot write. */
  AnswerFormat within(int vocabSize) {
    int[] ends = Arrays.stream(endOfTurnTokenIds).filter(id -> id < vocabSize).toArray();
    return new AnswerFormat(tokenText, ends, thoughtTags, constraints);
  }

  byte[] text(int token) {
    return token < tokenText.length ? tokenText[token] : NO_TEXT;
  }

  int[] endOfTurnTokenIds() {
    return endOfTurnTokenIds;
  }

  /**
   * @throws RequestRefusedException when the content cannot be what the parameters ask for
   */
  void check(SamplingParams params) {
    constraint(params);
  }

  /** The rules of a request that {@link #check} has let pass. */
  TokenRules rules(Request request) {
    return new TokenRules(
        constraint(request.params()),
        request.params().thinkingTokenBudget(),
        thoughtTags,
        endOfTurnTokenIds,
        request.thought());
  }

  private TokenConstraint constraint(SamplingParams params) {
    if (params.structuredOutputs() == null) {
      return null;
    }
    try {
      return constraints.get(params.structuredOutputs());
    } catch (ConstraintException e) {
      throw new RequestRefusedException(Reason.CONSTRAINT, "structured_outputs: " + e.getMessage());
    }
  }
}
