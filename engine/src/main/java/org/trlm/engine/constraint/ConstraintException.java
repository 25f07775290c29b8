package org.trlm.engine.constraint;

/**
 * A constraint that cannot be kept: not supported, not well formed, too large, or unsatisfiable.
 */
public class ConstraintException extends Exception {
  private static final long serialVersionUID = 1;

  /**
   * @param message the part of the constraint, what is wrong with it, and what is allowed
   */
  public ConstraintException(String message) {
    super(message);
  }

  /** The automaton would go beyond its limits; a smaller one of the same kind may not. */
  static final class TooLarge extends ConstraintException {
    private static final long serialVersionUID = 1;

    TooLarge(String message) {
      super(message);
    }
  }
}
