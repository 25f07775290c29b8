package org.trlm.job.input;

/**
 * A prompt as the model gets it.
 *
 * @param text after the chat template
 * @param tokenIds its tokens, at least one; not copied, never written
 */
public record EncodedPrompt(String text, int[] tokenIds) {}
