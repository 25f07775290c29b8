package org.trlm.engine.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FileKindTest {
  private static final byte[] SAFETENSORS = new SafetensorsBuilder().build();
  private static final byte[] GGUF = new GgufBuilder().build();

  static Stream<Arguments> otherKinds() {
    byte[] zip = {'P', 'K', 3, 4, 0, 0, 8, 8, 0, 0};
    byte[] pickle = {(byte) 0x80, 2, '}', 'q', 0, '.'};
    return Stream.of(
        Arguments.of(zip, FileKind.PICKLE, "pickle checkpoints are not loaded"),
        Arguments.of(pickle, FileKind.PICKLE, "Convert it to safetensors"),
        Arguments.of(
            text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"),
            FileKind.GIT_LFS_POINTER,
            "Fetch the real file: git lfs pull"),
        Arguments.of(text("\n <!DOCTYPE html><p>"), FileKind.HTML, "saved a web page in its place"),
        Arguments.of(text("<html><p>no"), FileKind.HTML, "is an HTML page; expected"),
        Arguments.of(new byte[0], FileKind.EMPTY, "is an empty file; expected"));
  }

  @ParameterizedTest
  @MethodSource("otherKinds")
  void otherFilesAreRefusedByWhatTheyAre(byte[] file, FileKind kind, String message) {
    CheckpointBytes bytes = CheckpointBytes.of(file, "dir/weights");
    assertThat(FileKind.of(bytes)).isEqualTo(kind);
    assertThatThrownBy(() -> SafetensorsFile.open(bytes))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageStartingWith("dir/weights is ")
        .hasMessageContaining(message);
    assertThatThrownBy(() -> GgufFile.open(bytes))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining(message);
  }

  @Test
  void theTwoFormatsAreToldApart() {
    assertThat(FileKind.of(CheckpointBytes.of(SAFETENSORS, "a"))).isEqualTo(FileKind.SAFETENSORS);
    assertThat(FileKind.of(CheckpointBytes.of(GGUF, "a"))).isEqualTo(FileKind.GGUF);
    assertThat(FileKind.of(CheckpointBytes.of(text("hello there"), "a")))
        .isEqualTo(FileKind.UNKNOWN);
    assertThatThrownBy(() -> SafetensorsBuilder.open(GGUF))
        .hasMessageContaining("is a GGUF file; expected: a safetensors file");
    assertThatThrownBy(() -> GgufBuilder.open(SAFETENSORS))
        .hasMessageContaining("is a safetensors file; expected: a GGUF file");
    assertThatThrownBy(() -> GgufBuilder.open(text("hello there")))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("expected: a GGUF file");
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
