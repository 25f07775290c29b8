package org.trlm.tokenizer;

/**
 * A tokenizer file that cannot be used as it is: damaged, contradictory, or asking for something
 * that this package does not do exactly. The message says where, what was found, what is allowed
 * and how to mend it.
 */
public class TokenizerFormatException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  /** With a whole message. */
  public TokenizerFormatException(String message) {
    super(message);
  }

  /** With a whole message and the failure below it. */
  public TokenizerFormatException(String message, Throwable cause) {
    super(message, cause);
  }
}
