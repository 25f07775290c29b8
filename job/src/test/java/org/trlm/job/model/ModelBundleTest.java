package org.trlm.job.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.apache.hadoop.conf.Configuration;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.trlm.engine.model.CheckpointNames;
import org.trlm.job.JobException;
import org.trlm.job.Jobs;

/** Good models, and bad ones that are refused on the driver with file, reason and remedy. */
class ModelBundleTest {
  @TempDir Path directory;

  @Test
  void aDirectory() {
    ModelBundle model = load(Jobs.TINY_MODEL);
    assertThat(model.name()).isEqualTo("tiny-reasoner");
    assertThat(model.path()).isEqualTo("file:" + Jobs.TINY_MODEL);
    assertThat(model.config().vocabSize()).isEqualTo(768);
    assertThat(model.tokenizer().vocabSize()).isEqualTo(768);
    assertThat(model.specialTokens())
        .containsEntry("bos_token", "<|im_start|>")
        .containsEntry("eos_token", "<|im_end|>");
    assertThat(model.endOfTurnTokenIds()).containsExactly(2);
    assertThat(model.generationDefaults().temperature()).isEqualTo(0.6);
    assertThat(model.generationDefaults().topP()).isEqualTo(0.95);
    assertThat(model.isBfloat16()).isTrue();
    assertThat(model.hasChatTemplate()).isTrue();
    assertThat(model.chatTemplate()).isNotNull();
    assertThat(model.fingerprint()).matches("[0-9a-f]{64}");
  }

  @Test
  void theFingerprintIsThatOfTheContent() throws IOException {
    Path copy = copy();
    String original = load(Jobs.TINY_MODEL).fingerprint();
    assertThat(load(copy).fingerprint()).isEqualTo(original);
    Files.writeString(copy.resolve("README.md"), "not part of the model");
    assertThat(load(copy).fingerprint()).isEqualTo(original);
    Files.writeString(copy.resolve("generation_config.json"), "{}");
    assertThat(load(copy).fingerprint()).isNotEqualTo(original);
  }

