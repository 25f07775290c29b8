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

  /**
   * A row that no other check has foreseen: it costs this row, not its neighbours.
   *
   * @param failure of rendering or tokenizing it
   */
  public static RowRefusedException unforeseen(Throwable failure) {
    return new RowRefusedException(
        RowError.Code.TEMPLATE_FAILED,
        "the row cannot be rendered and tokenized: %s. Please report it with the row."
            .formatted(failure));
  }

  /** What the error row says. */
  public RowError error() {
    return error;
  }
}
