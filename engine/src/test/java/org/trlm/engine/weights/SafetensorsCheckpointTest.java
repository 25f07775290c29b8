package org.trlm.engine.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsCheckpointTest {
  private static final String ONE = "model-1.safetensors";
  private static final String TWO = "model-2.safetensors";
  private static final CheckpointBytes FIRST = shard("dir/" + ONE, "a", 1);
  private static final CheckpointBytes SECOND = shard("dir/" + TWO, "b", 2);

  @Test
  void shardsReadAsOne() {
    ShardIndex index =
        index(
            "{\"metadata\":{\"total_size\":8,\"more\":[{}]},"
                + "\"weight_map\":{\"b\":\"model-2.safetensors\",\"a\":\"model-1.safetensors\"}}");
    assertThat(index.shardNames()).containsExactly(ONE, TWO);
    WeightSource source = SafetensorsCheckpoint.open(index, Map.of(ONE, FIRST, TWO, SECOND));
    assertThat(source.tensorNames()).containsExactly("b", "a");
    float[] value = new float[1];
    source.readRow("b", 0, value, 0);
    assertThat(value).containsExactly(2);
    assertThatThrownBy(() -> source.tensor("c")).hasMessageContaining("lists no tensor c");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../other.safetensors",
        "/etc/other.safetensors",
        "sub/other.safetensors",
        "..\\\\other.safetensors",
        "C:other.safetensors",
        "s3://bucket/other.safetensors",
        ".hidden.safetensors",
        "pytorch_model.bin",
        "other\\u0000.safetensors",
        ""
      })
  void shardsOutsideTheDirectoryAreRefused(String shard) {
    assertThatThrownBy(() -> index("{\"weight_map\":{\"a\":\"" + shard + "\"}}"))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("dir/index.json: weight_map names the shard \"")
        .hasMessageContaining("allowed: names of .safetensors files in the index's own directory");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}|has no weight_map",
        "{\"weight_map\":{}}|weight_map is empty",
        "{\"weight_map\":[]}|weight_map is START_ARRAY",
        "{\"weight_map\":{\"a\":1}}|weight_map.a is VALUE_NUMBER_INT",
        "{\"weight_map\":{\"a\":\"x.safetensors\",\"a\":\"x.safetensors\"}}|Duplicate field 'a'",
        "{\"weight_map\":{\"a\":\"x.safetensors\"},\"weight_map\":{}}|Duplicate field 'weight_map'",
        "{\"weight_map\":|not valid JSON",
        "<html>|not valid JSON",
      })
  void badIndexesAreRefusedByName(String json, String message) {
    assertThatThrownBy(() -> index(json))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageStartingWith("dir/index.json")
        .hasMessageContaining(message);
  }

  @Test
  void aMissingShardIsNamed() {
    ShardIndex index = index("{\"weight_map\":{\"a\":\"" + ONE + "\",\"b\":\"" + TWO + "\"}}");
    assertThatThrownBy(() -> SafetensorsCheckpoint.open(index, Map.of(ONE, FIRST)))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("names the shard " + TWO + ", which is missing")
        .hasMessageContaining("found: [" + ONE + "]");
  }

  @Test
  void indexAndShardsMustAgree() {
    Map<String, CheckpointBytes> files = Map.of(ONE, FIRST, TWO, SECOND);
    assertThatThrownBy(
            () ->
                SafetensorsCheckpoint.open(
                    index("{\"weight_map\":{\"a\":\"" + TWO + "\",\"b\":\"" + ONE + "\"}}"), files))
        .hasMessageContaining("holds tensor a, which dir/index.json lists in " + TWO);
    assertThatThrownBy(
            () ->
                SafetensorsCheckpoint.open(
                    index("{\"weight_map\":{\"c\":\"" + ONE + "\"}}"), files))
        .hasMessageContaining("holds tensor a, which dir/index.json does not list");
    assertThatThrownBy(
            () ->
                SafetensorsCheckpoint.open(
                    index("{\"weight_map\":{\"a\":\"" + ONE + "\",\"c\":\"" + ONE + "\"}}"), files))
        .hasMessageContaining("lists tensor c in dir/" + ONE + ", which does not hold it");
  }

  private static ShardIndex index(String json) {
    return ShardIndex.parse(json.getBytes(StandardCharsets.UTF_8), "dir/index.json");
  }

  private static CheckpointBytes shard(String name, String tensor, float value) {
    return CheckpointBytes.of(
        new SafetensorsBuilder().floats(tensor, new long[] {1}, value).build(), name);
  }
}
