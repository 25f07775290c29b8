/**
 * The dozen operations under the model: float arrays, offsets and packed weight matrices go in,
 * float arrays come out. {@link org.trlm.engine.kernel.ScalarKernels} is the definition; {@link
 * org.trlm.engine.kernel.VectorKernels} is the same arithmetic in SIMD lanes and returns the same
 * bits at every vector width. This is the only package that touches {@code jdk.incubator.vector}.
 *
 * <p>Three rules make the bits independent of width, batch and chunk: an output of a matrix product
 * is one accumulator that runs over k = 0 … K-1 by fused multiply-add; a reduction goes through 16
 * partial sums (element i into sum i mod 16) and a fixed tree; an exponential is {@link
 * org.trlm.engine.kernel.Kernels#exp}.
 */
package org.trlm.engine.kernel;
