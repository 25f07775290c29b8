package org.trlm.engine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.trlm.engine.kernel.ComputeMode;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.kernel.MatrixPacker;
import org.trlm.engine.model.ModelConfig;
import org.trlm.engine.model.ModelWeights;
import org.trlm.engine.model.WeightDtype;
import org.trlm.engine.request.ThoughtTags;
import org.trlm.engine.weights.CheckpointBytes;
import org.trlm.engine.weights.SafetensorsFile;

/** The embedded model of {@code examples/}: small, trained, and the real thing. */
final class TinyReasoner {
  private static final Path DIRECTORY = Path.of("../examples/tiny-reasoner");

  private static final ComputeMode COMPUTE =
      ComputeMode.valueOf(
          System.getProperty("trlm.test.compute", "exact").toUpperCase(Locale.ROOT));

  static final int END_OF_TURN = 2;
  static final int OPEN_THOUGHT = 766;
  static final int CLOSE_THOUGHT = 767;

  private TinyReasoner() {}

  static ModelConfig config() {
    return ModelConfig.fromJson(read("config.json"), "config.json");
  }

  /** Whether products are those of the scalar definition in this JVM; else an accelerator's. */
  static boolean isExact() {
    return COMPUTE == ComputeMode.EXACT;
  }

  /** For fast products in the mode that this JVM's tests are about. */
  static ModelWeights fastWeights() {
    return weights(COMPUTE);
  }

  static ModelWeights weights(ComputeMode mode) {
    Kernels kernels = KernelProvider.vector();
    MatrixPacker packer = KernelProvider.packer(mode, kernels);
    return ModelWeights.pack(config(), checkpoint(), kernels, packer, WeightDtype.AUTO);
  }

  static ModelWeights weights(Kernels kernels) {
    return ModelWeights.pack(config(), checkpoint(), kernels, WeightDtype.AUTO);
  }

  static SafetensorsFile checkpoint() {
    return SafetensorsFile.open(CheckpointBytes.of(read("model.safetensors"), "model.safetensors"));
  }

  /** What its tokens mean: their bytes, its end of a turn, its thought between two tokens. */
  static AnswerFormat format() {
    return AnswerFormat.of(
        tokenText(), new int[] {END_OF_TURN}, ThoughtTags.ofIds(OPEN_THOUGHT, CLOSE_THOUGHT));
  }

  /** By token id its bytes; control tokens have none. */
  static byte[][] tokenText() {
    byte[][] texts = new byte[config().vocabSize()][0];
    try {
      JsonNode tokenizer = new ObjectMapper().readTree(read("tokenizer.json"));
      tokenizer
          .at("/model/vocab")
          .fields()
          .forEachRemaining(entry -> texts[entry.getValue().intValue()] = bytes(entry.getKey()));
      for (JsonNode control : tokenizer.get("added_tokens")) {
        texts[control.get("id").intValue()] = new byte[0];
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return texts;
  }

  /**
   * GPT-2 writes the n-th byte that is no visible character of Latin 1 as the character 256 + n.
   */
  private static byte[] bytes(String token) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (char c : token.toCharArray()) {
      int b = c;
      if (c >= 256) {
        int hidden = 256;
        for (b = -1; hidden <= c; ) {
          b++;
          hidden += isVisible(b) ? 0 : 1;
        }
      }
      bytes.write(b);
    }
    return bytes.toByteArray();
  }

  private static boolean isVisible(int b) {
    return (b >= '!' && b <= '~') || (b >= 0xa1 && b != 0xad);
  }

  private static byte[] read(String file) {
    try {
      return Files.readAllBytes(DIRECTORY.resolve(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
