package org.trlm.engine.model;

import java.util.ArrayList;
import java.util.List;
import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.kernel.MatrixPacker;
import org.trlm.engine.kernel.MatrixRows;
import org.trlm.engine.kernel.PanelDtype;
import org.trlm.engine.kernel.WeightMatrix;
import org.trlm.engine.model.CheckpointNames.Parameter;
import org.trlm.engine.weights.FiniteWeights;
import org.trlm.engine.weights.WeightFormatException;
import org.trlm.engine.weights.WeightSource;

/**
 * The weights of a model, packed by what will multiply with them, and the kernels for the rest.
 * Packed once per JVM and shared read-only by all engines of that JVM.
 */
public final class ModelWeights {

  /**
   * One layer.
   *
   * @param inputLayernorm {@code [hiddenSize]}
   * @param qkvProj queries, keys and values in one product: {@code [(heads + 2 kvHeads) headDim]
   *     [hiddenSize]}
   * @param oProj {@code [hiddenSize][heads headDim]}
   * @param postAttentionLayernorm {@code [hiddenSize]}
   * @param gateUpProj gate rows, then up rows: {@code [2 intermediateSize][hiddenSize]}
   * @param downProj {@code [hiddenSize][intermediateSize]}
   */
  record Layer(
      float[] inputLayernorm,
      WeightMatrix qkvProj,
      WeightMatrix oProj,
      float[] postAttentionLayernorm,
      WeightMatrix gateUpProj,
      WeightMatrix downProj) {}

  private final ModelConfig config;
  private final Kernels kernels;
  private final WeightMatrix embedTokens;
  private final List<Layer> layers;
  private final float[] norm;
  private final WeightMatrix lmHead;
  private final float[] ropeFrequencies;
  private RotaryEmbedding rotaryEmbedding;

  private ModelWeights(
      ModelConfig config,
      Kernels kernels,
      WeightMatrix embedTokens,
      List<Layer> layers,
      float[] norm,
      WeightMatrix lmHead,
      float[] ropeFrequencies) {
    this.config = config;
    this.kernels = kernels;
    this.embedTokens = embedTokens;
    this.layers = List.copyOf(layers);
    this.norm = norm;
    this.lmHead = lmHead;
    this.ropeFrequencies = ropeFrequencies;
  }

  /**
   * {@link #pack(ModelConfig, WeightSource, Kernels, MatrixPacker, WeightDtype)} for products by
   * the kernels.
   */
  public static ModelWeights pack(
      ModelConfig config, WeightSource source, Kernels kernels, WeightDtype dtype) {
    return pack(config, source, kernels, kernels, dtype);
  }

  /**
   * Checks the checkpoint against the configuration and packs it.
   *
   * @param kernels compute all but the products
   * @throws WeightFormatException naming the tensor, when one is missing, has another shape or
   *     holds values that are not finite
   * @throws IllegalArgumentException when a matrix does not fit a Java array
   */
  public static ModelWeights pack(
      ModelConfig config,
      WeightSource source,
      Kernels kernels,
      MatrixPacker packer,
      WeightDtype dtype) {
    CheckpointNames names = CheckpointNames.of(config, source.format());
    names.check(source);
    float[] frequencies = RopeFrequencies.of(config, source);
    List<WeightMatrix> packed = packer.pack(matrices(config, source, names, dtype));

    List<Layer> layers = new ArrayList<>();
    int next = 0;
    for (int layer = 0; layer < config.numHiddenLayers(); layer++) {
      layers.add(
          new Layer(
              vector(source, names.inputLayernorm(layer)),
              packed.get(next++),
              packed.get(next++),
              vector(source, names.postAttentionLayernorm(layer)),
              packed.get(next++),
              packed.get(next++)));
    }
    WeightMatrix embedTokens = packed.get(next++);
    WeightMatrix lmHead = config.tieWordEmbeddings() ? embedTokens : packed.get(next);
    float[] norm = vector(source, names.norm());
    return new ModelWeights(config, kernels, embedTokens, layers, norm, lmHead, frequencies);
  }

  /** All matrices, in the order in which {@link #pack} takes them back. */
  private static List<MatrixRows> matrices(
      ModelConfig config, WeightSource source, CheckpointNames names, WeightDtype dtype) {
    List<MatrixRows> matrices = new ArrayList<>();
    for (int layer = 0; layer < config.numHiddenLayers(); layer++) {
      matrices.add(
          stacked(source, dtype, names.qProj(layer), names.kProj(layer), names.vProj(layer)));
      matrices.add(stacked(source, dtype, names.oProj(layer)));
      matrices.add(stacked(source, dtype, names.gateProj(layer), names.upProj(layer)));
      matrices.add(stacked(source, dtype, names.downProj(layer)));
    }
    matrices.add(stacked(source, dtype, names.embedTokens()));
    if (!config.tieWordEmbeddings()) {
      matrices.add(stacked(source, dtype, names.lmHead()));
    }
    return matrices;
  }

