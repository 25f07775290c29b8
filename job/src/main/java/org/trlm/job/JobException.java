package org.trlm.job;

/**
 * Wrong use, configuration, model or input schema: found on the driver before any work, exit code
 * 2. The message says what is wrong, where, what was found, what is allowed and how to mend it.
 */
public final class JobException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public JobException(String message) {
    super(message);
  }

  public JobException(String message, Throwable cause) {
    super(message, cause);
  }
}
