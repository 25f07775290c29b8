package org.trlm.engine.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.trlm.engine.weights.GgufBuilder.array;
import static org.trlm.engine.weights.GgufBuilder.int32;
import static org.trlm.engine.weights.GgufBuilder.int64;
import static org.trlm.engine.weights.GgufBuilder.join;
import static org.trlm.engine.weights.GgufBuilder.string;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class GgufFileTest {
  private static final byte[] NONE = {};

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void metadataAndTensorsComeBackAsWritten(int version) {
    GgufFile file = GgufBuilder.open(good(version).build());
    Map<String, Object> metadata = file.metadata();
    assertThat(metadata.get("text")).isEqualTo("Grüße");
    assertThat(metadata.get("uint8")).isEqualTo(255L);
    assertThat(metadata.get("int8")).isEqualTo(-1L);
    assertThat(metadata.get("uint16")).isEqualTo(65535L);
    assertThat(metadata.get("int16")).isEqualTo(-1L);
    assertThat(metadata.get("uint32")).isEqualTo(4294967295L);
    assertThat(metadata.get("int32")).isEqualTo(-1L);
    assertThat(metadata.get("float32")).isEqualTo(1.5);
    assertThat(metadata.get("float64")).isEqualTo(0.1);
    assertThat(metadata.get("bool")).isEqualTo(true);
    assertThat(metadata.get("int64")).isEqualTo(-5L);
    assertThat(metadata.get("strings")).isEqualTo(List.of("a", "", "ü"));
    assertThat(metadata.get("int8s")).isEqualTo(new byte[] {1, -1});
    assertThat(metadata.get("int16s")).isEqualTo(new short[] {-2, 3});
    assertThat(metadata.get("int32s")).isEqualTo(new int[] {-7, 9});
    assertThat(metadata.get("int64s")).isEqualTo(new long[] {-7});
    assertThat(metadata.get("floats")).isEqualTo(new float[] {0.5f});
    assertThat(metadata.get("doubles")).isEqualTo(new double[] {0.25});
    assertThat(metadata.get("bools")).isEqualTo(new boolean[] {true, false});
    assertThat(file.tensorNames()).containsExactly("a", "b");
    assertThat(file.tensor("a").toString()).isEqualTo("a F32 [2, 3]");
    float[] row = new float[3];
    file.readRow("a", 1, row, 0);
    assertThat(row).containsExactly(4, 5, 6);
    file.readRow("b", 0, row, 2);
    assertThat(row[2]).isEqualTo(9);
  }

  @Test
  void aStringThatIsNotUtf8IsRefusedWhenItIsRead() {
    byte[] broken = join(int64(1), new byte[] {(byte) 0xff});
    byte[] file = new GgufBuilder().entry("words", GgufBuilder.ARRAY, array(8, 1, broken)).build();
    List<?> words = (List<?>) GgufBuilder.open(file).metadata().get("words");
    assertThatThrownBy(() -> words.get(0))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("model.gguf: value of \"words\" is not UTF-8 text at 0");
  }

  @Test
  void anotherAlignmentIsFollowed() {
    GgufBuilder builder = new GgufBuilder();
    builder.alignment = 128;
    builder.number("general.alignment", 128);
    byte[] file = builder.floats("a", new long[] {1}, 1).floats("b", new long[] {1}, 2).build();
    float[] value = new float[1];
    GgufBuilder.open(file).readRow("b", 0, value, 0);
    assertThat(value).containsExactly(2);
  }

  static Stream<Arguments> badFiles() {
    return Stream.of(
        Arguments.of(version(0), "GGUF version is 0; supported: 2 and 3"),
        Arguments.of(version(1), "GGUF version is 1; supported: 2 and 3"),
        Arguments.of(version(4), "GGUF version is 4; supported: 2 and 3"),
        Arguments.of(version(0x03000000), "the file is big-endian"),
        Arguments.of(counts(-1, 0), "tensor count is 18446744073709551615; allowed: 0 to 10000"),
        Arguments.of(counts(1L << 40, 0), "tensor count is 1099511627776; allowed"),
        Arguments.of(counts(0, -1), "metadata count is 18446744073709551615; allowed: 0 to 4096"),
        Arguments.of(Arrays.copyOf(counts(5, 0), 24), "the file is truncated or damaged"),
        Arguments.of(entry("", 4, int32(1)), "metadata key 0 is empty"),
        Arguments.of(raw(int64(-1)), "metadata key 0 needs 18446744073709551615 bytes"),
        Arguments.of(raw(int64(257)), "metadata key 0 has 257 bytes; allowed: at most 256"),
        Arguments.of(raw(int64(200)), "metadata key 0 needs 200 bytes at offset"),
        Arguments.of(
            raw(join(int64(1), new byte[] {(byte) 0xff})), "metadata key 0 is not UTF-8 text"),
        Arguments.of(entry("k", 13, int32(1)), "value of \"k\" has the unknown type 13"),
        Arguments.of(entry("k", -1, int32(1)), "value of \"k\" has the unknown type -1"),
        Arguments.of(entry("k", 7, new byte[] {2}), "is the boolean 2; allowed: 0 and 1"),
        Arguments.of(entry("k", 10, int64(-1)), "is 18446744073709551615; allowed: below 2^63"),
        Arguments.of(entry("k", 8, int64(1L << 62)), "allowed: at most 16777216"),
        Arguments.of(entry("k", 8, int64(-1)), "needs 18446744073709551615 bytes"),
        Arguments.of(entry("k", 8, int64(1000)), "value of \"k\" needs 1000 bytes at offset"),
        Arguments.of(entry("k", 9, array(9, 1, array(4, 0))), "array of arrays; supported: flat"),
        Arguments.of(entry("k", 9, array(77, 0)), "array of the unknown type 77"),
        Arguments.of(entry("k", 9, array(4, -1)), "array of 18446744073709551615 elements"),
        Arguments.of(entry("k", 9, array(0, 1L << 33)), "array of 8589934592 elements of at least"),
        Arguments.of(entry("k", 9, array(11, 1L << 61)), "of at least 8 bytes but only"),
        Arguments.of(entry("k", 9, array(8, 4)), "array of 4 elements of at least 8 bytes"),
        Arguments.of(entry("k", 9, array(8, 1, int64(-1))), "needs 18446744073709551615 bytes"),
        Arguments.of(entry("k", 9, array(8, 1, int64(1L << 40))), "a string of 1099511627776"),
        Arguments.of(entry("k", 9, array(7, 1, new byte[] {3})), "is the boolean 3"),
        Arguments.of(
            new GgufBuilder().number("k", 1).number("k", 2).build(), "key \"k\" appears twice"),
        Arguments.of(alignment(int32(0)), "general.alignment is 0; allowed: a power of two"),
        Arguments.of(alignment(int32(48)), "general.alignment is 48; allowed: a power of two"),
        Arguments.of(entry("general.alignment", 8, string("32")), "general.alignment is 32; all"),
        Arguments.of(
            new GgufBuilder()
                .entry("general.alignment", GgufBuilder.UINT64, int64(1L << 62))
                .floats("a", new long[] {1}, 1)
                .build(),
            "but the file holds only 0 bytes of data"),
        Arguments.of(tensor("", 0, 0, 1), "name of tensor 0 is empty"),
        Arguments.of(tensor("t", 99, 0, 1), "tensor \"t\" is stored as the unknown type 99"),
        Arguments.of(tensor("t", -1, 0, 1), "tensor \"t\" is stored as the unknown type -1"),
        Arguments.of(tensor("t", 10, 0, 256), "tensor \"t\" is stored as Q2_K; supported: F32"),
        Arguments.of(tensor("t", 0, 0, 1, 1, 1, 1, 1), "has 5 dimensions; allowed: at most 4"),
        Arguments.of(tensor("t", 0, 0, -1), "has a dimension of 18446744073709551615"),
        Arguments.of(tensor("t", 0, 0, 1L << 40, 1L << 40), "has more than 2^63 bytes"),
        Arguments.of(tensor("t", 0, 0, 1L << 61), "has more than 2^63 bytes"),
        Arguments.of(tensor("t", 2, 0, 2, 16), "rows of 16 values; allowed for Q4_0: multiples of"),
        Arguments.of(tensor("t", 0, 4, 1), "begins at data offset 4; allowed: multiples of 32"),
        Arguments.of(tensor("t", 0, -32, 1), "begins at data offset 18446744073709551584"),
        Arguments.of(tensor("t", 0, 32, 1), "needs 4 bytes at data offset 32 but the file holds"),
        Arguments.of(tensor("t", 0, 1L << 62, 1), "needs 4 bytes at data offset 4611686018427387"),
        Arguments.of(tensor("t", 0, 0, 100), "needs 400 bytes at data offset 0 but the file holds"),
        Arguments.of(twice("t", "t", 32), "tensor \"t\" appears twice"),
        Arguments.of(twice("t", "u", 0), "overlap at data offset 0"));
  }

  @ParameterizedTest
  @MethodSource("badFiles")
  void badFilesAreRefusedByName(byte[] file, String message) {
    assertThatThrownBy(() -> GgufBuilder.open(file))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageStartingWith("model.gguf: ")
        .hasMessageContaining(message);
  }

  @Test
  void everyTruncationIsNoticed() {
    byte[] file = good(3).build();
    int lastDataByte = file.length - 32 + 4;
    for (int length = 0; length < lastDataByte; length++) {
      byte[] cut = Arrays.copyOf(file, length);
      assertThatThrownBy(() -> GgufBuilder.open(cut))
          .as("cut to %d of %d bytes", length, file.length)
          .isInstanceOf(WeightFormatException.class);
    }
    // only the padding after the last tensor may be missing
    assertThat(GgufBuilder.open(Arrays.copyOf(file, lastDataByte)).tensorNames()).hasSize(2);
  }

  @Test
  void everyFlippedBitOfTheHeaderIsSurvived() {
    byte[] file = good(3).build();
    int refused = 0;
    for (int bit = 0; bit < 8 * (file.length - 64); bit++) {
      byte[] flipped = file.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      try {
        assertThat(GgufBuilder.open(flipped).tensorNames()).hasSizeLessThan(3);
      } catch (WeightFormatException expected) {
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(1000);
  }

  private static GgufBuilder good(int version) {
    GgufBuilder builder = new GgufBuilder();
    builder.version = version;
    return builder
        .text("text", "Grüße")
        .entry("uint8", GgufBuilder.UINT8, new byte[] {-1})
        .entry("int8", GgufBuilder.INT8, new byte[] {-1})
        .entry("uint16", GgufBuilder.UINT16, new byte[] {-1, -1})
        .entry("int16", GgufBuilder.INT16, new byte[] {-1, -1})
        .number("uint32", -1)
        .entry("int32", GgufBuilder.INT32, int32(-1))
        .real("float32", 1.5f)
        .entry("float64", GgufBuilder.FLOAT64, int64(Double.doubleToLongBits(0.1)))
        .entry("bool", GgufBuilder.BOOL, new byte[] {1})
        .entry("int64", GgufBuilder.INT64, int64(-5))
        .entry("strings", 9, array(8, 3, string("a"), string(""), string("ü")))
        .entry("int8s", 9, array(GgufBuilder.INT8, 2, new byte[] {1, -1}))
        .entry("int16s", 9, array(GgufBuilder.INT16, 2, new byte[] {-2, -1, 3, 0}))
        .entry("int32s", 9, array(GgufBuilder.INT32, 2, int32(-7), int32(9)))
        .entry("int64s", 9, array(GgufBuilder.INT64, 1, int64(-7)))
        .entry("floats", 9, array(GgufBuilder.FLOAT32, 1, int32(Float.floatToIntBits(0.5f))))
        .entry("doubles", 9, array(GgufBuilder.FLOAT64, 1, int64(Double.doubleToLongBits(0.25))))
        .entry("bools", 9, array(GgufBuilder.BOOL, 2, new byte[] {1, 0}))
        .floats("a", new long[] {2, 3}, 1, 2, 3, 4, 5, 6)
        .floats("b", new long[] {1}, 9);
  }

  private static byte[] version(int version) {
    GgufBuilder builder = new GgufBuilder();
    builder.version = version;
    return builder.build();
  }

  private static byte[] counts(long tensors, long entries) {
    GgufBuilder builder = new GgufBuilder();
    builder.tensorCount = tensors;
    builder.entryCount = entries;
    return builder.build();
  }

  private static byte[] entry(String key, int type, byte[] value) {
    return new GgufBuilder().entry(key, type, value).build();
  }

  /** A header that promises one metadata entry, and these bytes. */
  private static byte[] raw(byte[] rest) {
    return join(Arrays.copyOf(counts(0, 1), 24), rest);
  }

  private static byte[] alignment(byte[] value) {
    return entry("general.alignment", GgufBuilder.UINT32, value);
  }

  private static byte[] tensor(String name, int type, long offset, long... shape) {
    return new GgufBuilder().tensorAt(name, type, shape, offset, new byte[4]).build();
  }

  private static byte[] twice(String first, String second, long secondOffset) {
    return new GgufBuilder()
        .floats(first, new long[] {1}, 1)
        .tensorAt(second, 0, new long[] {1}, secondOffset, new byte[4])
        .build();
  }
}
