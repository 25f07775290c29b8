package org.trlm.job.output;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The columns of an input that an output repeats, in front of the output's own. A kept column whose
 * name is one of the output's own (ignoring case), or the one that readers give to the waves, is
 * written as {@code input_<name>}. Made on the driver; lays out rows on the executors.
 */
public final class KeptColumns implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Readers of an output show the names of its waves' directories as a column of this name. */
  private static final String WAVE = "wave";

  private final StructType schema;
  private final int[] kept;
  private final ArrayList<String> warnings = new ArrayList<>();

  /**
   * @param input the input's columns
   * @param consumed input columns that the output does not repeat
   * @param own the output's own columns
   */
  public KeptColumns(StructType input, Set<String> consumed, StructType own) {
    Set<String> ownNames = new HashSet<>(Set.of(WAVE));
    for (String name : own.fieldNames()) {
      ownNames.add(lower(name));
    }
    Set<String> taken = new HashSet<>(ownNames);
    for (String name : input.fieldNames()) {
      taken.add(lower(name));
    }
    List<Integer> indexes = new ArrayList<>();
    StructType columns = new StructType();
    for (int i = 0; i < input.length(); i++) {
      StructField field = input.fields()[i];
      if (!consumed.contains(field.name())) {
        indexes.add(i);
        String written =
            ownNames.contains(lower(field.name())) ? renamed(field.name(), taken) : field.name();
        columns = columns.add(written, field.dataType(), true);
      }
    }
    for (StructField field : own.fields()) {
      columns = columns.add(field);
    }
    this.schema = columns;
    this.kept = indexes.stream().mapToInt(Integer::intValue).toArray();
  }

  private String renamed(String name, Set<String> taken) {
    String written = "input_" + name;
    while (!taken.add(lower(written))) {
      written = "input_" + written;
    }
    warnings.add(
        "input column "
            + name
            + " has the name of an output column; it is written as "
            + written
            + ".");
    return written;
  }

  private static String lower(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  /** Kept columns, then the output's own. */
  public StructType schema() {
    return schema;
  }

  /** What the user should know about renamed columns. */
  public List<String> warnings() {
    return List.copyOf(warnings);
  }

  /** The values of an input row that the output repeats. */
  public Object[] keep(Row input) {
    Object[] values = new Object[kept.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = input.get(kept[i]);
    }
    return values;
  }

  /** One row of {@link #schema}: the values of {@link #keep}, then the output's own. */
  public Row row(Object[] kept, Object[] own) {
    Object[] values = Arrays.copyOf(kept, kept.length + own.length);
    System.arraycopy(own, 0, values, kept.length, own.length);
    return RowFactory.create(values);
  }
}
