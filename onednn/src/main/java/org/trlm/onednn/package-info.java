/**
 * Matrix products of {@code --compute bf16} by oneDNN, on the matrix and bfloat16 units of newer
 * CPUs: float rows and weight matrices go in, float rows come out. {@link
 * org.trlm.onednn.OneDnnProvider} is the door, found by {@link java.util.ServiceLoader}; the only
 * package that touches {@code org.bytedeco}, in a jar beside trlm-spark.jar.
 *
 * <p>One call's way: {@link org.trlm.onednn.PackedMatrix} rounds the activations to bfloat16,
 * {@link org.trlm.onednn.Scratch} hands them to oneDNN with one token count of {@link
 * org.trlm.onednn.Product}, chunk by chunk of a {@link org.trlm.onednn.PackedMatrix}, and copies
 * the products out. Why token counts are padded and where the sums of a row get their bits from:
 * docs/decisions/0040.
 */
package org.trlm.onednn;
