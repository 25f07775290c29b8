package org.trlm.engine.model;

import org.trlm.engine.weights.CheckpointFormat;
import org.trlm.engine.weights.TensorInfo;
import org.trlm.engine.weights.WeightFormatException;
import org.trlm.engine.weights.WeightSource;

/**
 * The inverse frequencies of the rotation, one per pair of dimensions, in float32 and in the order
 * of operations of transformers' {@code modeling_rope_utils}. The angle at a position is {@code
 * position × frequency}.
 */
public final class RopeFrequencies {

  /** GGUF keeps Llama 3's scaling as one divisor per pair in this tensor. */
  static final String FACTORS_TENSOR = "rope_freqs.weight";

  private RopeFrequencies() {}

  /**
   * @return headDim / 2 values
   * @throws WeightFormatException when the checkpoint's own divisors have the wrong shape or values
   */
  public static float[] of(ModelConfig config, WeightSource source) {
    float[] frequencies = plain(config);
    if (config.ropeScaling() instanceof RopeScaling.Llama3 llama3) {
      scale(frequencies, llama3);
    } else if (source.format() == CheckpointFormat.GGUF && source.contains(FACTORS_TENSOR)) {
      divide(frequencies, source);
    }
    return frequencies;
  }

  /** theta ^ -(2 i / headDim) */
  private static float[] plain(ModelConfig config) {
    int pairs = config.headDim() / 2;
    float[] frequencies = new float[pairs];
    for (int i = 0; i < pairs; i++) {
      float exponent = (2 * i) / (float) config.headDim();
      frequencies[i] = 1.0f / (float) StrictMath.pow(config.ropeTheta(), exponent);
    }
    return frequencies;
  }

  private static void scale(float[] frequencies, RopeScaling.Llama3 scaling) {
    float context = scaling.originalMaxPositionEmbeddings();
    float low = (float) scaling.lowFreqFactor();
    float high = (float) scaling.highFreqFactor();
    float factor = (float) scaling.factor();
    float longest = (float) (context / scaling.lowFreqFactor());
    float shortest = (float) (context / scaling.highFreqFactor());
    for (int i = 0; i < frequencies.length; i++) {
      float frequency = frequencies[i];
      float wavelength = (float) (2 * Math.PI) / frequency;
      if (wavelength > longest) {
        frequencies[i] = frequency / factor;
      } else if (wavelength >= shortest) {
        float smooth = (context / wavelength - low) / (high - low);
        frequencies[i] = (1 - smooth) * frequency / factor + smooth * frequency;
      }
    }
  }

  private static void divide(float[] frequencies, WeightSource source) {
    TensorInfo tensor = source.tensor(FACTORS_TENSOR);
    if (!tensor.hasShape(frequencies.length)) {
      throw new WeightFormatException(
          source.where()
              + ": tensor "
              + tensor
              + " must hold one divisor per pair of head dimensions: shape ["
              + frequencies.length
              + "]. Convert the model again.");
    }
    float[] divisors = new float[frequencies.length];
    source.readRow(FACTORS_TENSOR, 0, divisors, 0);
    for (int i = 0; i < frequencies.length; i++) {
      if (!(divisors[i] > 0 && divisors[i] < Float.POSITIVE_INFINITY)) {
        throw new WeightFormatException(
            source.where()
                + ": tensor "
                + tensor
                + " holds "
                + divisors[i]
                + " at "
                + i
                + "; allowed: numbers above 0. Convert the model again.");
      }
      frequencies[i] /= divisors[i];
    }
  }
}
