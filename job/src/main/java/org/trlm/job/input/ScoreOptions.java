package org.trlm.job.input;

import java.io.Serializable;

/**
 * What {@code score} scores.
 *
 * @param kind choices and continuations of prompts, or texts by themselves
 * @param choicesColumn column of lists of choices
 * @param continuationColumn column of single continuations
 * @param choicePrefix put before each choice and continuation
 */
public record ScoreOptions(
    Kind kind, String choicesColumn, String continuationColumn, String choicePrefix)
    implements Serializable {

  /** What the log-likelihood is of. */
  public enum Kind {
    /** each choice, or the continuation, after its prompt */
    CHOICES,
    /** the whole text of the prompt column, from its first token on */
    ROLLING
  }

  /** The columns and the prefix unless others are named. */
  public static final ScoreOptions DEFAULT =
      new ScoreOptions(Kind.CHOICES, "choices", "continuation", " ");
}
