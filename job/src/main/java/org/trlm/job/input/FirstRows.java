package org.trlm.job.input;

import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * The first rows of an input: the same ones in every run over the same files, on any cluster, so
 * that a run with a limit can go on where another one was stopped. Spark's own limit takes rows of
 * whichever task is done first.
 */
final class FirstRows implements Function2<Integer, Iterator<Row>, Iterator<Row>> {
  private static final long serialVersionUID = 1L;

  /** How files are cut goes by the number of cores unless this is set. */
  private static final String LEAST_PARTITIONS = "spark.sql.files.minPartitionNum";

  private final long[] wanted;

  private FirstRows(long[] wanted) {
    this.wanted = wanted;
  }

  /**
   * The rows, at most {@code limit} of them, in the order of Spark's partitions. Of each partition
   * at most so many are read.
   */
  static Dataset<Row> of(SparkSession spark, Dataset<Row> rows, long limit) {
    JavaRDD<Row> all = partitioned(spark, rows);
    List<Long> found =
        all.mapPartitions((FlatMapFunction<Iterator<Row>, Long>) part -> count(part, limit))
            .collect();
    long[] wanted = new long[found.size()];
    long left = limit;
    for (int i = 0; i < wanted.length; i++) {
      wanted[i] = Math.min(left, found.get(i));
      left -= wanted[i];
    }
    return spark.createDataFrame(
        all.mapPartitionsWithIndex(new FirstRows(wanted), true), rows.schema());
  }

  private static JavaRDD<Row> partitioned(SparkSession spark, Dataset<Row> rows) {
    scala.Option<String> before = spark.conf().getOption(LEAST_PARTITIONS);
    spark.conf().set(LEAST_PARTITIONS, "1");
    try {
      JavaRDD<Row> all = rows.javaRDD();
      // decides it
      all.getNumPartitions();
      return all;
    } finally {
      if (before.isDefined()) {
        spark.conf().set(LEAST_PARTITIONS, before.get());
      } else {
        spark.conf().unset(LEAST_PARTITIONS);
      }
    }
  }

  private static Iterator<Long> count(Iterator<Row> rows, long limit) {
    long count = 0;
    while (count < limit && rows.hasNext()) {
      rows.next();
      count++;
    }
    return List.of(count).iterator();
  }

  @Override
  public Iterator<Row> call(Integer partition, Iterator<Row> rows) {
    return new Iterator<>() {
      private long left = wanted[partition];

      @Override
      public boolean hasNext() {
        return left > 0 && rows.hasNext();
      }

      @Override
      public Row next() {
        if (!hasNext()) {
          throw new NoSuchElementException("no row is left");
        }
        left--;
        return rows.next();
      }
    };
  }
}
