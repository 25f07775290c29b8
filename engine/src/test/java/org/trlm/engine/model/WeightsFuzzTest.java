package org.trlm.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ContainerNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.trlm.engine.weights.CheckpointBytes;
import org.trlm.engine.weights.GgufBuilder;
import org.trlm.engine.weights.GgufFile;
import org.trlm.engine.weights.SafetensorsBuilder;
import org.trlm.engine.weights.SafetensorsCheckpoint;
import org.trlm.engine.weights.SafetensorsFile;
import org.trlm.engine.weights.ShardIndex;
import org.trlm.engine.weights.WeightFormatException;
import org.trlm.engine.weights.WeightSource;

/**
 * Good files with one to three fields or bytes changed: whatever comes out is a model or a {@link
 * WeightFormatException}, at once, and for little more memory than the file's own size. Runs 6
 * seconds, longer by {@code -Dtrlm.fuzz.seconds}; repeat a run with {@code -Dtrlm.fuzz.seed}.
 */
class WeightsFuzzTest {
  private static final Path TINY = Path.of("../examples/tiny-reasoner");
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Replacements for a number in a JSON document. */
  private static final String[] VALUES = {
    "0",
    "-1",
    "1",
    "2",
    "7",
    "2147483647",
    "2147483648",
    "9007199254740993",
    "1e3",
    "0.5",
    "-0.0",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "1e400",
    "null",
    "true",
    "\"\"",
    "\"x\"",
    "\"F32\"",
    "\"I64\"",
    "\"llama3\"",
    "[]",
    "[0]",
    "[1,2,3]",
    "{}",
    "[[[]]]",
    "\"../x.safetensors\"",
    "\"yarn\"",
    "{\"a\":1}",
    "[0,4]",
    "[4294967296,4294967296]"
  };

  private static final long[] NUMBERS = {
    0,
    -1,
    1,
    2,
    5,
    8,
    9,
    10,
    32,
    255,
    1 << 16,
    Integer.MAX_VALUE,
    1L << 31,
    1L << 32,
    1L << 40,
    1L << 61,
    1L << 62,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    -32
  };

  private Random random;
  private int refused;
  private int accepted;

  @Test
  void changedFilesAreReadOrRefusedWithinBounds() throws IOException {
    long seed = Long.getLong("trlm.fuzz.seed", System.nanoTime());
    double seconds = Double.parseDouble(System.getProperty("trlm.fuzz.seconds", "6"));
    System.out.println("WeightsFuzzTest seed " + seed + " for " + seconds + " s");
    random = new Random(seed);
    byte[] config = Files.readAllBytes(TINY.resolve("config.json"));
    List<Runnable> targets =
        List.of(
            () -> safetensors(),
            () -> gguf(),
            () -> tried(mutateJson(config), bytes -> ModelConfig.fromJson(bytes, "config.json")),
            () -> index());
    long end = System.nanoTime() + (long) (seconds * 1e9);
    int round = 0;
    while (System.nanoTime() < end) {
      try {
        targets.get(round % targets.size()).run();
      } catch (AssertionError e) {
        throw new AssertionError("seed " + seed + " round " + round, e);
      }
      round++;
    }
    System.out.println(
        "WeightsFuzzTest rounds " + round + " refused " + refused + " read " + accepted);
    assertThat(refused).isGreaterThan(100);
    assertThat(accepted).isGreaterThan(100);
  }

  private void safetensors() {
    String header =
        "{\"__metadata__\":{\"format\":\"pt\"},"
            + "\"a\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]},"
            + "\"b\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[16,24]}}";
    byte[] changed = mutateJson(header.getBytes(StandardCharsets.UTF_8));
    byte[] file = SafetensorsBuilder.file(changed, new byte[24]);
    if (random.nextInt(4) == 0) {
      flip(file);
    }
    tried(file, bytes -> readAll(SafetensorsFile.open(CheckpointBytes.of(bytes, "file"))));
  }

  private void index() {
    String json =
        "{\"metadata\":{\"total_size\":8},\"weight_map\":{\"a\":\"1.safetensors\","
            + "\"b\":\"2.safetensors\"}}";
    Map<String, CheckpointBytes> shards = new HashMap<>();
    for (String[] shard : new String[][] {{"1", "a"}, {"2", "b"}}) {
      byte[] file = new SafetensorsBuilder().floats(shard[1], new long[] {1}, 1).build();
      shards.put(shard[0] + ".safetensors", CheckpointBytes.of(file, shard[0]));
    }
    tried(
        mutateJson(json.getBytes(StandardCharsets.UTF_8)),
        bytes ->
            readAll(SafetensorsCheckpoint.open(ShardIndex.parse(bytes, "index.json"), shards)));
  }

  private void gguf() {
    byte[] file = ggufFile();
    if (random.nextInt(4) == 0) {
      flip(file);
    }
    tried(
        file,
        bytes -> {
          GgufFile opened = GgufFile.open(CheckpointBytes.of(bytes, "file"));
          ModelConfig config = ModelConfig.fromGguf(opened);
          CheckpointNames names = CheckpointNames.of(config, opened.format());
          RopeFrequencies.of(config, opened);
          readAll(opened);
          names.check(opened);
          return config;
        });
  }

  /** A complete tiny model whose integer fields are written through {@link Fields}. */
  private byte[] ggufFile() {
    Fields count = new Fields(new int[0]);
    ggufFields(count);
    int[] changed = random.ints(random.nextInt(4), 0, count.written).toArray();
    Fields fields = new Fields(changed);
    return ggufFields(fields);
  }

