package org.trlm.job;

/**
 * A run that ends because its process is asked to. It has said so itself: nobody can wait until the
 * command reports it.
 */
final class RunStoppedException extends RunFailedException {
  private static final long serialVersionUID = 1L;

  RunStoppedException(String message, Throwable cause) {
    super(message, cause);
  }
}
