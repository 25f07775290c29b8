package org.trlm.engine.model;

import java.io.Serializable;
import java.util.List;
import org.trlm.engine.kernel.AttentionShape;
import org.trlm.engine.weights.GgufFile;

/**
 * The sizes and constants of a model of Llama's architecture. Made on the driver, shipped to
 * executors.
 *
 * @param vocabSize rows of the embedding table
 * @param hiddenSize width of the residual stream
 * @param intermediateSize width inside the feed-forward part
 * @param numHiddenLayers layers
 * @param numAttentionHeads query heads
 * @param numKeyValueHeads key/value heads; divides the query heads
 * @param headDim dimensions of a head; even
 * @param rmsNormEps added to the mean square in every norm
 * @param ropeTheta base of the rotary frequencies
 * @param ropeScaling how they are stretched
 * @param maxPositionEmbeddings longest sequence the model was made for
 * @param tieWordEmbeddings the output layer is the embedding table
 * @param bosTokenId {@link #NO_TOKEN} when the model names none
 * @param eosTokenIds tokens that end a turn; may be empty
 */
public record ModelConfig(
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    int numHiddenLayers,
    int numAttentionHeads,
    int numKeyValueHeads,
    int headDim,
    float rmsNormEps,
    double ropeTheta,
    RopeScaling ropeScaling,
    int maxPositionEmbeddings,
    boolean tieWordEmbeddings,
    int bosTokenId,
    List<Integer> eosTokenIds)
    implements Serializable {

  /** The value of {@link #bosTokenId} when the model names none. */
  public static final int NO_TOKEN = -1;

  /** The heads of its attention. */
  public AttentionShape attentionShape() {
    return new AttentionShape(numAttentionHeads, numKeyValueHeads, headDim);
  }

  /**
   * Reads Hugging Face's config.json.
   *
   * @param where the file, for messages
   * @throws org.trlm.engine.weights.WeightFormatException when it is not JSON, or describes another
   *     architecture, or sizes that cannot be
   */
  public static ModelConfig fromJson(byte[] configJson, String where) {
    return ConfigJson.read(configJson, where);
  }

  /**
   * Reads a GGUF file's metadata; whether the embeddings are tied follows from its tensors.
   *
   * @throws org.trlm.engine.weights.WeightFormatException as {@link #fromJson}
   */
  public static ModelConfig fromGguf(GgufFile file) {
    return ConfigGguf.read(file);
  }
}
