package org.trlm.job.input;

import java.io.IOException;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.Util;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.SeekableInputStream;
import org.apache.spark.sql.SparkSession;
import org.trlm.job.JobException;

/**
 * Looks at the sizes that Parquet files claim, before anybody allocates by them: readers take
 * memory for a whole page, or column of a row group, at once. Only the headers of pages are read.
 * What cannot be read here is left to Spark, which says why.
 */
final class ParquetPages {

  /** The share of a JVM's heap that one page may take. */
  private static final int PAGES_PER_HEAP = 8;

  /** Pages that are read in any heap: a hundred rows of a megabyte each. */
  private static final long ALWAYS_READ = 128L << 20;

  private ParquetPages() {}

  /**
   * @param files URIs
   * @throws JobException naming the first file with a page or column that does not fit into memory
   */
  static void check(SparkSession spark, String[] files) {
    InputFiles.check(spark, files, ParquetPages::problem);
  }

  private static String problem(Path file, Configuration hadoop) throws IOException {
    long most = Math.max(ALWAYS_READ, Runtime.getRuntime().maxMemory() / PAGES_PER_HEAP);
    String problem = problem(HadoopInputFile.fromPath(file, hadoop), most);
    return problem == null ? null : ": " + problem;
  }

  /** What is wrong with a file; null when nothing is. */
  static String problem(InputFile file, long most) throws IOException {
    try (ParquetFileReader reader = ParquetFileReader.open(file);
        SeekableInputStream in = file.newStream()) {
      for (BlockMetaData rowGroup : reader.getFooter().getBlocks()) {
        for (ColumnChunkMetaData column : rowGroup.getColumns()) {
          String problem = column.isEncrypted() ? null : problem(column, file, in, most);
          if (problem != null) {
            return "column %s %s".formatted(column.getPath().toDotString(), problem);
          }
        }
      }
    }
    return null;
  }

  private static String problem(
      ColumnChunkMetaData column, InputFile file, SeekableInputStream in, long most)
      throws IOException {
    long position = column.getStartingPos();
    long end = position + column.getTotalSize();
    if (position < 0 || end < position || end > file.getLength()) {
      return String.format(
          Locale.ROOT,
          "is said to lie at bytes %d to %d of a file of %d. The file is damaged; write it anew.",
          position,
          end,
          file.getLength());
    }
    while (position < end) {
      in.seek(position);
      PageHeader page = Util.readPageHeader(in);
      if (page.uncompressed_page_size < 0 || page.uncompressed_page_size > most) {
        return String.format(
            Locale.ROOT,
            "has a page of %d bytes when unpacked; a JVM of this heap reads at most %d. Write the file with smaller pages, give the job more memory, or, if no such text is in it, take it for damaged.",
            page.uncompressed_page_size,
            most);
      }
      if (page.compressed_page_size < 0) {
        return "has a page of %d bytes. The file is damaged; write it anew."
            .formatted(page.compressed_page_size);
      }
      position = in.getPos() + page.compressed_page_size;
    }
    return null;
  }
}
