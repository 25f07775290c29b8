package org.trlm.engine.weights;

/**
 * A checkpoint file or model configuration that cannot be loaded. The message says which file,
 * which field or tensor, the value found, what is allowed and how to mend it; it is meant for the
 * user.
 */
public class WeightFormatException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  public WeightFormatException(String message) {
    super(message);
  }

  public WeightFormatException(String message, Throwable cause) {
    super(message, cause);
  }
}
