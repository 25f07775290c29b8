package org.trlm.engine;

/**
 * The limits of one engine; everything it allocates follows from them and from the model.
 *
 * @param maxModelLen most tokens of one sequence, prompt and generated together; at most the
 *     model's max_position_embeddings
 * @param maxNumSeqs sequences that run at the same time (slots)
 * @param maxNumBatchedTokens tokens computed in one step, decode and prefill chunks together; at
 *     least {@code maxNumSeqs}
 * @param numKvBlocks cache blocks of 16 tokens in the pool
 */
public record EngineConfig(
    int maxModelLen, int maxNumSeqs, int maxNumBatchedTokens, int numKvBlocks) {}
