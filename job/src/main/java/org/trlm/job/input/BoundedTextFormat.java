package org.trlm.job.input;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.execution.datasources.text.TextFileFormat;
import org.apache.spark.sql.sources.Filter;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;
import scala.Function1;
import scala.collection.AbstractIterator;
import scala.collection.Iterator;
import scala.collection.immutable.Map;
import scala.collection.immutable.Seq;
import scala.runtime.AbstractFunction1;

/**
 * Spark's source of lines of text, with a bound: of a longer line only its head is read into
 * memory, and its row is {@link LongLine#marked}. A few kilobytes of gzip can hold a line of
 * gigabytes. Spark makes it by its name, on the driver; the readers it makes run on the executors.
 */
public final class BoundedTextFormat extends TextFileFormat {
  private static final long serialVersionUID = 1L;

  @Override
  public boolean isSplitable(SparkSession spark, Map<String, String> options, Path path) {
    return codec(spark.sessionState().newHadoopConf(), path) == null;
  }

  private static CompressionCodec codec(Configuration hadoop, Path path) {
    return new CompressionCodecFactory(hadoop).getCodec(path);
  }

  @Override
  public Function1<PartitionedFile, Iterator<InternalRow>> buildReader(
      SparkSession spark,
      StructType dataSchema,
      StructType partitionSchema,
      StructType requiredSchema,
      Seq<Filter> filters,
      Map<String, String> options,
      Configuration hadoop) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    return new FileReader(
        context.broadcast(new SerializableConfiguration(hadoop)), requiredSchema.isEmpty());
  }

  /** From a part of a file to its rows. */
  private static final class FileReader
      extends AbstractFunction1<PartitionedFile, Iterator<InternalRow>> implements Serializable {
    private static final long serialVersionUID = 1L;

    private final Broadcast<SerializableConfiguration> hadoop;
    private final boolean withoutText;

    FileReader(Broadcast<SerializableConfiguration> hadoop, boolean withoutText) {
      this.hadoop = hadoop;
      this.withoutText = withoutText;
    }

    @Override
    public Iterator<InternalRow> apply(PartitionedFile part) {
      try {
        BoundedLines lines = open(part, hadoop.value().value());
        TaskContext task = TaskContext.get();
        if (task != null) {
          task.addTaskCompletionListener((TaskCompletionListener) ended -> lines.close());
        }
        return new LineRows(lines, withoutText);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static BoundedLines open(PartitionedFile part, Configuration hadoop)
        throws IOException {
      Path path = part.toPath();
      FSDataInputStream file = path.getFileSystem(hadoop).open(path);
      try {
        CompressionCodec codec = codec(hadoop, path);
        if (codec != null) {
          return BoundedLines.of(codec.createInputStream(file));
        }
        file.seek(part.start());
        return BoundedLines.between(file, part.start(), part.start() + part.length());
      } catch (IOException | RuntimeException e) {
        file.close();
        throw e;
      }
    }
  }

  private static final class LineRows extends AbstractIterator<InternalRow> {
    private final BoundedLines lines;
    private final boolean withoutText;
    private boolean looked;
    private boolean found;

    LineRows(BoundedLines lines, boolean withoutText) {
      this.lines = lines;
      this.withoutText = withoutText;
    }

    @Override
    public boolean hasNext() {
      if (!looked) {
        try {
          found = lines.next();
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
        looked = true;
      }
      return found;
    }

    @Override
    public InternalRow next() {
      if (!hasNext()) {
        throw new java.util.NoSuchElementException("no line is left");
      }
      looked = false;
      return withoutText
          ? new GenericInternalRow(new Object[0])
          : new GenericInternalRow(new Object[] {UTF8String.fromBytes(lines.line())});
    }
  }
}
