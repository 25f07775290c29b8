package org.trlm.job.input;

import org.trlm.tokenizer.RenderedText;

/**
 * A prompt as the model gets it.
 *
 * @param rendered the text after the chat template
 * @param tokenIds its tokens, at least one; not copied, never written
 */
public record EncodedPrompt(RenderedText rendered, int[] tokenIds) {

  /** The text after the chat template. */
  public String text() {
    return rendered.text();
  }
}
