package org.trlm.engine.model;

import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.kernel.KvCacheDtype;
import org.trlm.engine.model.CheckpointNames.Parameter;
import org.trlm.engine.weights.WeightSource;

/**
 * The model once more, written the obvious way: one sequence, one token after the other, rows of
 * weights as the checkpoint has them, no panels, no blocks, no batches. Shares with the engine only
 * the reading of files and the definition of exp. What the engine returns must have these bits.
 */
public final class NaiveModel {

  private record Layer(
      float[] inputNorm,
      float[][] q,
      float[][] k,
      float[][] v,
      float[][] o,
      float[] postNorm,
      float[][] gate,
      float[][] up,
      float[][] down) {}

  private final ModelConfig config;
  private final KvCacheDtype cacheDtype;
  private final float[][] embedTokens;
  private final Layer[] layers;
  private final float[] norm;
  private final float[][] lmHead;
  private final float[] frequencies;

  public NaiveModel(ModelConfig config, WeightSource source) {
    this(config, source, KvCacheDtype.FLOAT32);
  }

  /**
   * @param cacheDtype what keys and values are rounded to
   */
  public NaiveModel(ModelConfig config, WeightSource source, KvCacheDtype cacheDtype) {
    this.config = config;
    this.cacheDtype = cacheDtype;
    CheckpointNames names = CheckpointNames.of(config, source.format());
    embedTokens = matrix(source, names.embedTokens());
    lmHead = config.tieWordEmbeddings() ? embedTokens : matrix(source, names.lmHead());
    norm = matrix(source, names.norm())[0];
    frequencies = RopeFrequencies.of(config, source);
    layers = new Layer[config.numHiddenLayers()];
    for (int l = 0; l < layers.length; l++) {
      layers[l] =
          new Layer(
              matrix(source, names.inputLayernorm(l))[0],
              matrix(source, names.qProj(l)),
              matrix(source, names.kProj(l)),
              matrix(source, names.vProj(l)),
              matrix(source, names.oProj(l)),
              matrix(source, names.postAttentionLayernorm(l))[0],
              matrix(source, names.gateProj(l)),
              matrix(source, names.upProj(l)),
              matrix(source, names.downProj(l)));
    }
  }

  private static float[][] matrix(WeightSource source, Parameter parameter) {
    float[][] rows = new float[(int) parameter.rows()][parameter.rowLength()];
    for (int row = 0; row < rows.length; row++) {
      source.readRow(parameter.tensorName(), parameter.storedRow(row), rows[row], 0);
    }
    return rows;
  }

  /** The logits after every token of a sequence, {@code [tokens][vocabSize]}. */
  public float[][] logits(int[] tokens) {
    float[][] logits = new float[tokens.length][];
    float[][][] keys = new float[layers.length][tokens.length][];
    float[][][] values = new float[layers.length][tokens.length][];
    for (int position = 0; position < tokens.length; position++) {
      float[] x = embedTokens[tokens[position]].clone();
      for (int l = 0; l < layers.length; l++) {
        Layer layer = layers[l];
        float[] h = norm(x, layer.inputNorm);
        float[] q = rotate(multiply(layer.q, h), position);
        keys[l][position] = stored(rotate(multiply(layer.k, h), position));
        values[l][position] = stored(multiply(layer.v, h));
        add(x, multiply(layer.o, attend(q, keys[l], values[l], position + 1)));
        h = norm(x, layer.postNorm);
        float[] gate = multiply(layer.gate, h);
        float[] up = multiply(layer.up, h);
        for (int i = 0; i < gate.length; i++) {
          gate[i] = silu(gate[i]) * up[i];
        }
        add(x, multiply(layer.down, gate));
      }
      logits[position] = multiply(lmHead, norm(x, norm));
    }
    return logits;
  }

  private float[] stored(float[] values) {
    float[] stored = values.clone();
    for (int i = 0; i < stored.length && cacheDtype == KvCacheDtype.BFLOAT16; i++) {
      stored[i] = nearestBfloat16(stored[i]);
    }
    return stored;
  }

