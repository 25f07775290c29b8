package org.trlm.job.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.Util;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobException;
import org.trlm.job.SharedSpark;

/** Parquet files that claim more than they hold, or than a heap holds. */
class ParquetPagesTest {
  private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);

  @TempDir Path directory;

  /** A file of one column of prompts. */
  private Path written() throws IOException {
    Path table = directory.resolve("table");
    SharedSpark.session()
        .sql("select concat('Add 1 and ', id) prompt from range(200)")
        .coalesce(1)
        .write()
        .mode("overwrite")
        .parquet(table.toString());
    try (Stream<Path> files = Files.list(table)) {
      return files.filter(name -> name.toString().endsWith(".parquet")).findFirst().orElseThrow();
    }
  }

  /** The file with other claims, its offsets set right where the claims leave them alone. */
  private Path changed(Consumer<PageHeader> page, Consumer<ColumnMetaData> column)
      throws IOException {
    byte[] file = Files.readAllBytes(written());
    int footer = ByteBuffer.wrap(file, file.length - 8, 4).order(ByteOrder.LITTLE_ENDIAN).getInt();
    int footerStart = file.length - 8 - footer;
    FileMetaData metadata =
        Util.readFileMetaData(new ByteArrayInputStream(file, footerStart, footer));
    ColumnMetaData chunk = metadata.getRow_groups().get(0).getColumns().get(0).getMeta_data();
    int start =
        (int)
            (chunk.isSetDictionary_page_offset()
                ? Math.min(chunk.getDictionary_page_offset(), chunk.getData_page_offset())
                : chunk.getData_page_offset());
    ByteArrayInputStream pages =
        new ByteArrayInputStream(file, start, (int) chunk.getTotal_compressed_size());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(MAGIC);
    while (pages.available() > 0) {
      PageHeader header = Util.readPageHeader(pages);
      byte[] body = pages.readNBytes(header.compressed_page_size);
      if (header.isSetData_page_header()) {
        chunk.setData_page_offset(out.size());
        page.accept(header);
      } else {
        chunk.setDictionary_page_offset(out.size());
      }
      Util.writePageHeader(header, out);
      out.write(body);
    }
    chunk.setTotal_compressed_size(out.size() - MAGIC.length);
    column.accept(chunk);
    int end = out.size();
    Util.writeFileMetaData(metadata, out);
    int length = out.size() - end;
    out.write(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(length).array());
    out.write(MAGIC);
    return Files.write(directory.resolve("changed.parquet"), out.toByteArray());
  }

  private static PromptTable open(Path file) {
    return PromptTable.open(
        SharedSpark.session(),
        new InputOptions(
            List.of(file.toUri().toString()),
            null,
            "prompt",
            "messages",
            "id",
            null,
            List.of(),
            null));
  }

  private static String problem(Path file, long most) throws IOException {
    return ParquetPages.problem(
        HadoopInputFile.fromPath(new org.apache.hadoop.fs.Path(file.toUri()), new Configuration()),
        most);
  }

  @Test
  void filesAsTheyAreWrittenAreRead() throws IOException {
    assertThat(problem(written(), 1 << 20)).isNull();
    Path same = changed(page -> {}, column -> {});
    assertThat(problem(same, 1 << 20)).isNull();
    assertThat(open(same).rows().distinct().count()).isEqualTo(200);
  }

  @Test
  void aPageOfGigabytesStopsTheJobByName() throws IOException {
    Path file = changed(page -> page.setUncompressed_page_size(2_000_000_000), column -> {});
    assertThatThrownBy(() -> open(file))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("changed.parquet: column prompt has a page of 2000000000 bytes")
        .hasMessageContaining("Write the file with smaller pages");
  }

  @Test
  void aPageThatIsTooLargeForTheHeapIsNamedByItsSize() throws IOException {
    assertThat(problem(written(), 1000))
        .startsWith("column prompt has a page of ")
        .contains("a JVM of this heap reads at most 1000");
  }

  @Test
  void aColumnBeyondTheFileStopsTheJobByName() throws IOException {
    Path file = changed(page -> {}, column -> column.setTotal_compressed_size(1L << 40));
    assertThatThrownBy(() -> open(file))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("changed.parquet: column prompt is said to lie at bytes 4 to ");
  }

  @Test
  void whatIsNoParquetIsLeftToItsReader() throws IOException {
    Path file = Files.write(directory.resolve("none.parquet"), Arrays.copyOf(MAGIC, 100));
    assertThatThrownBy(() -> open(file))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("none.parquet")
        .hasMessageContaining("cannot be read as Parquet");
  }
}
