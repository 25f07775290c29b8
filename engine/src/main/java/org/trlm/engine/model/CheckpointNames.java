package org.trlm.engine.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.trlm.engine.weights.CheckpointFormat;
import org.trlm.engine.weights.TensorInfo;
import org.trlm.engine.weights.WeightFormatException;
import org.trlm.engine.weights.WeightSource;

/**
 * Which tensor of a checkpoint is which parameter of the model, and the shape it must have. One
 * instance per configuration and format. {@link #check} is called once, before packing.
 */
public final class CheckpointNames {

  /** Which row of the stored tensor holds a row of the parameter. */
  public enum RowOrder {
    /** The stored row is the parameter's row. */
    AS_STORED,
    /**
     * Within each head the stored rows alternate between the two halves of the rotation: stored
     * rows 2p and 2p + 1 are the parameter's rows p and headDim / 2 + p. GGUF keeps q and k so.
     */
    INTERLEAVED_PAIRS
  }

  /**
   * One parameter of the model and the tensor that holds it.
   *
   * @param tensorName in the checkpoint
   * @param shape expected, outermost first: (outputs, inputs) for matrices, (size) for norms
   * @param rowOrder how the parameter's rows are found in the stored tensor
   * @param headDim rows of one head where the order is by head; else 0
   */
  public record Parameter(String tensorName, long[] shape, RowOrder rowOrder, int headDim) {

    /** Rows as {@link WeightSource#readRow} counts them: outputs of a matrix, 1 for a norm. */
    public long rows() {
      return shape.length == 1 ? 1 : shape[0];
    }

    /** Values of a row. */
    public int rowLength() {
      return (int) shape[shape.length - 1];
    }

    /**
     * The stored row that holds row {@code row} of the parameter in the model's order, where each
     * head has the first half of the rotation before the second (Hugging Face's order).
     */
    public long storedRow(long row) {
      if (rowOrder == RowOrder.AS_STORED) {
        return row;
      }
      int half = headDim / 2;
      long inHead = row % headDim;
      return row - inHead + 2 * (inHead % half) + inHead / half;
    }
  }

  private final ModelConfig config;
  private final CheckpointFormat format;

  private CheckpointNames(ModelConfig config, CheckpointFormat format) {
    this.config = config;
    this.format = format;
  }

  public static CheckpointNames of(ModelConfig config, CheckpointFormat format) {
    return new CheckpointNames(config, format);
  }

  /** (vocabSize, hiddenSize) */
  public Parameter embedTokens() {
    return matrix(
        "model.embed_tokens.weight", "token_embd.weight", config.vocabSize(), config.hiddenSize());
  }

  /** (hiddenSize): the norm after the last layer. */
  public Parameter norm() {
    return vector("model.norm.weight", "output_norm.weight", config.hiddenSize());
  }

  /** (vocabSize, hiddenSize); {@link #embedTokens} when the embeddings are tied. */
  public Parameter lmHead() {
    return config.tieWordEmbeddings() ? embedTokens() : storedLmHead();
  }

  /** (hiddenSize): the norm before attention. */
  public Parameter inputLayernorm(int layer) {
    return vector(
        layerName(layer, "input_layernorm"), blockName(layer, "attn_norm"), config.hiddenSize());
  }

  /** (numAttentionHeads × headDim, hiddenSize) */
  public Parameter qProj(int layer) {
    return rotated(layer, "q", config.numAttentionHeads());
  }

  /** (numKeyValueHeads × headDim, hiddenSize) */
  public Parameter kProj(int layer) {
    return rotated(layer, "k", config.numKeyValueHeads());
  }

  /** (numKeyValueHeads × headDim, hiddenSize) */
  public Parameter vProj(int layer) {
    return matrix(
        layerName(layer, "self_attn.v_proj"),
        blockName(layer, "attn_v"),
        config.numKeyValueHeads() * config.headDim(),
        config.hiddenSize());
  }

  /** (hiddenSize, numAttentionHeads × headDim) */
  public Parameter oProj(int layer) {
    return matrix(
        layerName(layer, "self_attn.o_proj"),
        blockName(layer, "attn_output"),
        config.hiddenSize(),
        config.numAttentionHeads() * config.headDim());
  }

  /** (hiddenSize): the norm before the feed-forward part. */
  public Parameter postAttentionLayernorm(int layer) {
    return vector(
        layerName(layer, "post_attention_layernorm"),
        blockName(layer, "ffn_norm"),
        config.hiddenSize());
  }

  /** (intermediateSize, hiddenSize) */
  public Parameter gateProj(int layer) {
    return matrix(
        layerName(layer, "mlp.gate_proj"),
        blockName(layer, "ffn_gate"),
        config.intermediateSize(),
        config.hiddenSize());
  }

  /** (intermediateSize, hiddenSize) */
  public Parameter upProj(int layer) {
    return matrix(
        layerName(layer, "mlp.up_proj"),
        blockName(layer, "ffn_up"),
        config.intermediateSize(),
        config.hiddenSize());
  }

  /** (hiddenSize, intermediateSize) */
  public Parameter downProj(int layer) {
    return matrix(
        layerName(layer, "mlp.down_proj"),
        blockName(layer, "ffn_down"),
        config.hiddenSize(),
        config.intermediateSize());
  }

