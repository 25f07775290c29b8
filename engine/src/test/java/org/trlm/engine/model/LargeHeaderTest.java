package org.trlm.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.trlm.engine.weights.CheckpointBytes;
import org.trlm.engine.weights.GgufBuilder;
import org.trlm.engine.weights.GgufFile;
import org.trlm.engine.weights.SafetensorsBuilder;
import org.trlm.engine.weights.SafetensorsFile;
import org.trlm.engine.weights.ShardIndex;
import org.trlm.engine.weights.WeightFormatException;

/** Files made to be small on disk and large as objects. */
class LargeHeaderTest {
  private int accepted;

  @Test
  void whatALargeHeaderAllocatesIsBounded() {
    int large = 16 << 20;
    count(
        SafetensorsBuilder.file(repeat("{\"__metadata__\":{", "\"%d\":\"\"", large), new byte[0]),
        this::open);
    count(
        SafetensorsBuilder.file(
            repeat("{", "\"%d\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}", large),
            new byte[0]),
        this::open);
    count(
        SafetensorsBuilder.file(repeat("{\"a\":{\"shape\":[", "%d", large), new byte[0]),
        this::open);
    count(
        SafetensorsBuilder.file(repeat("{\"a\":{\"dtype\":\"", "%d", large), new byte[0]),
        this::open);
    count(
        repeat("{\"weight_map\":{", "\"%d\":\"a.safetensors\"", large),
        bytes -> ShardIndex.parse(bytes, "i"));
    count(repeat("{\"a\":[", "%d", large), bytes -> ModelConfig.fromJson(bytes, "c"));
    count(repeat("{\"a\":[", "%d", 1 << 20), bytes -> ModelConfig.fromJson(bytes, "c"));
    assertThat(accepted).isZero();

    byte[] strings = new byte[9 * (large / 9)];
    for (int at = 0; at < strings.length; at += 9) {
      strings[at] = 1;
      strings[at + 8] = 'a';
    }
    count(array(GgufBuilder.STRING, strings.length / 9, strings), this::openGguf);
    count(array(GgufBuilder.STRING, large / 8, new byte[large]), this::openGguf);
    count(array(GgufBuilder.INT8, large, new byte[large]), this::openGguf);
    count(array(GgufBuilder.BOOL, large, new byte[large]), this::openGguf);
    count(array(GgufBuilder.FLOAT64, large / 8, new byte[large]), this::openGguf);
    assertThat(accepted).isEqualTo(5);
    count(array(GgufBuilder.INT8, 1L << 40, new byte[large]), this::openGguf);
    byte[] text = GgufBuilder.string("a".repeat((16 << 20) - 100) + "ü");
    count(new GgufBuilder().entry("k", GgufBuilder.STRING, text).build(), this::openGguf);
    assertThat(accepted).isEqualTo(6);
    GgufBuilder two = new GgufBuilder();
    two.entry("k", GgufBuilder.STRING, text).entry("l", GgufBuilder.STRING, text);
    assertThatThrownBy(() -> openGguf(two.build()))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("the metadata holds more than 16777216 bytes of text");
  }

  private void count(byte[] file, Function<byte[], Object> reader) {
    if (BoundedRead.isRead(file, reader)) {
      accepted++;
    }
  }

  private Object open(byte[] bytes) {
    return SafetensorsFile.open(CheckpointBytes.of(bytes, "file"));
  }

  private Object openGguf(byte[] bytes) {
    return GgufFile.open(CheckpointBytes.of(bytes, "file"));
  }

  private static byte[] array(int type, long count, byte[] elements) {
    byte[] value = GgufBuilder.array(type, count, elements);
    return new GgufBuilder().entry("k", GgufBuilder.ARRAY, value).build();
  }

  /** A document that goes on with numbered elements until it has about this many bytes. */
  private static byte[] repeat(String start, String element, int bytes) {
    StringBuilder text = new StringBuilder(bytes + 100).append(start);
    for (int i = 0; text.length() < bytes - 100; i++) {
      text.append(i == 0 ? "" : ",").append(element.replace("%d", Integer.toString(i)));
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }
}
