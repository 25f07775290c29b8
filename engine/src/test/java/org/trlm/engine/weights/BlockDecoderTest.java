package org.trlm.engine.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Every block format against gguf-py, through a whole file. */
class BlockDecoderTest {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  @Test
  void goldenBlocksAreEqualToTheBitAndOtherFormatsAreRefusedByName() throws IOException {
    Set<WeightType> decoded = EnumSet.noneOf(WeightType.class);
    Set<String> refused = new TreeSet<>();
    for (String line : goldenLines()) {
      JsonNode block = JSON.readTree(line);
      WeightType type = WeightType.valueOf(block.get("type").asText());
      byte[] bytes = Base64.getDecoder().decode(block.get("bytes").asText());
      int values = block.get("values").size();
      assertThat(type.blockSize()).isEqualTo(block.get("block_size").asInt());
      assertThat(type.blockBytes()).isEqualTo(block.get("type_size").asInt());
      byte[] file = new GgufBuilder().tensor("t", ggufId(type), new long[] {values}, bytes).build();
      if (!type.readable()) {
        assertThatThrownBy(() -> GgufBuilder.open(file))
            .isInstanceOf(WeightFormatException.class)
            .hasMessageContaining("tensor \"t\" is stored as " + type.name() + "; supported: F32");
        refused.add(type.name());
        continue;
      }
      float[] found = new float[values];
      GgufBuilder.open(file).readRow("t", 0, found, 0);
      for (int i = 0; i < values; i++) {
        float expected = (float) block.get("values").get(i).asDouble();
        assertThat(Float.floatToRawIntBits(found[i]))
            .as("%s value %d: %s, expected %s", type, i, found[i], expected)
            .isEqualTo(Float.floatToRawIntBits(expected));
      }
      decoded.add(type);
    }
    Set<WeightType> readable = EnumSet.allOf(WeightType.class);
    readable.removeIf(type -> !type.readable());
    readable.remove(WeightType.F32);
    assertThat(decoded).isEqualTo(readable);
    assertThat(refused).containsExactly("IQ4_NL", "IQ4_XS", "Q2_K", "Q3_K");
  }

  @Test
  void rowsAreDecodedAcrossSlices() throws IOException {
    byte[] blocks = new byte[34 * 6];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = (byte) (i * 37);
    }
    byte[] file = new GgufBuilder().tensor("t", 8, new long[] {3, 64}, blocks).build();
    GgufFile whole = GgufBuilder.open(file);
    for (int sliceBytes : new int[] {7, 64, 100}) {
      GgufFile sliced =
          GgufFile.open(
              CheckpointBytes.read(
                  new ByteArrayInputStream(file), file.length, "model.gguf", sliceBytes));
      for (int row = 0; row < 3; row++) {
        float[] expected = new float[64];
        float[] found = new float[66];
        whole.readRow("t", row, expected, 0);
        sliced.readRow("t", row, found, 2);
        assertThat(java.util.Arrays.copyOfRange(found, 2, 66)).isEqualTo(expected);
      }
    }
  }

  @Test
  void everyHalfIsWidenedExactly() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      byte[] half = {(byte) bits, (byte) (bits >> 8)};
      float found = BlockDecoder.half(half, 0);
      int exponent = bits >> 10 & 31;
      int fraction = bits & 0x3ff;
      double sign = bits < 0x8000 ? 1 : -1;
      if (exponent == 31) {
        assertThat(Float.isNaN(found)).isEqualTo(fraction != 0);
        assertThat(Float.isInfinite(found)).isEqualTo(fraction == 0);
      } else {
        double scale = StrictMath.scalb(1.0, Math.max(exponent, 1) - 25);
        double expected = sign * scale * (fraction + (exponent == 0 ? 0 : 1024));
        assertThat((double) found).isEqualTo(expected);
      }
    }
  }

  private static List<String> goldenLines() throws IOException {
    try (var in = BlockDecoderTest.class.getResourceAsStream("/golden/gguf_blocks.jsonl")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }

  private static int ggufId(WeightType type) {
    for (int id = 0; id < 64; id++) {
      if (WeightType.ofGguf(id) == type) {
        return id;
      }
    }
    throw new AssertionError(type + " has no GGUF id");
  }
}
