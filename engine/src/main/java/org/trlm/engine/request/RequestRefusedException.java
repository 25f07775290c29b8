package org.trlm.engine.request;

/** A request that this engine can never complete, refused before it waits or takes memory. */
public final class RequestRefusedException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  /** What kind of refusal, for callers that report them differently. */
  public enum Reason {
    /** The prompt leaves no room for one generated token within {@code max_model_len}. */
    PROMPT_TOO_LONG,
    /** Prompt and {@code max_tokens} need more cache blocks than the whole pool has. */
    KV_CACHE_TOO_SMALL,
    /** {@code structured_outputs} that are malformed, not supported, too large or unsatisfiable. */
    CONSTRAINT,
    /** An empty prompt, a token outside the vocabulary, or an id that is in use. */
    INVALID
  }

  private final Reason reason;

  /**
   * @param message what is wrong, the values found, what is allowed and how to mend it
   */
  public RequestRefusedException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** What kind of refusal. */
  public Reason reason() {
    return reason;
  }
}
