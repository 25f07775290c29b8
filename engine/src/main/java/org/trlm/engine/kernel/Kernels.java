package org.trlm.engine.kernel;

/**
 * What is computed for the model and the sampler beside the products, which are the business of the
 * {@link WeightMatrix} itself. Every implementation returns the bits of {@link ScalarKernels}, in
 * the products of what it packs as well; only those of a {@link ComputeProvider} have bits of their
 * own. Implementations hold no state: one instance serves all threads of a JVM.
 *
 * <p>Arrays may be longer than what a call names; offsets and strides count elements. Arguments are
 * trusted (the model computes them from its own shapes); input and output must not overlap unless a
 * method allows it. Values are finite unless a method says otherwise.
 */
public interface Kernels extends MatrixPacker {

  /** Tokens in one block of the key/value cache. */
  int BLOCK_TOKENS = 16;

  /** Outputs in one panel of a packed matrix, whatever the vector width. */
  int PANEL_OUTPUTS = 64;

  /**
   * Root mean square norm of one row (Zhang and Sennrich 2019): {@code out = x / sqrt(mean(x²) +
   * epsilon) * weight}. {@code out} may be {@code x}.
   */
  void rmsNorm(
      float[] x, int xOffset, float[] weight, float epsilon, float[] out, int outOffset, int n);

  /** {@code x += y}. */
  void add(float[] x, int xOffset, float[] y, int yOffset, int n);

  /**
   * {@code out = silu(gate) * up}, silu(g) = g / (1 + exp(-g)). {@code out} may be either input.
   */
  void siluMultiply(
      float[] gate, int gateOffset, float[] up, int upOffset, float[] out, int outOffset, int n);

  /**
   * Rotates one head in place (rotary embedding, halves convention): with {@code half = headDim /
   * 2}, {@code x[i], x[half + i]} become {@code x[i]·cos[i] - x[half + i]·sin[i]} and {@code x[half
   * + i]·cos[i] + x[i]·sin[i]}.
   */
  void rotate(float[] x, int xOffset, float[] cos, float[] sin, int tableOffset, int half);

  /**
   * Grouped-query attention of one layer: for each query and head, {@code softmax(query · keys *
   * scale) · values} over positions 0 … its own, with {@code scale = 1 / sqrt(headDim)}. A score is
   * one accumulator over the dimensions in order; softmax is as in {@link #softmaxNumerators}, each
   * numerator times the reciprocal of the sum; an output is one accumulator over the positions in
   * order. Several queries of a sequence in one call read its keys and values once.
   *
   * @param query {@code [numQueries][heads][headDim]}, rows {@code queryStride} apart
   * @param firstPosition position of the first query; the others follow it
   * @param cache of the layer
   * @param blockTable block ids of the sequence, {@value #BLOCK_TOKENS} positions each
   * @param scratch for so many queries and keys, and for the type of the cache
   * @param out {@code [numQueries][heads][headDim]}, rows {@code outStride} apart
   */
  void attention(
      float[] query,
      int queryOffset,
      int queryStride,
      int numQueries,
      int firstPosition,
      KeyValueBlocks cache,
      int[] blockTable,
      AttentionScratch scratch,
      float[] out,
      int outOffset,
      int outStride);

  /**
   * Rounds a row to bfloat16, nearest even, for the products of a {@link ComputeProvider}: with
   * {@code half = (n + 1) / 2}, the low 16 bits of {@code pairs[i]} are those of {@code x[i]} and
   * the high 16 bits those of {@code x[half + i]} (0 past the row), so that a vector of pairs is
   * made of two vectors of values. Infinities are legal and stay; so does the NaN of arithmetic.
   */
  void roundToBfloat16(float[] x, int xOffset, int n, int[] pairs, int pairsOffset);

  /**
   * Index (from 0) of the largest of {@code n ≥ 1} values, the lowest one on ties. Infinities are
   * legal; NaN counts as smaller than any number, so that a row whose products overflowed still
   * gets a token.
   */
  int argmax(float[] x, int xOffset, int n);

  /**
   * Softmax numerators {@code out = exp((x - max) * scale)} and their sum. {@code out} may be
   * {@code x}; x may hold {@code -Infinity} (numerator 0) while max is finite.
   *
   * @param scale 1 / temperature in the sampler; positive
   * @return sum of the numerators through 16 partial sums and a fixed tree
   */
  float softmaxNumerators(
      float[] x, int xOffset, float max, float scale, float[] out, int outOffset, int n);

  /**
   * The exponential of the whole engine, within 2 units in the last place: 0 below -60, where a
   * true result times any weight would be lost anyway and could be a subnormal, which CPUs handle
   * many times slower; saturates at e^88. NaN is not legal.
   */
  static float exp(float x) {
    return Exponential.exp(x);
  }
}
