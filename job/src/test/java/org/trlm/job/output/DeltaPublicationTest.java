package org.trlm.job.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.job.JobException;
import org.trlm.job.SharedSpark;

/** Waves carried over into a table once each, with crashes in between. */
class DeltaPublicationTest {
  @TempDir Path directory;
  private final Table table = new Table();

  /** What Delta does with commits: one of each application and version. */
  private static final class Table implements DeltaPublication.Commits {
    private final List<String> rows = new ArrayList<>();
    private final Set<String> made = new HashSet<>();
    private boolean failsBefore;
    private boolean failsAfter;

    @Override
    public void commit(Dataset<Row> added, boolean appends, String application, long version) {
      if (failsBefore) {
        throw new IllegalStateException("crash before the commit");
      }
      if (made.add(application + " " + version)) {
        if (!appends) {
          rows.clear();
        }
        added.collectAsList().forEach(row -> rows.add(row.getString(0)));
      }
      if (failsAfter) {
        throw new IllegalStateException("crash after the commit");
      }
    }
  }

  private DeltaPublication publication() throws IOException {
    return new DeltaPublication(
        SharedSpark.session(), new org.apache.hadoop.fs.Path(directory.toUri()), table);
  }

  private Path wave(String name, String row) {
    Path wave = directory.resolve(DeltaPublication.WAVES).resolve("wave=" + name);
    SparkSession spark = SharedSpark.session();
    new ParquetWaves()
        .write(spark.sql("select '%s' answer".formatted(row)).coalesce(1), wave.toString());
    return wave;
  }

  private static void delete(Path wave) throws IOException {
    try (var files = Files.list(wave)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(wave);
  }

  @Test
  void eachWaveIsCarriedOverOnce() throws IOException {
    publication().resume();
    wave("a", "one");
    wave("b", "two");
    publication().publish();
    publication().resume();
    publication().publish();
    assertThat(table.rows).containsExactlyInAnyOrder("one", "two");
    wave("c", "three");
    publication().publish();
    assertThat(table.rows).containsExactlyInAnyOrder("one", "two", "three");
    assertThat(table.made).hasSize(2);
  }

  @Test
  void aReplacedWaveWritesTheTableAnew() throws IOException {
    delete(wave("gone", "never"));
    Path old = wave("a", "one");
    wave("b", "two");
    publication().publish();
    delete(old);
    wave("c", "one again");
    publication().publish();
    assertThat(table.rows).containsExactlyInAnyOrder("two", "one again");
  }

  @Test
  void aCrashBeforeOrAfterTheCommitIsEndedByTheNextRun() throws IOException {
    wave("a", "one");
    table.failsBefore = true;
    assertThatThrownBy(() -> publication().publish()).hasMessage("crash before the commit");
    table.failsBefore = false;
    publication().resume();
    assertThat(table.rows).containsExactly("one");
    wave("b", "two");
    table.failsAfter = true;
    assertThatThrownBy(() -> publication().publish()).hasMessage("crash after the commit");
    table.failsAfter = false;
    publication().resume();
    publication().publish();
    assertThat(table.rows).containsExactly("one", "two");
    assertThat(table.made).hasSize(2);
  }

  @Test
  void whatWasNotAnnouncedWaitsForTheEndOfARun() throws IOException {
    wave("a", "one");
    publication().publish();
    wave("b", "half of a run that was killed");
    publication().resume();
    assertThat(table.rows).containsExactly("one");
  }

  @Test
  void whenAnnouncedWavesAreGoneTheTableIsWrittenAnew() throws IOException {
    Path first = wave("a", "one");
    table.failsAfter = true;
    assertThatThrownBy(() -> publication().publish()).hasMessage("crash after the commit");
    table.failsAfter = false;
    delete(first);
    wave("b", "one, compacted");
    publication().resume();
    publication().publish();
    assertThat(table.rows).containsExactly("one, compacted");
  }

  @Test
  void namesThatDeltaRefusesAreNamedFirst() throws IOException {
    DeltaPublication publication = publication();
    StructType plain = new StructType().add("a-b.c", DataTypes.StringType);
    assertThatCode(() -> publication.check(plain)).doesNotThrowAnyException();
    assertThatThrownBy(() -> publication.check(plain.add("my col", DataTypes.StringType)))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("column my col has a space")
        .hasMessageContaining("Rename it in the input");
    StructType inner = new StructType().add("x=y", DataTypes.StringType);
    assertThatThrownBy(() -> publication.check(plain.add("list", DataTypes.createArrayType(inner))))
        .hasMessageContaining("column list.x=y has");
  }
}
