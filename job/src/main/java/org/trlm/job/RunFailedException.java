package org.trlm.job;

/** A run that began and failed. The message is for the user, the cause for who looks deeper. */
public sealed class RunFailedException extends RuntimeException permits RunStoppedException {
  private static final long serialVersionUID = 1L;

  RunFailedException(String message, Throwable cause) {
    super(message, cause);
  }
}
