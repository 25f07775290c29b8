package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;

/** The files too large for the repository, which tests of the tag real-model need. */
public final class RealFiles {
  private RealFiles() {}

  /** A GGUF file of SmolLM2-135M-Instruct. */
  public static Path smolLm2Gguf() {
    return required("trlm.smollm2.gguf", "SmolLM2-135M-Instruct.Q4_1.gguf");
  }

  /** The same weights as sharded bfloat16 safetensors, with TRLM's template and think tokens. */
  public static Path trlmShapedDirectory() {
    return required("trlm.trlm135.dir", "the TRLM-shaped model directory");
  }

  /** An unpacked Spark distribution of the version that this project is built for. */
  public static Path sparkHome() {
    return required("trlm.spark.home", "an unpacked Spark 4.2.0 distribution");
  }

  /** A Python interpreter with pyarrow, pandas, DuckDB, OpenAI's types and moto. */
  public static Path python() {
    return required("trlm.python", "a Python with what .ci/real-model installs");
  }

  /** The jars of Hadoop's S3 client and of Delta Lake. */
  public static Path optionalJars() {
    return required("trlm.optional.jars", "the directory of optional jars");
  }

  /** Such a test fails without its files: a skipped one would look like a passed one. */
  private static Path required(String property, String what) {
    String hint =
        "This test needs %s: run mvn verify -P real-model -D%s=PATH; .ci/real-model fetches it."
            .formatted(what, property);
    assertThat(System.getProperty(property))
        .as("system property %s. %s", property, hint)
        .isNotBlank();
    Path path = Path.of(System.getProperty(property));
    assertThat(path).as("%s. %s", property, hint).exists();
    return path.toAbsolutePath();
  }
}
