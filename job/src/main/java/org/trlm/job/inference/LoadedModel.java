package org.trlm.job.inference;

import org.trlm.engine.model.ModelConfig;
import org.trlm.engine.model.ModelWeights;
import org.trlm.tokenizer.Tokenizer;
import org.trlm.tokenizer.chat.ReasoningParser;

/**
 * A model ready to run in this JVM, shared read-only by its tasks.
 *
 * @param config sizes and constants
 * @param weights packed for the kernels of this JVM
 * @param tokenizer text to ids and back
 * @param tokenText what each token adds to an answer
 * @param reasoning splits answers; null when the model has no think tags
 * @param endOfTurnTokenIds tokens that end an answer
 * @param freeBytes heap that was free once the model was packed and before any engine was made
 */
record LoadedModel(
    ModelConfig config,
    ModelWeights weights,
    Tokenizer tokenizer,
    TokenText tokenText,
    ReasoningParser reasoning,
    int[] endOfTurnTokenIds,
    long freeBytes) {}
