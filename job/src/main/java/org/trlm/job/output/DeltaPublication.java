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
import org.apache.spark.sql.types.StructType;

/**
 * Carries the committed waves of an output over into a Delta table, each commit exactly once: it is
 * written down before it is made, and Delta skips a transaction whose version it has. New waves are
 * appended; when waves were replaced, the table is written anew in one commit.
 */
public final class DeltaPublication implements Publication {
  /** Below the table: where its waves lie. Delta leaves names with an underscore alone. */
  public static final String WAVES = "_waves";

  /** Files of state are never overwritten: the one with the highest number counts. */
  private static final Pattern STATE = Pattern.compile("_published-(\\d+)\\.json");

  /** Stands among the waves of a table of which nobody knows what it holds. */
  private static final String UNKNOWN = "unknown";

  private static final ObjectMapper JSON = new ObjectMapper();

  private final SparkSession spark;
  private final Path table;
  private final Path waves;
  private final FileSystem files;

  private final Commits commits;

  /** The commits of a table. */
  interface Commits {
    /**
     * Makes a commit, unless the table has one of this application and version.
     *
     * @param appends whether the rows are added, or take the place of all
     */
    void commit(Dataset<Row> rows, boolean appends, String application, long version);
  }

  DeltaPublication(SparkSession spark, Path table, Commits commits) throws IOException {
    this.spark = spark;
    this.table = table;
    this.waves = new Path(table, WAVES);
    this.files = table.getFileSystem(spark.sessionState().newHadoopConf());
    this.commits = commits;
  }

  /**
   * The publication to a table.
   *
   * @param table its path; nothing needs to be there
   */
  public static DeltaPublication to(SparkSession spark, String table) throws IOException {
    return new DeltaPublication(
        spark,
        new Path(table),
        (rows, appends, application, version) ->
            rows.write()
                .format(DeltaLake.FORMAT)
                .mode(appends ? "append" : "overwrite")
                .option(appends ? "mergeSchema" : "overwriteSchema", "true")
                .option("txnAppId", application)
                .option("txnVersion", version)
                .save(table));
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

  @Override
  public void check(StructType columns) {
    DeltaLake.checkNames(columns, "--output delta:" + table);
  }

  @Override
  public void resume() throws IOException {
    if (!files.exists(waves)) {
      return;
    }
    State state = read();
    if (state.intended != null) {
      end(state);
    }
  }

  @Override
  public void publish() throws IOException {
    State state = read();
    if (state.intended != null) {
      state = end(state);
    }
    List<String> whole = wholeWaves();
    if (!whole.equals(state.waves)) {
      State begun = new State(state.application, state.version, state.waves, whole);
      write(begun);
      commit(begun);
    }
  }

  /** Makes the commit that was announced; gives up one whose waves somebody has removed. */
  private State end(State state) throws IOException {
    if (wholeWaves().containsAll(state.intended)) {
      return commit(state);
    }
    // the table may hold them or not, so the next commit is to write all of it
    State lost = new State(state.application, state.version + 1, List.of(UNKNOWN), null);
    write(lost);
    return lost;
  }

  private State commit(State state) throws IOException {
    List<String> added = new ArrayList<>(state.intended);
    added.removeAll(state.waves);
    boolean appends = state.intended.containsAll(state.waves);
    List<String> written = appends ? added : state.intended;
    if (!written.isEmpty()) {
      commits.commit(rows(written), appends, state.application, state.version + 1);
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
}