  /** The nearer of the two neighbours with 16 zero bits; of two as near the one with 17. */
  static float nearestBfloat16(float value) {
    int bits = Float.floatToIntBits(value);
    float inner = Float.intBitsToFloat(bits & 0xffff0000);
    float outer = Float.intBitsToFloat((bits & 0xffff0000) + 0x10000);
    double toInner = Math.abs((double) value - inner);
    double toOuter = Math.abs((double) outer - value);
    boolean innerIsEven = (bits & 0x10000) == 0;
    return toInner < toOuter || (toInner == toOuter && innerIsEven) ? inner : outer;
  }

  private static float[] multiply(float[][] rows, float[] x) {
    float[] out = new float[rows.length];
    for (int n = 0; n < rows.length; n++) {
      for (int k = 0; k < x.length; k++) {
        out[n] = Math.fma(x[k], rows[n][k], out[n]);
      }
    }
    return out;
  }

  private static void add(float[] x, float[] y) {
    for (int i = 0; i < x.length; i++) {
      x[i] += y[i];
    }
  }

  private float[] norm(float[] x, float[] weight) {
    float[] partial = new float[16];
    for (int i = 0; i < x.length; i++) {
      partial[i % 16] = Math.fma(x[i], x[i], partial[i % 16]);
    }
    float scale =
        (float) (1.0 / Math.sqrt(tree(partial) / (double) x.length + config.rmsNormEps()));
    float[] out = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      out[i] = x[i] * scale * weight[i];
    }
    return out;
  }

  private static float tree(float[] partial) {
    for (int half = 8; half >= 1; half /= 2) {
      for (int i = 0; i < half; i++) {
        partial[i] += partial[i + half];
      }
    }
    return partial[0];
  }

  private static float silu(float g) {
    float e = Kernels.exp(-Math.abs(g));
    return g * ((g >= 0 ? 1f : e) / (1f + e));
  }

  private float[] rotate(float[] heads, int position) {
    int headDim = config.headDim();
    int half = headDim / 2;
    float[] out = new float[heads.length];
    for (int i = 0; i < heads.length; i++) {
      int pair = i % headDim % half;
      float angle = position * frequencies[pair];
      float cos = (float) StrictMath.cos(angle);
      float sin = (float) StrictMath.sin(angle);
      boolean first = i % headDim < half;
      float turned = first ? -heads[i + half] : heads[i - half];
      out[i] = heads[i] * cos + turned * sin;
    }
    return out;
  }

  private float[] attend(float[] q, float[][] keys, float[][] values, int numKeys) {
    int headDim = config.headDim();
    int group = config.numAttentionHeads() / config.numKeyValueHeads();
    float scale = (float) (1 / Math.sqrt(headDim));
    float[] out = new float[config.numAttentionHeads() * headDim];
    for (int head = 0; head < config.numAttentionHeads(); head++) {
      int shared = head / group * headDim;
      float[] scores = new float[numKeys];
      float max = Float.NEGATIVE_INFINITY;
      for (int t = 0; t < numKeys; t++) {
        for (int d = 0; d < headDim; d++) {
          scores[t] = Math.fma(q[head * headDim + d], keys[t][shared + d], scores[t]);
        }
        max = Math.max(max, scores[t]);
      }
      float[] partial = new float[16];
      for (int t = 0; t < numKeys; t++) {
        scores[t] = Kernels.exp((scores[t] - max) * scale);
        partial[t % 16] += scores[t];
      }
      float inverse = 1f / tree(partial);
      for (int t = 0; t < numKeys; t++) {
        float weight = scores[t] * inverse;
        for (int d = 0; d < headDim; d++) {
          int at = head * headDim + d;
          out[at] = Math.fma(weight, values[t][shared + d], out[at]);
        }
      }
    }
    return out;
  }
}
