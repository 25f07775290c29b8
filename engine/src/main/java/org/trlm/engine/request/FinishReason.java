package org.trlm.engine.request;

/** Why a sequence ended, in the words of the OpenAI and vLLM interfaces. */
public enum FinishReason {
  /** An end-of-turn token, a stop token or a stop string. */
  STOP,
  /** {@code max_tokens} or {@code max_model_len} was reached. */
  LENGTH,
  /**
   * The generated tokens went in circles, as {@code repetition_detection} was asked to look for.
   */
  REPETITION;

  /** The lower-case word written to the output column {@code finish_reason}. */
  public String word() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