  /** One matrix whose rows are those of the parameters, one after the other. */
  private static MatrixRows stacked(
      WeightSource source, WeightDtype dtype, Parameter... parameters) {
    long rows = 0;
    boolean exactlyBfloat16 = true;
    FiniteWeights[] finite = new FiniteWeights[parameters.length];
    for (int i = 0; i < parameters.length; i++) {
      rows += parameters[i].rows();
      exactlyBfloat16 &= source.isExactlyBfloat16(parameters[i].tensorName());
      finite[i] = new FiniteWeights(source, parameters[i].tensorName());
    }
    boolean bfloat16 =
        dtype == WeightDtype.BFLOAT16 || dtype == WeightDtype.AUTO && exactlyBfloat16;
    return new MatrixRows(
        parameters[0].tensorName(),
        Math.toIntExact(rows),
        parameters[0].rowLength(),
        bfloat16 ? PanelDtype.BFLOAT16 : PanelDtype.FLOAT32,
        (row, into, at) -> {
          int part = 0;
          long partRow = row;
          while (partRow >= parameters[part].rows()) {
            partRow -= parameters[part++].rows();
          }
          Parameter parameter = parameters[part];
          source.readRow(parameter.tensorName(), parameter.storedRow(partRow), into, at);
          finite[part].count(into, at, parameter.rowLength());
          if (partRow == parameter.rows() - 1) {
            finite[part].check();
          }
        });
  }

  private static float[] vector(WeightSource source, Parameter parameter) {
    float[] values = new float[parameter.rowLength()];
    source.readRow(parameter.tensorName(), 0, values, 0);
    FiniteWeights finite = new FiniteWeights(source, parameter.tensorName());
    finite.count(values, 0, values.length);
    finite.check();
    return values;
  }

  /**
   * Bytes that the packed matrices will take.
   *
   * @param dtype how each of them is stored; a checkpoint of mixed types lies between the two
   */
  public static long packedBytes(ModelConfig config, PanelDtype dtype) {
    long hidden = config.hiddenSize();
    long heads = (long) config.numAttentionHeads() * config.headDim();
    long keysAndValues = 2L * config.numKeyValueHeads() * config.headDim();
    long layer =
        MatrixRows.packedBytes(heads + keysAndValues, hidden, dtype)
            + MatrixRows.packedBytes(hidden, heads, dtype)
            + MatrixRows.packedBytes(2L * config.intermediateSize(), hidden, dtype)
            + MatrixRows.packedBytes(hidden, config.intermediateSize(), dtype);
    long table = MatrixRows.packedBytes(config.vocabSize(), hidden, dtype);
    return config.numHiddenLayers() * layer + table * (config.tieWordEmbeddings() ? 1 : 2);
  }

  /** Bytes that the packed matrices take. */
  public long bytes() {
    long bytes = embedTokens.bytes() + (lmHead == embedTokens ? 0 : lmHead.bytes());
    for (Layer layer : layers) {
      bytes +=
          layer.qkvProj.bytes()
              + layer.oProj.bytes()
              + layer.gateUpProj.bytes()
              + layer.downProj.bytes();
    }
    return bytes;
  }

  public ModelConfig config() {
    return config;
  }

  /** What computes all but the products. */
  public Kernels kernels() {
    return kernels;
  }

  /** {@code [vocabSize][hiddenSize]}, read by rows. */
  WeightMatrix embedTokens() {
    return embedTokens;
  }

  Layer layer(int layer) {
    return layers.get(layer);
  }

  /** The norm after the last layer, {@code [hiddenSize]}. */
  float[] norm() {
    return norm;
  }

  /** {@code [vocabSize][hiddenSize]}; {@link #embedTokens} itself when the two are tied. */
  WeightMatrix lmHead() {
    return lmHead;
  }

  /** The rotation's table for at least that many positions, made once and shared by the engines. */
  synchronized RotaryEmbedding rotaryEmbedding(int numPositions) {
    if (rotaryEmbedding == null || rotaryEmbedding.numPositions() < numPositions) {
      rotaryEmbedding = new RotaryEmbedding(ropeFrequencies, numPositions);
    }
    return rotaryEmbedding;
  }
}
