package org.trlm.job.input;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobException;
import org.trlm.job.SharedSpark;

/** Columns of types that Spark does not read are named, with their type and what to do. */
class ParquetTypesTest {
  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "optional int64 at (TIME(MICROS,true)) | column at is of Parquet's type TIME(MICROS,true)",
        "optional int64 at (TIME(MICROS,false)) | column at is of Parquet's type TIME(MICROS,false)",
        "optional int64 at (TIME(NANOS,false)) | column at is of Parquet's type TIME(NANOS,false)",
        "optional int32 at (TIME(MILLIS,false)) | column at is of Parquet's type TIME(MILLIS,false)",
        "optional group visit { optional int64 at (TIME(MICROS,true)); } | column visit.at is of",
      })
  void aColumnThatSparkDoesNotReadIsNamed(String column, String problem) throws IOException {
    Path table = Files.createDirectories(directory.resolve("day=1"));
    SharedSpark.session()
        .sql("select 'a' id, 'one' prompt")
        .coalesce(1)
        .write()
        .mode("append")
        .parquet(table.toString());
    MessageType schema =
        MessageTypeParser.parseMessageType(
            "message rows { required binary prompt (STRING); %s }"
                .formatted(column.endsWith("}") ? column : column + ";"));
    try (ParquetWriter<Group> writer =
        ExampleParquetWriter.builder(new LocalOutputFile(table.resolve("times.parquet")))
            .withType(schema)
            .build()) {
      writer.write(new SimpleGroupFactory(schema).newGroup().append("prompt", "two"));
    }
    assertThatThrownBy(
            () ->
                PromptTable.open(
                    SharedSpark.session(), InputOptions.of(List.of(directory.toUri().toString()))))
        .isInstanceOf(JobException.class)
        .hasMessageStartingWith("--input file:")
        .hasMessageContaining("day=1/times.parquet: " + problem)
        .hasMessageContaining("CAST(at AS VARCHAR)");
  }
}
