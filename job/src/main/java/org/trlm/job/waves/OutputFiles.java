package org.trlm.job.waves;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumFileSystem;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.trlm.job.input.Causes;

/**
 * The directory of an output: its waves, and small files of state in {@code _trlm}. Driver only,
 * from any thread.
 */
final class OutputFiles {
  /** Readers skip names that begin with an underscore. */
  static final String STATE = "_trlm";

  private static final String SUCCESS = "_SUCCESS";

  /** Where renaming a directory copies its files one by one, so that readers see parts of it. */
  private static final Set<String> OBJECT_STORES =
      Set.of("s3", "s3a", "s3n", "gs", "oss", "obs", "cosn", "wasb", "wasbs", "swift");

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private final Path root;
  private final FileSystem files;

  /** {@link #files} without checksum files, which a crash could leave behind a file's content. */
  private final FileSystem plain;

  private final FileContext context;
  private final boolean renamesAtOnce;

  private OutputFiles(Path root, FileSystem files, Configuration hadoop) throws IOException {
    this.root = files.makeQualified(root);
    this.files = files;
    this.plain = files instanceof ChecksumFileSystem checked ? checked.getRawFileSystem() : files;
    this.renamesAtOnce = !OBJECT_STORES.contains(files.getScheme());
    this.context = files instanceof LocalFileSystem ? null : context(hadoop);
  }

  private FileContext context(Configuration hadoop) throws IOException {
    try {
      return FileContext.getFileContext(root.toUri(), hadoop);
    } catch (UnsupportedFileSystemException e) {
      return null;
    }
  }

  /**
   * @param output path or URI of the directory, which need not exist
   */
  static OutputFiles of(String output, Configuration hadoop) throws IOException {
    Path root = new Path(output);
    return new OutputFiles(root, root.getFileSystem(hadoop), hadoop);
  }

  /** A path in the output. */
  Path path(String name) {
    return new Path(root, name);
  }

  @Override
  public String toString() {
    return root.toString();
  }

  /** Names in the output; empty when it does not exist. */
  List<String> names() throws IOException {
    List<String> names = new ArrayList<>();
    try {
      for (FileStatus status : files.listStatus(root)) {
        names.add(status.getPath().getName());
      }
    } catch (FileNotFoundException e) {
      return names;
    }
    names.sort(null);
    return names;
  }

  /** Names of the committed waves, oldest first. */
  List<String> waves() throws IOException {
    List<String> waves = new ArrayList<>();
    for (String name : names()) {
      if (WaveName.parse(name).isPresent() && isWhole(name)) {
        waves.add(name);
      }
    }
    return waves;
  }

  /** Whether a wave was written to its end. */
  boolean isWhole(String name) throws IOException {
    return files.exists(new Path(path(name), SUCCESS));
  }

  /** Bytes of all files. */
  long bytes() throws IOException {
    return files.getContentSummary(root).getLength();
  }

  boolean exists(String name) throws IOException {
    return files.exists(path(name));
  }

  void delete(String name) throws IOException {
    if (!files.delete(path(name), true) && files.exists(path(name))) {
      throw new IOException(path(name) + " cannot be deleted");
    }
  }

  /** The directory that a wave is to be written to before {@link #publish}. */
  String writtenTo(WaveName wave) {
    return path(renamesAtOnce ? wave.open() : wave.committed()).toString();
  }

  /**
   * Makes a wave visible. Doing it again does nothing.
   *
   * @throws IOException when the wave is not whole, or cannot be renamed
   */
  void publish(WaveName wave) throws IOException {
    if (renamesAtOnce && !exists(wave.committed())) {
      if (!isWhole(wave.open())) {
        throw new IOException(path(wave.open()) + " has no " + SUCCESS);
      }
      if (!files.rename(path(wave.open()), path(wave.committed()))) {
        throw new IOException(path(wave.open()) + " cannot be renamed to " + wave.committed());
      }
    }
    if (!isWhole(wave.committed())) {
      throw new IOException(path(wave.committed()) + " has no " + SUCCESS);
    }
  }

  /** Removes what was written of a wave that will not be committed. */
  void abandon(WaveName wave) throws IOException {
    delete(wave.open());
    if (exists(wave.committed()) && !isWhole(wave.committed())) {
      delete(wave.committed());
    }
  }

