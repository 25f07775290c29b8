/**
 * Bytes of checkpoint files in, tensors out: names, shapes and rows as float32, from safetensors
 * (single or sharded) and GGUF files. Knows files and not the model: what the tensors mean is
 * {@code org.trlm.engine.model}'s.
 *
 * <p>A file is untrusted. Every count, offset, length and product in it is checked against the
 * bytes that are really there before anything is allocated; opening a file of n bytes allocates
 * less than n + 64 MB, and the only exception that leaves this package for a bad file is {@link
 * org.trlm.engine.weights.WeightFormatException}. Where a new weight format goes: its layout in
 * {@link org.trlm.engine.weights.WeightType}, its decoding in {@code BlockDecoder}.
 */
package org.trlm.engine.weights;
