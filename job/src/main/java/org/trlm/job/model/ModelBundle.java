package org.trlm.job.model;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.apache.hadoop.conf.Configuration;
import org.trlm.engine.model.CheckpointNames;
import org.trlm.engine.model.ModelConfig;
import org.trlm.engine.weights.CheckpointBytes;
import org.trlm.engine.weights.GgufFile;
import org.trlm.engine.weights.SafetensorsCheckpoint;
import org.trlm.engine.weights.SafetensorsFile;
import org.trlm.engine.weights.ShardIndex;
import org.trlm.engine.weights.WeightSource;
import org.trlm.job.JobException;
import org.trlm.tokenizer.Tokenizer;
import org.trlm.tokenizer.TokenizerFormatException;
import org.trlm.tokenizer.TokenizerGguf;
import org.trlm.tokenizer.TokenizerJson;
import org.trlm.tokenizer.chat.ChatTemplate;
import org.trlm.tokenizer.chat.TemplateException;

/**
 * A model as the job needs it: the bytes of its files, in the dtype they were stored in, and what
 * they mean. Loaded and checked on the driver, broadcast once; each executor JVM reads
 * configuration, tokenizer and template out of the bytes again when it first needs them.
 * Thread-safe. The driver holds the weights once: nothing here copies them.
 */
public final class ModelBundle implements Serializable {
  private static final long serialVersionUID = 1L;

  private final String name;
  private final String path;
  private final String fingerprint;
  private final SortedMap<String, byte[]> small;
  private final Map<String, CheckpointBytes> checkpoints;

  private transient WeightSource weights;
  private transient ModelConfig config;
  private transient Tokenizer tokenizer;
  private transient TokenizerSettings settings;
  private transient ChatTemplate chatTemplate;

  private ModelBundle(
      String name,
      String path,
      String fingerprint,
      SortedMap<String, byte[]> small,
      Map<String, CheckpointBytes> checkpoints) {
    this.name = name;
    this.path = path;
    this.fingerprint = fingerprint;
    this.small = small;
    this.checkpoints = checkpoints;
  }