  /** Marks the output as complete, or takes the mark away. */
  void markComplete(boolean complete) throws IOException {
    if (complete) {
      plain.create(path(SUCCESS), true).close();
    } else {
      delete(SUCCESS);
    }
  }

  private Path state(String name) {
    return new Path(path(STATE), name);
  }

  boolean hasState(String name) throws IOException {
    return plain.exists(state(name));
  }

  /** Reads a file of state; empty when it is missing. */
  <T> Optional<T> readState(String name, Class<T> type) throws IOException {
    byte[] bytes;
    try (InputStream in = plain.open(state(name))) {
      bytes = in.readAllBytes();
    } catch (FileNotFoundException e) {
      return Optional.empty();
    }
    try {
      return Optional.of(JSON.readValue(bytes, type));
    } catch (JsonProcessingException e) {
      throw new DamagedStateException(state(name), e);
    }
  }

  /** A file of state that is not what a run writes. */
  static final class DamagedStateException extends IOException {
    private static final long serialVersionUID = 1L;

    DamagedStateException(Path file, JsonProcessingException cause) {
      super(file + " is damaged: " + cause.getOriginalMessage(), cause);
    }
  }

  /** Writes a file of state as a whole: a crash leaves the old one or the new one. */
  void writeState(String name, Object value) throws IOException {
    Path target = state(name);
    if (!renamesAtOnce || (context == null && !(files instanceof LocalFileSystem))) {
      // a stored object appears as a whole
      write(target, value);
      return;
    }
    Path written = state("." + name + "-" + UUID.randomUUID());
    write(written, value);
    if (context != null) {
      context.rename(written, target, Options.Rename.OVERWRITE);
    } else if (!plain.rename(written, target)) {
      throw new IOException(written + " cannot be renamed to " + target);
    }
  }

  private void write(Path file, Object value) throws IOException {
    try (OutputStream out = plain.create(file, true)) {
      out.write(JSON.writeValueAsBytes(value));
    } catch (FSError e) { // how Hadoop throws what a local disk refuses
      throw new IOException(file + " cannot be written: " + Causes.chain(e), e);
    }
  }

  /** Why nothing can be written, as far as writing a small file tells; empty when that works. */
  Optional<String> obstacle() {
    Path probe = state(".probe-" + UUID.randomUUID());
    try {
      if (plain.exists(path(STATE))) {
        write(probe, "can be written");
        plain.delete(probe, false);
      }
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(Causes.chain(e));
    }
  }

  /** Writes a file of state that must not exist; false when it does. */
  boolean createState(String name, Object value) throws IOException {
    byte[] bytes = JSON.writeValueAsBytes(value);
    Path target = state(name);
    if (files instanceof LocalFileSystem local) {
      makeDirectory(local.pathToFile(path(STATE)).toPath());
      try {
        java.nio.file.Files.createFile(local.pathToFile(target).toPath());
      } catch (java.nio.file.FileAlreadyExistsException e) {
        return false;
      }
      writeState(name, value);
      return true;
    }
    plain.mkdirs(path(STATE));
    try (OutputStream out = plain.create(target, false)) {
      out.write(bytes);
      return true;
    } catch (org.apache.hadoop.fs.FileAlreadyExistsException e) {
      return false;
    }
  }

  /** With a reason when it cannot be made, which Hadoop does not give. */
  private static void makeDirectory(java.nio.file.Path directory) throws IOException {
    try {
      java.nio.file.Files.createDirectories(directory);
    } catch (java.nio.file.FileSystemException e) {
      throw new IOException(
          "%s cannot be made: %s"
              .formatted(
                  directory, e.getReason() == null ? e.getClass().getSimpleName() : e.getReason()));
    }
  }

  /** Moves a file of state aside; false when another was faster. */
  boolean moveState(String from, String to) throws IOException {
    try {
      return plain.rename(state(from), state(to));
    } catch (FileNotFoundException e) {
      return false;
    }
  }

  void deleteState(String name) throws IOException {
    plain.delete(state(name), true);
  }

  /** Names in the directory of state that begin so. */
  List<String> stateNames(String prefix) throws IOException {
    List<String> names = new ArrayList<>();
    try {
      for (FileStatus status : plain.listStatus(path(STATE))) {
        String name = status.getPath().getName();
        if (name.startsWith(prefix)) {
          names.add(name);
        }
      }
    } catch (FileNotFoundException e) {
      return names;
    }
    return names;
  }
}
