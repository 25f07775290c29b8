package org.trlm.job.inference;

import java.util.Comparator;
import java.util.Iterator;
import java.util.PriorityQueue;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.trlm.job.output.KeptColumns;

/**
 * Deals rows to partitions, each to the one that has the fewest tokens so far. Where the rows come
 * longest first, the loads end up less than a row apart. Rows that say the same go together, some
 * at a time, because a task computes equal prompts once. Holds one number for each partition.
 *
 * @param layout the rows' columns, and one for the partition
 * @param expectedIndex of the column that holds what a row will take, and what it says
 * @param together rows that say the same and go to one partition at most
 */
record Dealer(KeptColumns layout, int expectedIndex, int partitions, long together)
    implements MapPartitionsFunction<Row, Row> {

  /** The tokens of a partition so far. */
  private record Load(long tokens, int partition) {
    private static final Comparator<Load> LEAST_FIRST =
        Comparator.comparingLong(Load::tokens).thenComparingInt(Load::partition);
  }

  /** The rows, each with its partition as a further column. */
  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    PriorityQueue<Load> loads = new PriorityQueue<>(partitions, Load.LEAST_FIRST);
    for (int i = 0; i < partitions; i++) {
      loads.add(new Load(0, i));
    }
    return new Iterator<>() {
      private Row expected;
      private long said;
      private Load load;

      @Override
      public boolean hasNext() {
        return rows.hasNext();
      }

      @Override
      public Row next() {
        Row row = rows.next();
        Row before = expected;
        expected = row.getStruct(expectedIndex);
        if (!expected.equals(before) || said == together) {
          if (load != null) {
            loads.add(load);
          }
          load = loads.remove();
          said = 0;
        }
        said++;
        load = new Load(load.tokens + expected.getLong(0), load.partition);
        return layout.row(layout.keep(row), new Object[] {load.partition});
      }
    };
  }
}