  /**
   * Reads a model and checks that its parts agree. Called on the driver, before any work.
   *
   * @param path a directory as Hugging Face lays it out, or a .gguf file, on any Hadoop file
   *     system; without a scheme a local path
   * @throws JobException when it is missing, malformed, of an architecture that is not supported,
   *     or its parts do not agree; the chat template alone is looked at only when it is asked for
   */
  public static ModelBundle load(String path, Configuration hadoop) {
    ModelFiles files = ModelFiles.read(path, hadoop);
    ModelBundle bundle =
        new ModelBundle(
            files.name(), files.path(), files.fingerprint(), files.small(), files.checkpoints());
    try {
      WeightSource source = bundle.weights();
      CheckpointNames.of(bundle.config(), source.format()).check(source);
      bundle.checkTokenizer();
      bundle.checkEndOfTurn();
    } catch (JobException e) {
      throw e;
    } catch (TokenizerFormatException e) {
      throw new JobException(e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      // WeightFormatException and its kin: written for the user, with file and field
      throw new JobException(e.getMessage(), e);
    }
    return bundle;
  }

  /**
   * The same model for commands that only tokenize: a directory leaves its weights behind; a .gguf
   * file is one file and stays whole. {@link #weights()} of the result of a directory fails.
   */
  public ModelBundle withoutWeights() {
    return isGguf() ? this : new ModelBundle(name, path, fingerprint, small, Map.of());
  }

  /** Last part of the path, without .gguf: the output column {@code model}. */
  public String name() {
    return name;
  }

  /** Where it was read from. */
  public String path() {
    return path;
  }

  /** SHA-256 over the contents of its files, in hex; the same wherever the model lies. */
  public String fingerprint() {
    return fingerprint;
  }

  /** Bytes of all its files, which are the bytes of the broadcast. */
  public long bytes() {
    long bytes = 0;
    for (byte[] file : small.values()) {
      bytes += file.length;
    }
    for (CheckpointBytes file : checkpoints.values()) {
      bytes += file.length();
    }
    return bytes;
  }

  /** Sizes and constants of the model. */
  public synchronized ModelConfig config() {
    if (config == null) {
      config =
          isGguf()
              ? ModelConfig.fromGguf((GgufFile) weights())
              : ModelConfig.fromJson(small.get(ModelFiles.CONFIG), where(ModelFiles.CONFIG));
    }
    return config;
  }

  /** The checkpoint's tensors in stored dtype. */
  public synchronized WeightSource weights() {
    if (weights == null) {
      weights = open();
    }
    return weights;
  }

  private WeightSource open() {
    if (checkpoints.isEmpty()) {
      throw new IllegalStateException("the weights of " + path + " were left behind");
    }
    byte[] index = small.get(ModelFiles.INDEX);
    if (index != null) {
      ShardIndex shards = ShardIndex.parse(index, where(ModelFiles.INDEX));
      return SafetensorsCheckpoint.open(shards, checkpoints);
    }
    CheckpointBytes only = checkpoints.values().iterator().next();
    return isGguf() ? GgufFile.open(only) : SafetensorsFile.open(only);
  }

  /** Whether it is one .gguf file rather than a directory. */
  public boolean isGguf() {
    return small.isEmpty();
  }

  /** Text to ids and back. */
  public synchronized Tokenizer tokenizer() {
    if (tokenizer == null) {
      tokenizer =
          isGguf()
              ? TokenizerGguf.read(((GgufFile) weights()).metadata(), path)
              : TokenizerJson.read(small.get(ModelFiles.TOKENIZER), where(ModelFiles.TOKENIZER));
    }
    return tokenizer;
  }

  /** Whether the model brings a chat template of its own. */
  public boolean hasChatTemplate() {
    return ownChatTemplate() != null;
  }

  /** Text of the model's own chat template; null when it has none. */
  public String ownChatTemplate() {
    return settings().chatTemplate();
  }

  /**
   * The model's own chat template.
   *
   * @throws JobException when it has none, or one that cannot be compiled
   */
  public synchronized ChatTemplate chatTemplate() {
    if (chatTemplate == null) {
      TokenizerSettings found = settings();
      if (found.chatTemplate() == null) {
        throw new JobException(
            "The model "
                + path
                + " has no chat template ("
                + (isGguf()
                    ? "no metadata key tokenizer.chat_template"
                    : "no chat_template.jinja, none in tokenizer_config.json")
                + "). Give one with --chat-template FILE, or feed the prompts as they are with"
                + " --no-chat-template.");
      }
      chatTemplate = compile(found.chatTemplate(), found.chatTemplateWhere());
    }
    return chatTemplate;
  }

  /**
   * @param where the file the template came from, for messages
   * @throws JobException when it cannot be compiled, naming construct and line
   */
  public static ChatTemplate compile(String template, String where) {
    try {
      return ChatTemplate.compile(template, where);
    } catch (TemplateException e) {
      throw new JobException(
          "The chat template cannot be used: "
              + e.getMessage()
              + ". Give another one with --chat-template FILE, or feed the prompts as they are with"
              + " --no-chat-template.",
          e);
    }
  }

  /** bos_token, eos_token, … → text, as templates see them. */
  public Map<String, String> specialTokens() {
    return settings().specialTokens();
  }

  private synchronized TokenizerSettings settings() {
    if (settings == null) {
      settings =
          isGguf()
              ? TokenizerSettings.fromGguf(((GgufFile) weights()).metadata(), path)
              : TokenizerSettings.read(small, path);
    }
    return settings;
  }

  /** What the model's own generation_config.json proposes. */
  public GenerationDefaults generationDefaults() {
    byte[] json = small.get(ModelFiles.GENERATION_CONFIG);
    if (json == null) {
      return GenerationDefaults.NONE;
    }
    String where = where(ModelFiles.GENERATION_CONFIG);
    return GenerationDefaults.fromJson(ModelJson.object(json, where), where);
  }

  /**
   * The tokens that end an answer: those of generation_config.json, else of config.json or the GGUF
   * metadata, else the tokenizer's eos_token. Empty when the model names none.
   */
  public int[] endOfTurnTokenIds() {
    List<Integer> ids = generationDefaults().eosTokenIds();
    if (ids.isEmpty()) {
      ids = config().eosTokenIds();
    }
    if (ids.isEmpty() && specialTokens().get("eos_token") != null) {
      ids = tokenizer().tokenId(specialTokens().get("eos_token")).stream().boxed().toList();
    }
    return ids.stream().mapToInt(Integer::intValue).distinct().toArray();
  }

  private void checkTokenizer() {
    int tokens = tokenizer().vocabSize();
    if (tokens > config().vocabSize()) {
      throw new JobException(
          path
              + ": the tokenizer has ids up to "
              + (tokens - 1)
              + ", the model has embeddings for "
              + config().vocabSize()
              + " (vocab_size). Tokenizer and weights are not of the same model: download both from"
              + " one place.");
    }
    for (Map.Entry<String, String> token : specialTokens().entrySet()) {
      if (tokenizer().tokenId(token.getValue()).isEmpty() && token.getKey().equals("eos_token")) {
        throw new JobException(
            path
                + ": eos_token is '"
                + token.getValue()
                + "', which the tokenizer does not know. Mend tokenizer_config.json.");
      }
    }
  }

  private void checkEndOfTurn() {
    for (int id : endOfTurnTokenIds()) {
      if (id >= config().vocabSize()) {
        throw new JobException(
            path
                + ": eos_token_id is "
                + id
                + "; allowed: 0 to "
                + (config().vocabSize() - 1)
                + " (vocab_size "
                + config().vocabSize()
                + "). Mend generation_config.json or config.json.");
      }
    }
  }

  /** Whether every matrix is stored as bfloat16, so that computing in it loses nothing. */
  public boolean isBfloat16() {
    WeightSource source = weights();
    return source.tensorNames().stream()
        .filter(tensor -> source.tensor(tensor).shape().length == 2)
        .allMatch(source::isExactlyBfloat16);
  }

  /** Number of tensors by stored dtype, in the order they were found. */
  public Map<String, Integer> tensorsByType() {
    Map<String, Integer> counts = new LinkedHashMap<>();
    for (String tensor : weights().tensorNames()) {
      counts.merge(weights().tensor(tensor).type().toString(), 1, Integer::sum);
    }
    return counts;
  }

  private String where(String file) {
    return path + "/" + file;
  }
}
