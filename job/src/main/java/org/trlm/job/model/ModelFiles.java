package org.trlm.job.model;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.trlm.engine.weights.CheckpointBytes;
import org.trlm.engine.weights.ShardIndex;
import org.trlm.engine.weights.WeightFormatException;
import org.trlm.job.JobException;
import org.trlm.job.Locations;

/**
 * The files of one model as they lie on a file system, read once: small ones whole, checkpoints as
 * {@link CheckpointBytes}. Knows names and bytes, not what they mean.
 *
 * @param name last part of the path, for the column {@code model}
 * @param path the directory or .gguf file
 * @param small JSON and template files by name; empty for a .gguf file
 * @param checkpoints weight files by name
 * @param fingerprint SHA-256 of the contents, in hex; the same wherever the model lies
 */
record ModelFiles(
    String name,
    String path,
    SortedMap<String, byte[]> small,
    Map<String, CheckpointBytes> checkpoints,
    String fingerprint) {

  static final String CONFIG = "config.json";
  static final String TOKENIZER = "tokenizer.json";
  static final String GENERATION_CONFIG = "generation_config.json";
  static final String WEIGHTS = "model.safetensors";
  static final String INDEX = "model.safetensors.index.json";

  private static final List<String> OPTIONAL =
      List.of(
          GENERATION_CONFIG,
          "tokenizer_config.json",
          "special_tokens_map.json",
          "chat_template.jinja");

  private static final long LARGEST_SMALL_FILE = 256L << 20;

  /**
   * @param given as the user typed it
   * @throws JobException when there is no model of a known layout at the path
   */
  static ModelFiles read(String given, Configuration hadoop) {
    Path path = new Path(Locations.resolve("--model", given));
    try {
      FileSystem files = path.getFileSystem(hadoop);
      FileStatus status = files.getFileStatus(path);
      Reader reader = new Reader(files);
      if (status.isDirectory()) {
        return readDirectory(path, reader);
      }
      return readFile(status, reader);
    } catch (FileNotFoundException e) {
      throw new JobException(
          "--model "
              + path
              + " does not exist. Give a directory with config.json, tokenizer.json and"
              + " model.safetensors, or a .gguf file.",
          e);
    } catch (UnsupportedFileSystemException e) {
      throw new JobException(
          "--model "
              + path
              + ": no file system is known for "
              + path.toUri().getScheme()
              + ":. Give a local path, or add the file system's jar to the class path (--jars).",
          e);
    } catch (WeightFormatException e) {
      throw new JobException(e.getMessage(), e);
    } catch (IOException e) {
      throw new JobException(
          "--model "
              + path
              + " cannot be read: "
              + e.getMessage()
              + ". Check the path and this user's permission to read it.",
          e);
    }
  }

  private static ModelFiles readFile(FileStatus file, Reader reader) throws IOException {
    String name = file.getPath().getName();
    if (name.endsWith(".safetensors") || name.endsWith(".json")) {
      throw new JobException(
          "--model "
              + file.getPath()
              + " is one file of a model. Give the directory that holds it together with"
              + " config.json and tokenizer.json.");
    }
    if (!name.endsWith(".gguf")) {
      throw new JobException(
          "--model "
              + file.getPath()
              + " is a file whose name does not end in .gguf. Give a .gguf file, or a directory with"
              + " config.json, tokenizer.json and model.safetensors.");
    }
    Map<String, CheckpointBytes> checkpoints = new LinkedHashMap<>();
    checkpoints.put(name, reader.checkpoint(file));
    return new ModelFiles(
        name.substring(0, name.length() - ".gguf".length()),
        file.getPath().toString(),
        new TreeMap<>(),
        checkpoints,
        reader.fingerprint());
  }

  private static ModelFiles readDirectory(Path directory, Reader reader) throws IOException {
    SortedMap<String, FileStatus> listed = reader.list(directory);
    SortedMap<String, byte[]> small = new TreeMap<>();
    for (String required : List.of(CONFIG, TOKENIZER)) {
      if (!listed.containsKey(required)) {
        throw missing(directory, required, listed);
      }
    }
    reader.small(listed, small, CONFIG);
    for (String name : OPTIONAL) {
      reader.small(listed, small, name);
    }
    reader.small(listed, small, TOKENIZER);
    Map<String, CheckpointBytes> checkpoints = new LinkedHashMap<>();
    for (String name : weightFiles(directory, listed, small, reader)) {
      if (!listed.containsKey(name)) {
        throw new JobException(
            directory
                + "/"
                + INDEX
                + " names the shard "
                + name
                + ", which is not in the directory. Download the missing file.");
      }
      reader.name(name);
      checkpoints.put(name, reader.checkpoint(listed.get(name)));
    }
    return new ModelFiles(
        directory.getName(), directory.toString(), small, checkpoints, reader.fingerprint());
  }

  /** The one weight file, or the shards that the index names, sorted. */
  private static Iterable<String> weightFiles(
      Path directory,
      SortedMap<String, FileStatus> listed,
      SortedMap<String, byte[]> small,
      Reader reader)
      throws IOException {
    if (listed.containsKey(WEIGHTS)) {
      return List.of(WEIGHTS);
    }
    if (!listed.containsKey(INDEX)) {
      throw missing(directory, WEIGHTS, listed);
    }
    reader.small(listed, small, INDEX);
    return ShardIndex.parse(small.get(INDEX), directory + "/" + INDEX).shardNames();
  }

  private static JobException missing(
      Path directory, String file, SortedMap<String, FileStatus> listed) {
    String hint = "";
    if (file.equals(TOKENIZER) && listed.containsKey("tokenizer.model")) {
      hint =
          " A SentencePiece tokenizer.model is not read: convert it to tokenizer.json with"
              + " transformers (save_pretrained of the fast tokenizer).";
    }
    for (String name : listed.keySet()) {
      if (name.endsWith(".gguf")) {
        hint = " For the GGUF file in it give its own path: " + directory + "/" + name + ".";
      } else if (file.equals(WEIGHTS) && isPickle(name)) {
        hint =
            " "
                + name
                + " is a pickle file, which can run code when it is loaded: pickle checkpoints are"
                + " not loaded. Convert it to safetensors (save_pretrained of transformers).";
      }
    }
    String found = listed.isEmpty() ? "nothing" : String.join(", ", listed.keySet());
    return new JobException(
        "--model "
            + directory
            + " holds no "
            + file
            + (file.equals(WEIGHTS) ? " and no " + INDEX : "")
            + "; found: "
            + (found.length() > 300 ? found.substring(0, 300) + "..." : found)
            + "."
            + hint);
  }

  private static boolean isPickle(String name) {
    return name.endsWith(".bin")
        || name.endsWith(".pt")
        || name.endsWith(".pth")
        || name.endsWith(".ckpt");
  }

  /** Reads files of one model and hashes what it reads, in the order it is asked. */
  private static final class Reader {
    private final FileSystem files;
    private final MessageDigest digest;

    Reader(FileSystem files) {
      this.files = files;
      try {
        this.digest = MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java has SHA-256", e);
      }
    }

    SortedMap<String, FileStatus> list(Path directory) throws IOException {
      SortedMap<String, FileStatus> listed = new TreeMap<>();
      for (FileStatus status : files.listStatus(directory)) {
        listed.put(status.getPath().getName(), status);
      }
      return listed;
    }

    /** Reads {@code name} into {@code into} if the directory has it. */
    void small(Map<String, FileStatus> listed, Map<String, byte[]> into, String name)
        throws IOException {
      FileStatus status = listed.get(name);
      if (status == null) {
        return;
      }
      checkIsFile(status);
      if (status.getLen() > LARGEST_SMALL_FILE) {
        throw new JobException(
            status.getPath()
                + " has "
                + status.getLen()
                + " bytes; at most "
                + LARGEST_SMALL_FILE
                + " are read. Is it the right file?");
      }
      name(name);
      try (InputStream in = open(status)) {
        byte[] bytes = in.readNBytes((int) status.getLen());
        checkContent(name, bytes, status.getPath().toString());
        into.put(name, bytes);
      }
    }

    private static void checkContent(String name, byte[] bytes, String where) {
      if (name.endsWith(".json")) {
        ModelJson.checkIsNotSomethingElse(bytes, where);
      } else {
        ModelJson.checkIsNotAPointer(bytes, where);
      }
    }

    CheckpointBytes checkpoint(FileStatus status) throws IOException {
      checkIsFile(status);
      try (InputStream in = open(status)) {
        return CheckpointBytes.read(in, status.getLen(), status.getPath().toString());
      }
    }

    private InputStream open(FileStatus status) throws IOException {
      return new DigestInputStream(files.open(status.getPath()), digest);
    }

    private static void checkIsFile(FileStatus status) {
      if (status.isDirectory()) {
        throw new JobException(status.getPath() + " is a directory; expected a file.");
      }
    }

    /** What a file is named is part of a directory's content. */
    void name(String name) {
      digest.update((name + "\n").getBytes(StandardCharsets.UTF_8));
    }

    String fingerprint() {
      return HexFormat.of().formatHex(digest.digest());
    }
  }
}
