package org.trlm.job.input;

import org.trlm.job.output.RowError;

/** One row cannot be answered; its neighbours are unaffected. Becomes an error row. */
public final class RowRefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient RowError error;

  /** A row refused for the given reason. */
  public RowRefusedException(RowError.Code code, String message) {
    super(message, null, false, false);
    this.error = new RowError(code, message);
  }

  /** What the error row says. */
  public RowError error() {
    return error;
  }
}