  /** Every parameter that the checkpoint must hold; with tied embeddings the table stands once. */
  public List<Parameter> all() {
    List<Parameter> all = new ArrayList<>();
    all.add(embedTokens());
    for (int layer = 0; layer < config.numHiddenLayers(); layer++) {
      all.add(inputLayernorm(layer));
      all.add(qProj(layer));
      all.add(kProj(layer));
      all.add(vProj(layer));
      all.add(oProj(layer));
      all.add(postAttentionLayernorm(layer));
      all.add(gateProj(layer));
      all.add(upProj(layer));
      all.add(downProj(layer));
    }
    all.add(norm());
    if (!config.tieWordEmbeddings()) {
      all.add(storedLmHead());
    }
    return all;
  }

  /**
   * Checks that the checkpoint and the configuration describe the same model: every parameter
   * there, in its shape and in a type that can be read, and no tensor that the model would not use.
   *
   * @throws WeightFormatException naming tensor, found and expected
   */
  public void check(WeightSource source) {
    Set<String> unused = new HashSet<>(source.tensorNames());
    for (Parameter parameter : all()) {
      checkOne(source, parameter);
      unused.remove(parameter.tensorName());
    }
    unused.removeIf(CheckpointNames::isRotaryTable);
    if (config.tieWordEmbeddings() && unused.remove(storedLmHead().tensorName())) {
      checkTied(source);
    }
    if (!unused.isEmpty()) {
      throw new WeightFormatException(
          source.where()
              + ": tensor "
              + source.tensor(unused.stream().sorted().findFirst().orElseThrow())
              + " ("
              + unused.size()
              + " such in all) has no place in this configuration of "
              + config.numHiddenLayers()
              + " layers; expected: Llama's tensors only, without biases or adapters. Use the"
              + " configuration that belongs to the checkpoint.");
    }
  }

  private static void checkOne(WeightSource source, Parameter parameter) {
    String name = parameter.tensorName();
    if (!source.contains(name)) {
      throw new WeightFormatException(
          source.where()
              + ": tensor "
              + name
              + " is missing; expected by the configuration, with shape "
              + Arrays.toString(parameter.shape())
              + ". Found are "
              + source.tensorNames().size()
              + " other tensors: use the configuration that belongs to the checkpoint"
              + (name.equals("lm_head.weight")
                  ? ", or set tie_word_embeddings to true if its output layer is the embedding."
                  : "."));
    }
    TensorInfo found = source.tensor(name);
    if (!found.hasShape(parameter.shape())) {
      throw new WeightFormatException(
          source.where()
              + ": tensor "
              + name
              + " has shape "
              + Arrays.toString(found.shape())
              + "; expected by the configuration: "
              + Arrays.toString(parameter.shape())
              + ". Use the configuration that belongs to the checkpoint.");
    }
    if (!found.type().readable()) {
      throw new WeightFormatException(
          source.where()
              + ": tensor "
              + name
              + " is stored as "
              + found.type()
              + "; allowed: F32, F16, BF16 and GGUF's block formats. Convert the checkpoint to"
              + " bfloat16.");
    }
  }

  /** A second copy of the table is harmless, another matrix is a contradiction. */
  private void checkTied(WeightSource source) {
    Parameter head = storedLmHead();
    checkOne(source, head);
    float[] ours = new float[config.hiddenSize()];
    float[] theirs = new float[config.hiddenSize()];
    for (int row = 0; row < config.vocabSize(); row++) {
      source.readRow(embedTokens().tensorName(), row, ours, 0);
      source.readRow(head.tensorName(), row, theirs, 0);
      if (!Arrays.equals(ours, theirs)) {
        throw new WeightFormatException(
            source.where()
                + ": tensor "
                + head.tensorName()
                + " differs from "
                + embedTokens().tensorName()
                + " in row "
                + row
                + ", but tie_word_embeddings is true, which says they are one; set it to false to"
                + " use "
                + head.tensorName()
                + ", or remove the tensor.");
      }
    }
  }

  /** Older checkpoints carry the rotation's frequencies, which follow from the configuration. */
  private static boolean isRotaryTable(String name) {
    return name.endsWith(".rotary_emb.inv_freq") || name.equals(RopeFrequencies.FACTORS_TENSOR);
  }

  private Parameter storedLmHead() {
    return matrix("lm_head.weight", "output.weight", config.vocabSize(), config.hiddenSize());
  }

  private Parameter rotated(int layer, String letter, int heads) {
    return new Parameter(
        name(layerName(layer, "self_attn." + letter + "_proj"), blockName(layer, "attn_" + letter)),
        new long[] {(long) heads * config.headDim(), config.hiddenSize()},
        format == CheckpointFormat.GGUF ? RowOrder.INTERLEAVED_PAIRS : RowOrder.AS_STORED,
        config.headDim());
  }

  private Parameter matrix(String safetensors, String gguf, int outputs, int inputs) {
    long[] shape = {outputs, inputs};
    return new Parameter(name(safetensors, gguf), shape, RowOrder.AS_STORED, 0);
  }

  private Parameter vector(String safetensors, String gguf, int size) {
    return new Parameter(name(safetensors, gguf), new long[] {size}, RowOrder.AS_STORED, 0);
  }

  private String name(String safetensors, String gguf) {
    return format == CheckpointFormat.GGUF ? gguf : safetensors;
  }

  private static String layerName(int layer, String part) {
    return "model.layers." + layer + "." + part + ".weight";
  }

  private static String blockName(int layer, String part) {
    return "blk." + layer + "." + part + ".weight";
  }
}
