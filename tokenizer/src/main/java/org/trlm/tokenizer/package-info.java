/**
 * Text goes in, token ids come out, and back: byte-level byte-pair encoding as the Rust library
 * {@code tokenizers} defines it, read from a {@code tokenizer.json} or from GGUF metadata.
 *
 * <p>A text passes through these rooms in order: {@link org.trlm.tokenizer.AddedTokens} cuts out
 * the tokens that are matched as whole strings, the normalizer composes what is left, the {@code
 * PreTokenizer}s split it into words, {@code BytePairEncoding} turns each word's bytes into ids,
 * and the post-processor puts its ids around the result. Letter, number and space classes come from
 * tables ({@code UnicodeTables}), never from the JDK, whose Unicode version changes between
 * releases.
 *
 * <p>Everything that a file asks for and this package does not do exactly is refused with a {@link
 * org.trlm.tokenizer.TokenizerFormatException} that names it.
 */
package org.trlm.tokenizer;
