package org.trlm.job.waves;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.floor;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.pmod;
import static org.apache.spark.sql.functions.xxhash64;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.trlm.job.inference.RowKeys;

/**
 * The pending rows, cut into the slices of the waves, so that a wave reads its own rows only and
 * the joins run once. Rows that say the same stay together.
 */
final class StagedRows {
  /** What names of the directory begin with, in the directory of state. */
  static final String DIRECTORY = "staged-";

  private static final String SLICE = "slice";
  private static final int MOST_SLICES = 2000;

  /** Rows that say the same and stay together; more of them are spread over waves. */
  private static final int TOGETHER = 512;

  private static final long ROWS_PER_TASK = 200_000;

  private final SparkSession spark;
  private final String directory;
  private final StructType columns;
  private final List<Slice> slices;

  /** Some rows; several of them make a wave. */
  private record Slice(int number, long rows) {}

  /**
   * The rows of one wave.
   *
   * @param rows how many
   */
  record Wave(List<Integer> slices, long rows) {}

  private StagedRows(SparkSession spark, String directory, StructType columns, List<Slice> slices) {
    this.spark = spark;
    this.directory = directory;
    this.columns = columns;
    this.slices = slices;
  }

  /**
   * Writes the rows to a directory.
   *
   * @param rows with the columns of {@link RowKeys#addTo}
   * @param most upper bound of their number
   */
  static StagedRows stage(
      SparkSession spark, Dataset<Row> rows, long most, long rowsPerWave, String directory) {
    int count = (int) Math.min(MOST_SLICES, 1 + (most - 1) / rowsPerWave);
    int cores = spark.sparkContext().defaultParallelism();
    int tasks = (int) Math.min(count, Math.max(cores, most / ROWS_PER_TASK));
    // names that Parquet or a case-insensitive reader would not take
    StructType columns = rows.schema();
    Dataset<Row> sliced =
        rows.withColumn(
                "_trlm_slice",
                pmod(
                        xxhash64(
                            col(RowKeys.CONTENT_KEY),
                            floor(col(RowKeys.OCCURRENCE).divide(TOGETHER))),
                        lit(count))
                    .cast("int"))
            .toDF(positions(columns.length()));
    sliced
        .repartition(tasks, col(SLICE))
        .write()
        .mode(SaveMode.Overwrite)
        .partitionBy(SLICE)
        .parquet(directory);
    List<Slice> slices = new ArrayList<>();
    reader(spark)
        // given, because no file is written when there is no row
        .schema(positional(columns).add(SLICE, DataTypes.IntegerType))
        .parquet(directory)
        .groupBy(SLICE)
        .count()
        .collectAsList()
        .forEach(row -> slices.add(new Slice(row.getInt(0), row.getLong(1))));
    slices.sort(Comparator.comparingInt(Slice::number));
    return new StagedRows(spark, directory, columns, slices);
  }

  private static String[] positions(int columns) {
    String[] names = new String[columns + 1];
    for (int i = 0; i < columns; i++) {
      names[i] = "c" + i;
    }
    names[columns] = SLICE;
    return names;
  }

  long rows() {
    return slices.stream().mapToLong(Slice::rows).sum();
  }

  /** Slices put together until a wave is full. */
  List<Wave> waves(long rowsPerWave) {
    List<Wave> waves = new ArrayList<>();
    List<Integer> numbers = new ArrayList<>();
    long rows = 0;
    for (Slice slice : slices) {
      if (rows > 0 && rows + slice.rows > rowsPerWave + rowsPerWave / 4) {
        waves.add(new Wave(List.copyOf(numbers), rows));
        numbers.clear();
        rows = 0;
      }
      numbers.add(slice.number);
      rows += slice.rows;
    }
    if (rows > 0) {
      waves.add(new Wave(List.copyOf(numbers), rows));
    }
    return waves;
  }

  /** The rows of a wave, as they were staged. */
  Dataset<Row> read(Wave wave) {
    String[] paths =
        wave.slices.stream()
            .map(number -> directory + "/" + SLICE + "=" + number)
            .toArray(String[]::new);
    return reader(spark).schema(positional(columns)).parquet(paths).toDF(columns.fieldNames());
  }

  /** All rows. */
  Dataset<Row> all() {
    return reader(spark)
        .schema(positional(columns).add(SLICE, DataTypes.IntegerType))
        .parquet(directory)
        .drop(SLICE)
        .toDF(columns.fieldNames());
  }

  private static DataFrameReader reader(SparkSession spark) {
    return spark.read().option("__globPaths__", "false").option("ignoreMissingFiles", "false");
  }

  private static StructType positional(StructType columns) {
    StructType positional = new StructType();
    for (int i = 0; i < columns.length(); i++) {
      StructField field = columns.fields()[i];
      positional = positional.add("c" + i, field.dataType(), true, field.metadata());
    }
    return positional;
  }
}
