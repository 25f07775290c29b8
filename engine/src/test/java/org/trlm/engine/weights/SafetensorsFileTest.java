package org.trlm.engine.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SafetensorsFileTest {
  private static final byte[] NONE = {};

  @Test
  void tensorsComeBackAsWritten() {
    byte[] file =
        new SafetensorsBuilder()
            .entry("\"__metadata__\":{\"format\":\"pt\"}")
            .floats("a", new long[] {2, 3}, 1, 2, 3, 4, 5, Float.NaN)
            .tensor("b", "BF16", new long[] {2}, new byte[] {0x40, 0x3f, (byte) 0x80, (byte) 0xbf})
            .tensor("c", "I64", new long[] {0, 5}, NONE)
            .floats("scalar", new long[] {}, 7)
            .build();
    SafetensorsFile opened = SafetensorsBuilder.open(file);
    assertThat(opened.tensorNames()).containsExactly("a", "b", "c", "scalar");
    assertThat(opened.tensor("a").toString()).isEqualTo("a F32 [2, 3]");
    assertThat(opened.tensor("a").rows()).isEqualTo(2);
    assertThat(row(opened, "a", 1, 3)).containsExactly(4, 5, Float.NaN);
    assertThat(row(opened, "b", 0, 2)).containsExactly(0.75f, -1);
    assertThat(row(opened, "scalar", 0, 1)).containsExactly(7);
    assertThat(opened.isExactlyBfloat16("b")).isTrue();
    assertThat(opened.isExactlyBfloat16("a")).isFalse();
    assertThatThrownBy(() -> row(opened, "a", 2, 3)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> row(opened, "a", 1, 2)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> row(opened, "d", 0, 2))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("model.safetensors has no tensor d");
  }

  @Test
  void whitespaceAroundTheHeaderIsTheReferenceReadersOwnPadding() {
    byte[] data = new byte[4];
    String header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
    for (String text : new String[] {header + "    ", "  \n" + header}) {
      assertThat(SafetensorsBuilder.open(SafetensorsBuilder.file(text, data)).tensorNames())
          .containsExactly("a");
    }
  }

  @Test
  void unreadableTypesAreRefusedWhenTheyAreRead() {
    SafetensorsFile file =
        SafetensorsBuilder.open(
            new SafetensorsBuilder().tensor("a", "F8_E4M3", new long[] {4}, new byte[4]).build());
    assertThatThrownBy(() -> row(file, "a", 0, 4))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("is stored as F8_E4M3; readable: F32");
  }

  static Stream<Arguments> badFiles() {
    byte[] big = SafetensorsBuilder.withLength(Long.reverseBytes(2), bytes("{}"), NONE);
    return Stream.of(
        Arguments.of(NONE, "is an empty file"),
        Arguments.of(new byte[7], "the file has 7 bytes; expected: 8 bytes of header length"),
        Arguments.of(length(0), "header is empty"),
        Arguments.of(length(100_000_001), "header length is 100000001; allowed: at most 100000000"),
        Arguments.of(length(Long.MIN_VALUE), "header length is 9223372036854775808; allowed"),
        Arguments.of(length(-1), "header length is 18446744073709551615; allowed"),
        Arguments.of(length(3), "header length is 3 but only 2 bytes follow: the file is trunc"),
        Arguments.of(big, "which is 2 in big-endian order; expected: little-endian"),
        Arguments.of(
            SafetensorsBuilder.file(new byte[] {'{', '"', (byte) 0xff, '"', '}'}, NONE),
            "header is not UTF-8 text"),
        Arguments.of(header("{nonsense"), "header is not valid JSON"),
        Arguments.of(header("[]"), "header begins with START_ARRAY; expected: a JSON object"),
        Arguments.of(header("{}{}"), "header goes on after the end of its JSON object"),
        Arguments.of(header("{\"a\":" + "[".repeat(100_000)), "tensor a is START_ARRAY"),
        Arguments.of(
            header("{\"a\":{\"shape\":" + "[".repeat(100_000)), "shape holds \"[\"; allowed: int"),
        Arguments.of(
            header(
                "{"
                    + tensor("a", "F32", "[0]", "[0,0]")
                    + ","
                    + tensor("a", "F32", "[0]", "[0,0]")
                    + "}"),
            "Duplicate field 'a'"),
        Arguments.of(
            one("\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0],\"data_offsets\":[0,0]"),
            "Duplicate field 'data_offsets'"),
        Arguments.of(
            header("{\"__metadata__\":{\"a\":1}}"),
            "__metadata__.a is VALUE_NUMBER_INT; expected: a string"),
        Arguments.of(header("{\"__metadata__\":[]}"), "__metadata__ is START_ARRAY"),
        Arguments.of(one("\"shape\":[0],\"data_offsets\":[0,0]"), "tensor a has no dtype"),
        Arguments.of(one("\"dtype\":\"F32\",\"data_offsets\":[0,0]"), "tensor a has no shape"),
        Arguments.of(one("\"dtype\":\"F32\",\"shape\":[0]"), "tensor a has no data_offsets"),
        Arguments.of(one("\"dtype\":\"F32\",\"extra\":1"), "tensor a has the field extra"),
        Arguments.of(fields("\"F31\"", "[0]", "[0,0]"), "dtype is \"F31\"; allowed for weights"),
        Arguments.of(fields("32", "[0]", "[0,0]"), "dtype is VALUE_NUMBER_INT; expected: a str"),
        Arguments.of(fields("\"F32\"", "[-1]", "[0,0]"), "shape holds -1; allowed: 0 to 2^53"),
        Arguments.of(fields("\"F32\"", "[1.5]", "[0,0]"), "shape holds \"1.5\"; allowed: integers"),
        Arguments.of(fields("\"F32\"", "[1e3]", "[0,0]"), "shape holds \"1e3\"; allowed: integers"),
        Arguments.of(fields("\"F32\"", "[9007199254740993]", "[0,0]"), "allowed: 0 to 2^53"),
        Arguments.of(fields("\"F32\"", "[99999999999999999999]", "[0,0]"), "allowed: 0 to 2^53"),
        Arguments.of(fields("\"F32\"", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), "more than 8 integers"),
        Arguments.of(fields("\"F32\"", "\"1\"", "[0,0]"), "shape is VALUE_STRING; expected: an a"),
        Arguments.of(
            fields("\"F32\"", "[4294967296,4294967296]", "[0,0]"), "has more than 2^63 bytes"),
        Arguments.of(fields("\"F4\"", "[3]", "[0,1]"), "multiples of 2"),
        Arguments.of(fields("\"F32\"", "[1]", "[4,0]"), "[4, 0]; expected: [begin, end]"),
        Arguments.of(fields("\"F32\"", "[1]", "[-4,0]"), "data_offsets holds -4"),
        Arguments.of(fields("\"F32\"", "[1]", "[0]"), "[0]; expected: [begin, end]"),
        Arguments.of(
            fields("\"F32\"", "[2]", "[0,4]"),
            "takes 4 bytes by its data_offsets [0, 4]; expected"),
        Arguments.of(fields("\"F32\"", "[1]", "[0,4]"), "need 4 bytes of data but only 0 follow"),
        Arguments.of(fields("\"F32\"", "[1]", "[4,8]"), "offset 4; expected: 0, where the tensor"),
        Arguments.of(
            two("[0,4]", "[2,6]", 6), "tensor b begins at data offset 2; expected: 4, where the"),
        Arguments.of(two("[0,4]", "[5,9]", 9), "(there is a hole)"),
        Arguments.of(
            two("[0,4]", "[4,8]", 9), "the tensors end after 8 bytes of data but 9 follow"),
        Arguments.of(tooManyTensors(), "more than 10000 tensors"));
  }

  @ParameterizedTest
  @MethodSource("badFiles")
  void badFilesAreRefusedByName(byte[] file, String message) {
    assertThatThrownBy(() -> SafetensorsBuilder.open(file))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageStartingWith("model.safetensors")
        .hasMessageContaining(message);
  }

  @Test
  void everyTruncationIsNoticed() {
    byte[] file =
        new SafetensorsBuilder()
            .floats("a", new long[] {2}, 1, 2)
            .floats("b", new long[] {3}, 1, 2, 3)
            .build();
    SafetensorsBuilder.open(file);
    for (int length = 0; length < file.length; length++) {
      byte[] cut = Arrays.copyOf(file, length);
      assertThatThrownBy(() -> SafetensorsBuilder.open(cut))
          .as("cut to %d of %d bytes", length, file.length)
          .isInstanceOf(WeightFormatException.class);
    }
  }

  @Test
  void everyFlippedBitOfTheHeaderIsSurvived() {
    byte[] file = new SafetensorsBuilder().floats("a", new long[] {2}, 1, 2).build();
    int refused = 0;
    for (int bit = 0; bit < 8 * (file.length - 8); bit++) {
      byte[] flipped = file.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      try {
        SafetensorsFile opened = SafetensorsBuilder.open(flipped);
        // what is still legal is another name, no other data
        assertThat(opened.tensorNames()).hasSize(1);
      } catch (WeightFormatException expected) {
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(8 * (file.length - 8) * 9 / 10);
  }

  private static byte[] tooManyTensors() {
    StringBuilder header = new StringBuilder("{");
    for (int i = 0; i <= 10_000; i++) {
      header.append(i == 0 ? "" : ",").append(tensor("t" + i, "F32", "[0]", "[0,0]"));
    }
    return header(header.append('}').toString());
  }

  private static byte[] length(long length) {
    return SafetensorsBuilder.withLength(length, length == 0 ? NONE : bytes("{}"), NONE);
  }

  private static byte[] header(String json) {
    return SafetensorsBuilder.file(json, NONE);
  }

  private static byte[] one(String fields) {
    return header("{\"a\":{" + fields + "}}");
  }

  private static byte[] fields(String dtype, String shape, String offsets) {
    return one("\"dtype\":" + dtype + ",\"shape\":" + shape + ",\"data_offsets\":" + offsets);
  }

  private static byte[] two(String first, String second, int dataBytes) {
    String json =
        "{" + tensor("b", "F32", "[1]", second) + "," + tensor("a", "F32", "[1]", first) + "}";
    return SafetensorsBuilder.file(json, new byte[dataBytes]);
  }

  private static String tensor(String name, String dtype, String shape, String offsets) {
    return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":%s}"
        .formatted(name, dtype, shape, offsets);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static float[] row(WeightSource source, String name, long row, int length) {
    float[] values = new float[length];
    source.readRow(name, row, values, 0);
    return values;
  }
}