  private byte[] ggufFields(Fields out) {
    out.bytes("GGUF".getBytes(StandardCharsets.US_ASCII));
    out.int32(3);
    out.int64(11);
    out.int64(11);
    out.entry("general.architecture", GgufBuilder.STRING).string("llama");
    String[] sizes = {
      "embedding_length=4",
      "feed_forward_length=2",
      "block_count=1",
      "context_length=8",
      "attention.head_count=2",
      "attention.head_count_kv=1",
      "vocab_size=2"
    };
    for (String size : sizes) {
      String[] parts = size.split("=");
      out.entry("llama." + parts[0], GgufBuilder.UINT32).int32(Integer.parseInt(parts[1]));
    }
    out.entry("llama.attention.layer_norm_rms_epsilon", GgufBuilder.FLOAT32)
        .int32(Float.floatToIntBits(1e-5f));
    out.entry("tokenizer.ggml.tokens", GgufBuilder.ARRAY).int32(GgufBuilder.STRING).int64(2);
    out.string("a").string("b");
    out.entry("tokenizer.ggml.token_type", GgufBuilder.ARRAY).int32(GgufBuilder.INT32).int64(2);
    out.int32(1).int32(1);
    long offset = 0;
    offset = out.tensor("token_embd.weight", offset, 4, 2);
    offset = out.tensor("output_norm.weight", offset, 4);
    for (String norm : List.of("attn_norm", "ffn_norm")) {
      offset = out.tensor("blk.0." + norm + ".weight", offset, 4);
    }
    offset = out.tensor("blk.0.attn_q.weight", offset, 4, 4);
    offset = out.tensor("blk.0.attn_k.weight", offset, 4, 2);
    offset = out.tensor("blk.0.attn_v.weight", offset, 4, 2);
    offset = out.tensor("blk.0.attn_output.weight", offset, 4, 4);
    offset = out.tensor("blk.0.ffn_gate.weight", offset, 4, 2);
    offset = out.tensor("blk.0.ffn_up.weight", offset, 4, 2);
    offset = out.tensor("blk.0.ffn_down.weight", offset, 2, 4);
    out.pad();
    out.bytes(new byte[(int) offset]);
    return out.toByteArray();
  }

  /** Writes integers, those with chosen numbers replaced by an awkward value. */
  private final class Fields {
    private final java.io.ByteArrayOutputStream out = new java.io.ByteArrayOutputStream();
    private final int[] changed;
    private int written;

    Fields(int[] changed) {
      this.changed = changed;
    }

    Fields int32(int value) {
      return bytes(GgufBuilder.int32((int) next(value)));
    }

    Fields int64(long value) {
      return bytes(GgufBuilder.int64(next(value)));
    }

    Fields string(String text) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      return int64(bytes.length).bytes(bytes);
    }

    Fields entry(String key, int type) {
      return string(key).int32(type);
    }

    long tensor(String name, long offset, long... innermostFirst) {
      string(name).int32(innermostFirst.length);
      long size = 4;
      for (long dimension : innermostFirst) {
        int64(dimension);
        size *= dimension;
      }
      int32(0).int64(offset);
      return offset + (size + 31) / 32 * 32;
    }

    Fields bytes(byte[] bytes) {
      out.writeBytes(bytes);
      return this;
    }

    void pad() {
      bytes(new byte[(32 - out.size() % 32) % 32]);
    }

    byte[] toByteArray() {
      return out.toByteArray();
    }

    private long next(long value) {
      int number = written++;
      boolean change = Arrays.stream(changed).anyMatch(chosen -> chosen == number);
      if (!change) {
        return value;
      }
      return random.nextBoolean()
          ? NUMBERS[random.nextInt(NUMBERS.length)]
          : value + random.nextInt(5) - 2;
    }
  }

  /** No change, up to three fields of the tree changed, or bytes of the text flipped. */
  private byte[] mutateJson(byte[] text) {
    try {
      byte[] changed = text.clone();
      if (random.nextInt(4) == 0) {
        flip(changed);
        return changed;
      }
      JsonNode tree = JSON.readTree(text);
      for (int i = random.nextInt(4); i > 0; i--) {
        mutateTree(tree);
      }
      return JSON.writeValueAsBytes(tree);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void mutateTree(JsonNode tree) throws IOException {
    List<ContainerNode<?>> containers = new ArrayList<>();
    collect(tree, containers);
    ContainerNode<?> container = containers.get(random.nextInt(containers.size()));
    JsonNode value = JSON.readTree(VALUES[random.nextInt(VALUES.length)]);
    if (container instanceof ObjectNode object) {
      List<String> names = new ArrayList<>();
      object.fieldNames().forEachRemaining(names::add);
      String name = names.isEmpty() ? "new" : names.get(random.nextInt(names.size()));
      switch (random.nextInt(4)) {
        case 0 -> object.remove(name);
        case 1 -> object.set(name + "x", value);
        default -> object.set(name, value);
      }
    } else if (container instanceof ArrayNode array && !array.isEmpty()) {
      array.set(random.nextInt(array.size()), value);
    }
  }

  private static void collect(JsonNode node, List<ContainerNode<?>> into) {
    if (node instanceof ContainerNode<?> container) {
      into.add(container);
      container.forEach(child -> collect(child, into));
    }
  }

  private void flip(byte[] bytes) {
    for (int i = random.nextInt(3); i >= 0; i--) {
      bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
    }
  }

  private static Object readAll(WeightSource source) {
    for (String name : source.tensorNames()) {
      long length = source.tensor(name).rowLength();
      if (source.tensor(name).rows() > 0 && length < 1000) {
        source.readRow(name, 0, new float[(int) length], 0);
      }
    }
    return source;
  }

  private void tried(byte[] file, Function<byte[], Object> reader) {
    if (BoundedRead.isRead(file, reader)) {
      accepted++;
    } else {
      refused++;
    }
  }
}
