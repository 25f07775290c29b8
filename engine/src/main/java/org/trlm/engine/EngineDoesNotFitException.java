package org.trlm.engine;

/** The least engine for the limits asked for takes more memory than there is; says how much. */
public final class EngineDoesNotFitException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final long neededBytes;

  /**
   * @param neededBytes memory of the least engine, packed weights not included
   */
  EngineDoesNotFitException(String message, long neededBytes) {
    super(message);
    this.neededBytes = neededBytes;
  }

  /** Memory of the least engine for these limits, packed weights not included. */
  public long neededBytes() {
    return neededBytes;
  }
}
