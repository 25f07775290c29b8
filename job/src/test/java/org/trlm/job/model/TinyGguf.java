package org.trlm.job.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.trlm.engine.model.CheckpointNames;
import org.trlm.engine.model.CheckpointNames.Parameter;
import org.trlm.engine.model.ModelConfig;
import org.trlm.engine.weights.CheckpointFormat;

/**
 * The embedded tiny model as a GGUF file, as a converter would write it: float32, rows of q and k
 * interleaved.
 */
public final class TinyGguf {
  private static final int UINT32 = 4;
  private static final int INT32 = 5;
  private static final int FLOAT32 = 6;
  private static final int STRING = 8;
  private static final int ARRAY = 9;
  private static final int ALIGNMENT = 32;

  private final ByteArrayOutputStream keys = new ByteArrayOutputStream();
  private int numKeys;

  private TinyGguf() {}

  public static void write(Path directory, Path file) throws IOException {
    new TinyGguf().convert(directory, file);
  }

  private void convert(Path directory, Path file) throws IOException {
    ModelBundle model = ModelBundle.load(directory.toString(), new Configuration());
    ModelConfig config = model.config();
    string("general.architecture", "llama");
    integer("llama.vocab_size", config.vocabSize());
    integer("llama.embedding_length", config.hiddenSize());
    integer("llama.feed_forward_length", config.intermediateSize());
    integer("llama.block_count", config.numHiddenLayers());
    integer("llama.attention.head_count", config.numAttentionHeads());
    integer("llama.attention.head_count_kv", config.numKeyValueHeads());
    integer("llama.context_length", config.maxPositionEmbeddings());
    number("llama.attention.layer_norm_rms_epsilon", config.rmsNormEps());
    number("llama.rope.freq_base", (float) config.ropeTheta());
    tokenizer(directory, config.vocabSize());
    string("tokenizer.chat_template", Files.readString(directory.resolve("chat_template.jinja")));
    Files.write(file, assemble(model, config));
  }

  private void tokenizer(Path directory, int vocabSize) throws IOException {
    JsonNode json = new ObjectMapper().readTree(directory.resolve("tokenizer.json").toFile());
    String[] tokens = new String[vocabSize];
    int[] types = new int[vocabSize];
    json.at("/model/vocab")
        .properties()
        .forEach(
            token -> {
              tokens[token.getValue().intValue()] = token.getKey();
              types[token.getValue().intValue()] = 1;
            });
    for (JsonNode added : json.path("added_tokens")) {
      tokens[added.path("id").intValue()] = added.path("content").textValue();
      types[added.path("id").intValue()] = 3;
    }
    List<String> merges = new ArrayList<>();
    for (JsonNode merge : json.at("/model/merges")) {
      merges.add(
          merge.isTextual()
              ? merge.textValue()
              : merge.get(0).textValue() + " " + merge.get(1).textValue());
    }
    string("tokenizer.ggml.model", "gpt2");
    string("tokenizer.ggml.pre", "smollm");
    strings("tokenizer.ggml.tokens", List.of(tokens));
    key("tokenizer.ggml.token_type", ARRAY);
    ByteBuffer array = little(12 + 4 * types.length).putInt(INT32).putLong(types.length);
    for (int type : types) {
      array.putInt(type);
    }
    keys.writeBytes(array.array());
    strings("tokenizer.ggml.merges", merges);
    integer("tokenizer.ggml.bos_token_id", 1);
    integer("tokenizer.ggml.eos_token_id", 2);
  }

  private byte[] assemble(ModelBundle model, ModelConfig config) {
    List<Parameter> from = CheckpointNames.of(config, CheckpointFormat.SAFETENSORS).all();
    List<Parameter> to = CheckpointNames.of(config, CheckpointFormat.GGUF).all();
    ByteArrayOutputStream infos = new ByteArrayOutputStream();
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    for (int i = 0; i < to.size(); i++) {
      Parameter parameter = to.get(i);
      long[] shape = parameter.shape();
      infos.writeBytes(text(parameter.tensorName()));
      ByteBuffer info = little(4 + 8 * shape.length + 12).putInt(shape.length);
      for (int d = shape.length - 1; d >= 0; d--) {
        info.putLong(shape[d]);
      }
      infos.writeBytes(info.putInt(0).putLong(data.size()).array());
      data.writeBytes(values(model, from.get(i), parameter));
      data.writeBytes(new byte[padding(data.size())]);
    }
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
    file.writeBytes(little(20).putInt(3).putLong(to.size()).putLong(numKeys).array());
    file.writeBytes(keys.toByteArray());
    file.writeBytes(infos.toByteArray());
    file.writeBytes(new byte[padding(file.size())]);
    file.writeBytes(data.toByteArray());
    return file.toByteArray();
  }

  private static byte[] values(ModelBundle model, Parameter from, Parameter to) {
    int length = from.rowLength();
    float[] row = new float[length];
    ByteBuffer values = little(Math.toIntExact(from.rows() * length * Float.BYTES));
    for (long r = 0; r < from.rows(); r++) {
      model.weights().readRow(from.tensorName(), from.storedRow(r), row, 0);
      values.position((int) to.storedRow(r) * length * Float.BYTES);
      for (float value : row) {
        values.putFloat(value);
      }
    }
    return values.array();
  }

  private static int padding(int size) {
    return (ALIGNMENT - size % ALIGNMENT) % ALIGNMENT;
  }

  private void key(String name, int type) {
    numKeys++;
    keys.writeBytes(text(name));
    keys.writeBytes(little(4).putInt(type).array());
  }

  private void string(String name, String value) {
    key(name, STRING);
    keys.writeBytes(text(value));
  }

  private void integer(String name, int value) {
    key(name, UINT32);
    keys.writeBytes(little(4).putInt(value).array());
  }

  private void number(String name, float value) {
    key(name, FLOAT32);
    keys.writeBytes(little(4).putFloat(value).array());
  }

  private void strings(String name, List<String> values) {
    key(name, ARRAY);
    keys.writeBytes(little(12).putInt(STRING).putLong(values.size()).array());
    values.forEach(value -> keys.writeBytes(text(value)));
  }

  private static byte[] text(String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    return little(8 + bytes.length).putLong(bytes.length).put(bytes).array();
  }

  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}
