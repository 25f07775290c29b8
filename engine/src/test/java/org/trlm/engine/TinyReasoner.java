package org.trlm.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.model.ModelConfig;
import org.trlm.engine.model.ModelWeights;
import org.trlm.engine.model.WeightDtype;
import org.trlm.engine.weights.CheckpointBytes;
import org.trlm.engine.weights.SafetensorsFile;

/** The embedded model of {@code examples/}: small, trained, and the real thing. */
final class TinyReasoner {
  private static final Path DIRECTORY = Path.of("../examples/tiny-reasoner");

  private TinyReasoner() {}

  static ModelConfig config() {
    return ModelConfig.fromJson(read("config.json"), "config.json");
  }

  static ModelWeights weights(Kernels kernels) {
    return ModelWeights.pack(config(), checkpoint(), kernels, WeightDtype.AUTO);
  }

  static SafetensorsFile checkpoint() {
    return SafetensorsFile.open(CheckpointBytes.of(read("model.safetensors"), "model.safetensors"));
  }

  private static byte[] read(String file) {
    try {
      return Files.readAllBytes(DIRECTORY.resolve(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
