package org.trlm.job.output;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Carries the committed waves of an output over into a Delta table, each commit exactly once: it is
 * written down before it is made, and Delta skips a transaction whose version it has. New waves are
 * appended; when waves were replaced, the table is written anew in one commit. Driver only, by the
 * one run that may write the output.
 */
public final class DeltaPublication {
  /** Below the table: where its waves lie. Delta leaves names with an underscore alone. */
  public static final String WAVES = "_waves";

  /** Files of state are never overwritten: the one with the highest number counts. */
  private static final Pattern STATE = Pattern.compile("_published-(\\d+)\\.json");

  private static final ObjectMapper JSON = new ObjectMapper();

  private final SparkSession spark;
  private final Path table;
  private final Path waves;
  private final FileSystem files;

  private DeltaPublication(SparkSession spark, Path table) throws IOException {
    this.spark = spark;
    this.table = table;
    this.waves = new Path(table, WAVES);
    this.files = table.getFileSystem(spark.sessionState().newHadoopConf());
  }

  /**
   * What the table holds and, between a commit's two ends, what it is to hold.
   *
   * @param application names the output in Delta's transactions
   * @param version of the last commit
   * @param waves that the table holds
   * @param intended waves that it holds once the commit {@code version + 1} is made; null when none
   *     was begun
   */
  record State(String application, long version, List<String> waves, List<String> intended) {}

  /**
   * Publishes what is whole and not yet in the table; does nothing when there is nothing.
   *
   * @param table path of the Delta table
   */
  public static void publish(SparkSession spark, String table) throws IOException {
    new DeltaPublication(spark, new Path(table)).publish();
  }

  private void publish() throws IOException {
    State state = read();
    if (state.intended != null) {
      state = commit(state);
    }
    List<String> whole = wholeWaves();
    if (!whole.equals(state.waves)) {
      State begun = new State(state.application, state.version, state.waves, whole);
      write(begun);
      commit(begun);
    }
  }

  private State commit(State state) throws IOException {
    List<String> added = new ArrayList<>(state.intended);
    added.removeAll(state.waves);
    boolean appends = state.intended.containsAll(state.waves);
    List<String> written = appends ? added : state.intended;
    if (!written.isEmpty()) {
      rows(written)
          .write()
          .format(DeltaLake.FORMAT)
          .mode(appends ? "append" : "overwrite")
          .option(appends ? "mergeSchema" : "overwriteSchema", "true")
          .option("txnAppId", state.application)
          .option("txnVersion", state.version + 1)
          .save(table.toString());
    }
    State done = new State(state.application, state.version + 1, state.intended, null);
    write(done);
    return done;
  }

  private Dataset<Row> rows(List<String> names) {
    return WaveFiles.reader(spark)
        .option("mergeSchema", "true")
        .parquet(
            names.stream().map(name -> new Path(waves, name).toString()).toArray(String[]::new));
  }

  private List<String> wholeWaves() throws IOException {
    List<String> whole = new ArrayList<>();
    for (FileStatus found : files.listStatus(waves)) {
      String name = found.getPath().getName();
      if (name.startsWith("wave=") && files.exists(new Path(found.getPath(), "_SUCCESS"))) {
        whole.add(name);
      }
    }
    whole.sort(null);
    return whole;
  }

  private State read() throws IOException {
    long latest = latest();
    if (latest == 0) {
      return new State("trlm-spark-" + UUID.randomUUID(), 0, List.of(), null);
    }
    try (InputStream in = files.open(state(latest))) {
      return JSON.readValue(in.readAllBytes(), State.class);
    }
  }

  private void write(State state) throws IOException {
    long latest = latest();
    Path written = new Path(waves, "._published-" + UUID.randomUUID());
    try (OutputStream out = files.create(written, true)) {
      out.write(JSON.writeValueAsBytes(state));
    }
    if (!files.rename(written, state(latest + 1))) {
      throw new IOException(written + " cannot be renamed to " + state(latest + 1));
    }
    if (latest > 0) {
      files.delete(state(latest), false);
    }
  }

  private Path state(long number) {
    return new Path(waves, "_published-%d.json".formatted(number));
  }

  /** Number of the latest state; 0 when there is none. */
  private long latest() throws IOException {
    long latest = 0;
    for (FileStatus found : files.listStatus(waves)) {
      Matcher name = STATE.matcher(found.getPath().getName());
      if (name.matches()) {
        latest = Math.max(latest, Long.parseLong(name.group(1)));
      }
    }
    return latest;
  }

  /** Whether a run has waves there to publish. */
  public static boolean hasWaves(SparkSession spark, String table) throws IOException {
    Path waves = new Path(table, WAVES);
    return waves.getFileSystem(spark.sessionState().newHadoopConf()).exists(waves);
  }
}