  @Test
  void survivesSerialization() throws IOException, ClassNotFoundException {
    ModelBundle model = load(Jobs.TINY_MODEL);
    ModelBundle read = serialized(model);
    assertThat(read.config()).isEqualTo(model.config());
    assertThat(read.fingerprint()).isEqualTo(model.fingerprint());
    assertThat(read.tokenizer().encode("One two.")).isEqualTo(model.tokenizer().encode("One two."));
    CheckpointNames.of(read.config(), read.weights().format()).check(read.weights());

    ModelBundle light = serialized(model.withoutWeights());
    assertThat(light.bytes()).isLessThan(model.bytes() / 10);
    assertThat(light.config()).isEqualTo(model.config());
    assertThat(light.tokenizer().encode("One two."))
        .isEqualTo(model.tokenizer().encode("One two."));
    assertThatThrownBy(light::weights).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aGgufFileIsTheSameModel() throws IOException, ClassNotFoundException {
    Path file = directory.resolve("tiny.gguf");
    TinyGguf.write(Jobs.TINY_MODEL, file);
    ModelBundle gguf = serialized(load(file));
    ModelBundle model = load(Jobs.TINY_MODEL);
    assertThat(gguf.name()).isEqualTo("tiny");
    assertThat(gguf.config()).isEqualTo(model.config());
    assertThat(gguf.endOfTurnTokenIds()).containsExactly(2);
    assertThat(gguf.generationDefaults()).isEqualTo(GenerationDefaults.NONE);
    assertThat(gguf.specialTokens()).containsEntry("eos_token", "<|im_end|>");
    assertThat(gguf.isBfloat16()).isFalse();
    assertThat(gguf.hasChatTemplate()).isTrue();
    String text = "<|im_start|>What is 12 + 7?<think>\n";
    assertThat(gguf.tokenizer().encode(text)).isEqualTo(model.tokenizer().encode(text));
    Files.move(file, directory.resolve("renamed.gguf"));
    assertThat(load(directory.resolve("renamed.gguf")).fingerprint()).isEqualTo(gguf.fingerprint());
  }

  @Test
  void theTemplateFileWinsAndNamedTemplatesHaveADefault() throws IOException {
    Path copy = copy();
    Files.writeString(copy.resolve("chat_template.jinja"), "{{ broken");
    assertThatThrownBy(() -> load(copy).chatTemplate())
        .isInstanceOf(JobException.class)
        .hasMessageContaining("chat_template.jinja")
        .hasMessageContaining("--no-chat-template");
    Files.delete(copy.resolve("chat_template.jinja"));
    Files.writeString(
        copy.resolve("tokenizer_config.json"),
        """
        {"eos_token": {"content": "<|im_end|>"}, "chat_template":
          [{"name": "tool_use", "template": "{{ broken"}, {"name": "default", "template": "hello"}]}
        """);
    assertThat(load(copy).chatTemplate()).isNotNull();
    assertThat(load(copy).specialTokens()).containsEntry("eos_token", "<|im_end|>");
    Files.writeString(copy.resolve("tokenizer_config.json"), "{}");
    assertThatThrownBy(() -> load(copy).chatTemplate())
        .hasMessageContaining("has no chat template")
        .hasMessageContaining("--chat-template FILE");
  }

  @Test
  void endTokensFallBackFromFileToFile() throws IOException {
    Path copy = copy();
    Files.writeString(copy.resolve("generation_config.json"), "{\"eos_token_id\": [2, 0]}");
    assertThat(load(copy).endOfTurnTokenIds()).containsExactly(2, 0);
    Files.delete(copy.resolve("generation_config.json"));
    assertThat(load(copy).endOfTurnTokenIds()).containsExactly(2);
    edit(copy, "config.json", "\"eos_token_id\": 2,", "");
    assertThat(load(copy).endOfTurnTokenIds()).containsExactly(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"})
  void filesThatAreSomethingElse(String file) throws IOException {
    Path copy = copy();
    Path path = copy.resolve(file);
    Files.writeString(
        path, "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n");
    assertRefused(copy).hasMessageContaining(file).hasMessageContaining("git-lfs pointer");
    Files.writeString(path, "<!DOCTYPE html><html><body>Sign in</body></html>");
    assertRefused(copy).hasMessageContaining(file).hasMessageContaining("HTML");
    Files.writeString(path, "");
    assertRefused(copy).hasMessageContaining(file).hasMessageContaining("empty");
    Files.delete(path);
    Files.createDirectory(path);
    assertRefused(copy).hasMessageContaining(file).hasMessageContaining("is a directory");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "config.json | {\"a\": 1, \"a\": 2} | config.json",
        "config.json | [] | config.json",
        "config.json | {} | architectures",
        "tokenizer_config.json | {\"eos_token\": 2} | eos_token is 2; expected the token's text",
        "tokenizer_config.json | {\"eos_token\": \"<none>\"} | which the tokenizer does not know",
        "tokenizer_config.json | {nope | tokenizer_config.json, line 1 is not JSON",
        "generation_config.json | {\"temperature\": -1} | temperature is -1; allowed: 0 to 100",
        "generation_config.json | {\"top_p\": 0} | top_p is 0; allowed: above 0, at most 1",
        "generation_config.json | {\"top_k\": 1.5} | top_k is 1.5; allowed: a whole number",
        "generation_config.json | {\"max_new_tokens\": 0} | max_new_tokens is 0",
        "generation_config.json | {\"do_sample\": \"yes\"} | do_sample is \"yes\"",
        "generation_config.json | {\"eos_token_id\": \"x\"} | eos_token_id is \"x\"",
        "generation_config.json | {\"eos_token_id\": 768} | eos_token_id is 768; allowed: 0 to 767",
        "generation_config.json | {} {} | generation_config.json, line 1 is not JSON",
        "tokenizer.json | {} | tokenizer.json",
      })
  void malformedFiles(String file, String content, String message) throws IOException {
    Path copy = copy();
    Files.delete(copy.resolve("chat_template.jinja"));
    Files.writeString(copy.resolve(file), content);
    assertRefused(copy).hasMessageContaining(message);
  }

  @Test
  void partsThatDoNotAgree() throws IOException {
    Path copy = copy();
    edit(copy, "config.json", "\"vocab_size\": 768", "\"vocab_size\": 700");
    assertRefused(copy).hasMessageContaining("768").hasMessageContaining("700");
    Path layers = copy();
    edit(layers, "config.json", "\"num_hidden_layers\": 4", "\"num_hidden_layers\": 5");
    assertRefused(layers).hasMessageContaining("model.layers.4");
    Path other = copy();
    edit(other, "config.json", "\"silu\"", "\"gelu\"");
    assertRefused(other).hasMessageContaining("gelu");
    Path tokens = copy();
    edit(tokens, "tokenizer.json", "\"id\": 767", "\"id\": 768");
    assertRefused(tokens);
  }

  @Test
  void directoriesThatAreNoModel() throws IOException {
    assertRefused(directory.resolve("none")).hasMessageContaining("does not exist");
    Path empty = Files.createDirectory(directory.resolve("empty"));
    assertRefused(empty).hasMessageContaining("holds no config.json; found: nothing");
    Path pickle = copy();
    Files.move(pickle.resolve("model.safetensors"), pickle.resolve("pytorch_model.bin"));
    assertRefused(pickle)
        .hasMessageContaining("holds no model.safetensors and no model.safetensors.index.json")
        .hasMessageContaining("pickle checkpoints are not loaded");
    Path sentencePiece = copy();
    Files.move(sentencePiece.resolve("tokenizer.json"), sentencePiece.resolve("tokenizer.model"));
    assertRefused(sentencePiece).hasMessageContaining("SentencePiece");
    Path ggufInside = Files.createDirectory(directory.resolve("inside"));
    Files.writeString(ggufInside.resolve("model.gguf"), "GGUF");
    assertRefused(ggufInside).hasMessageContaining("give its own path: file:" + ggufInside);
  }

  @Test
  void filesThatAreNoModel() throws IOException {
    assertRefused(Jobs.TINY_MODEL.resolve("model.safetensors"))
        .hasMessageContaining("Give the directory that holds it");
    assertRefused(Files.writeString(directory.resolve("model.bin"), "x"))
        .hasMessageContaining("does not end in .gguf");
    assertRefused(Files.writeString(directory.resolve("cut.gguf"), "GGUF\3\0\0\0"))
        .hasMessageContaining("cut.gguf");
    assertRefused(Files.writeString(directory.resolve("pointer.gguf"), "version https://git-lfs"))
        .hasMessageContaining("git-lfs");
    assertThatThrownBy(() -> ModelBundle.load("nosuchfs://x/y", new Configuration()))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("nosuchfs");
  }

  @Test
  void weightsThatArePicklesAreRefusedByName() throws IOException {
    for (byte[] start :
        new byte[][] {{'P', 'K', 3, 4, 0, 0, 0, 0}, {(byte) 0x80, 2, 0, 0, 0, 0, 0, 0}}) {
      Path copy = copy();
      Files.write(copy.resolve("model.safetensors"), start);
      assertRefused(copy).hasMessageContaining("model.safetensors").hasMessageContaining("pickle");
    }
  }

  @Test
  void linksThatLeadNowhereAreMissingFiles() throws IOException {
    Path copy = copy();
    Files.delete(copy.resolve("config.json"));
    Files.createSymbolicLink(copy.resolve("config.json"), copy.resolve("config.json"));
    assertRefused(copy).hasMessageContaining("config.json");
  }

  @Test
  void shardsStayInTheDirectoryAndAreAllThere() throws IOException {
    Path copy = copy();
    Files.delete(copy.resolve("model.safetensors"));
    Path index = copy.resolve("model.safetensors.index.json");
    Files.writeString(index, "{\"weight_map\": {\"a\": \"../../etc/x.safetensors\"}}");
    assertRefused(copy).hasMessageContaining("../../etc/x.safetensors");
    Files.writeString(index, "{\"weight_map\": {\"a\": \"model-1.safetensors\"}}");
    assertRefused(copy)
        .hasMessageContaining("names the shard model-1.safetensors, which is not in the directory");
    Files.writeString(index, "{\"weight_map\": {}}");
    assertRefused(copy).hasMessageContaining("weight_map is empty");
  }

  private AbstractThrowableAssert<?, ? extends Throwable> assertRefused(Path path) {
    return assertThatThrownBy(() -> load(path)).isInstanceOf(JobException.class);
  }

  private static ModelBundle load(Path path) {
    return ModelBundle.load(path.toString(), new Configuration());
  }

  private Path copy() throws IOException {
    Path copy = Files.createTempDirectory(directory, "model");
    try (var files = Files.list(Jobs.TINY_MODEL)) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    return copy;
  }

  private static void edit(Path directory, String file, String from, String to) throws IOException {
    Path path = directory.resolve(file);
    String before = Files.readString(path);
    String after = before.replaceFirst(java.util.regex.Pattern.quote(from), to);
    assertThat(after).isNotEqualTo(before);
    Files.writeString(path, after);
  }

  private static ModelBundle serialized(ModelBundle model)
      throws IOException, ClassNotFoundException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(model);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      return (ModelBundle) in.readObject();
    }
  }
}
