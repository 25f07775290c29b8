package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.job.waves.HeldLease;

/**
 * Model, input and output on an S3 server of this machine, and a Delta table, through the packaged
 * jar with what is added to it at submit time.
 */
@Tag("real-model")
class ObjectStoreIT {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final String ACCESS_KEY = "AKIATRLMSPARKTEST001";
  private static final String SECRET_KEY = "trlmSparkTestSecretKey0123456789abcdef";

  @TempDir Path directory;

  private CommandRun submit(List<String> job, List<String> spark) throws IOException {
    List<String> words = new ArrayList<>();
    words.add(ROOT.resolve("submit/spark-submit.sh").toString());
    words.addAll(job);
    words.addAll(List.of("--master", "local[2]", "--verbose", "--"));
    words.addAll(spark);
    ProcessBuilder command = new ProcessBuilder(words);
    command.directory(directory.toFile());
    command.environment().put("SPARK_HOME", RealFiles.sparkHome().toString());
    command.environment().put("JAVA_HOME", System.getProperty("java.home"));
    command.environment().put("TRLM_DRIVER_MEMORY", "1g");
    command.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    return CommandRun.run(command, Duration.ofMinutes(20), directory);
  }

  private static List<String> jars() throws IOException {
    try (Stream<Path> jars = Files.list(RealFiles.optionalJars())) {
      return List.of(
          "--jars",
          jars.map(Path::toString)
              .filter(name -> name.endsWith(".jar"))
              .collect(Collectors.joining(",")));
    }
  }

  /** An S3 server with files in its bucket; ends with its standard input. */
  private Process serve(String... filesAndKeys) throws IOException {
    List<String> words = new ArrayList<>();
    words.add(RealFiles.python().toString());
    words.add(Path.of("src/test/python/serve_s3.py").toAbsolutePath().toString());
    words.addAll(List.of(filesAndKeys));
    ProcessBuilder command = new ProcessBuilder(words);
    command.environment().put("AWS_ACCESS_KEY_ID", ACCESS_KEY);
    command.environment().put("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
    return command.redirectError(directory.resolve("s3.err").toFile()).start();
  }

  @Test
  void modelInputAndOutputLieInAnObjectStore() throws IOException {
    List<String> stored = new ArrayList<>();
    try (Stream<Path> model = Files.list(Jobs.TINY_MODEL)) {
      model.forEach(
          file -> {
            stored.add(file.toString());
            stored.add("model/" + file.getFileName());
          });
    }
    Path input = directory.resolve("prompts.jsonl");
    Files.write(input, Files.readAllLines(Jobs.PROMPTS).subList(0, 12));
    stored.addAll(List.of(input.toString(), "in/prompts.jsonl"));
    Process server = serve(stored.toArray(String[]::new));
    try (BufferedReader out =
            new BufferedReader(
                new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8));
        Writer in = server.outputWriter(StandardCharsets.UTF_8)) {
      String port = out.readLine();
      assertThat(port).as(CommandRun.tail(directory.resolve("s3.err"))).matches("\\d+");
      List<String> settings = new ArrayList<>(jars());
      for (String setting :
          List.of(
              "endpoint=http://127.0.0.1:" + port,
              "endpoint.region=us-east-1",
              "path.style.access=true",
              "access.key=" + ACCESS_KEY,
              "secret.key=" + SECRET_KEY)) {
        settings.addAll(List.of("--conf", "spark.hadoop.fs.s3a." + setting));
      }
      List<String> job =
          List.of(
              "generate",
              "--model=s3a://data/model",
              "--input=s3a://data/in/*.jsonl",
              "--output=s3a://data/out",
              "--temperature=0",
              "--max-tokens=40",
              "--max-num-seqs=8",
              "--kv-cache-memory=32m");
      CommandRun run = submit(job, settings);
      assertThat(run.exitCode()).as(run.printed()).isZero();
      assertThat(run.printed()).contains("access.key=").doesNotContain(SECRET_KEY, ACCESS_KEY);

      CommandRun missing =
          submit(
              List.of(
                  "generate",
                  "--model=s3a://data/model",
                  "--input=s3a://data/none.jsonl",
                  "--output=s3a://data/other"),
              settings);
      assertThat(missing.exitCode()).as(missing.printed()).isEqualTo(2);
      assertThat(missing.err()).contains("s3a://data/none.jsonl: no such file or directory");

      in.write("fetch " + directory.resolve("copy") + "\n");
      in.flush();
      assertThat(out.readLine()).matches("\\d+");
    } finally {
      server.destroy();
    }
    Path output = directory.resolve("copy/out");
    assertThat(SharedSpark.session().read().parquet(output.toString()).collectAsList())
        .hasSize(12)
        .allMatch(row -> row.getAs("status").equals("ok"));
    JsonNode manifest = Manifests.only(output);
    assertThat(manifest.toString()).doesNotContain(SECRET_KEY, ACCESS_KEY);
  }

  @Test
  void aDeltaTableIsReadByItsLog() throws IOException {
    Path table = directory.resolve("reviews");
    SharedSpark.session()
        .sql("select 'kept' id, 'Add 1 and 2.' prompt")
        .coalesce(1)
        .write()
        .parquet(table.toString());
    Path kept = parquetIn(table);
    // a file that the log does not name: a row that was removed
    Files.copy(Jobs.EXAMPLES.resolve("prompts.parquet"), table.resolve("removed.parquet"));
    Path log = Files.createDirectories(table.resolve("_delta_log"));
    String schema =
        "{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":["
            + "{\\\"name\\\":\\\"id\\\",\\\"type\\\":\\\"string\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}},"
            + "{\\\"name\\\":\\\"prompt\\\",\\\"type\\\":\\\"string\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}}]}";
    Files.write(
        log.resolve("00000000000000000000.json"),
        List.of(
            "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":2}}",
            "{\"metaData\":{\"id\":\"7b0d1a52-4f6d-4f0e-9a34-2f1d1f6b9f10\",\"format\":{\"provider\":\"parquet\",\"options\":{}},"
                + "\"schemaString\":\""
                + schema
                + "\",\"partitionColumns\":[],\"configuration\":{},\"createdTime\":1}}",
            "{\"add\":{\"path\":\"%s\",\"partitionValues\":{},\"size\":%d,\"modificationTime\":1,\"dataChange\":true}}"
                .formatted(kept.getFileName(), Files.size(kept))));
    List<String> job =
        List.of(
            "tokenize",
            "--model=" + Jobs.TINY_MODEL,
            "--input=delta:" + table,
            "--output=" + directory.resolve("tokens"));
    CommandRun without = submit(job, List.of());
    assertThat(without.exitCode()).as(without.printed()).isEqualTo(2);
    assertThat(without.err())
        .contains("is a Delta table, and Delta Lake is not on the class path")
        .contains("--packages io.delta:delta-spark_4.2_2.13:4.4.0");

    CommandRun run = submit(job, jars());
    assertThat(run.exitCode()).as(run.printed()).isZero();
    assertThat(
            SharedSpark.session()
                .read()
                .parquet(directory.resolve("tokens").toString())
                .select("custom_id")
                .collectAsList())
        .extracting(row -> row.getString(0))
        .containsExactly("kept");
  }

  @Test
  void answersBecomeADeltaTable() throws IOException {
    Path input = directory.resolve("rows.jsonl");
    List<String> lines = Files.readAllLines(Jobs.PROMPTS).subList(0, 6);
    Files.write(input, lines);
    Path table = directory.resolve("answers");
    List<String> job =
        List.of(
            "generate",
            "--model=" + Jobs.TINY_MODEL,
            "--input=" + input,
            "--output=delta:" + table,
            "--max-tokens=5",
            "--max-num-seqs=8",
            "--kv-cache-memory=32m");
    CommandRun without = submit(job, List.of());
    assertThat(without.exitCode()).as(without.printed()).isEqualTo(2);
    assertThat(without.err()).contains("--output").contains("--packages io.delta:delta-spark");
    CommandRun run = submit(job, jars());
    assertThat(run.exitCode()).as(run.printed()).isZero();
    assertThat(committedFiles(table)).containsOnly("00000000000000000000.json");
    assertThat(Files.readString(table.resolve("_delta_log/00000000000000000000.json")))
        .contains("\"txn\"")
        .contains("request_id");

    Files.write(input, Files.readAllLines(Jobs.PROMPTS).subList(0, 7));
    CommandRun more = submit(job, jars());
    assertThat(more.exitCode()).as(more.printed()).isZero();
    CommandRun same = submit(job, jars());
    assertThat(same.exitCode()).as(same.printed()).isZero();
    assertThat(committedFiles(table))
        .as("one commit for each run that had answers")
        .containsExactly("00000000000000000000.json", "00000000000000000001.json");

    HeldLease lease = HeldLease.take(table.resolve("_waves"), "20300101T000000Z-00000001");
    CommandRun second = submit(job, jars());
    lease.close();
    assertThat(second.exitCode()).as(second.printed()).isEqualTo(2);
    assertThat(second.err()).contains("is being written by run 20300101T000000Z-00000001");
    assertThat(committedFiles(table)).hasSize(2);

    CommandRun read =
        submit(
            List.of(
                "tokenize",
                "--model=" + Jobs.TINY_MODEL,
                "--input=delta:" + table,
                "--output=" + directory.resolve("tokens")),
            jars());
    assertThat(read.exitCode()).as(read.printed()).isZero();
    assertThat(
            SharedSpark.session()
                .read()
                .parquet(directory.resolve("tokens").toString())
                .select("input_custom_id")
                .distinct()
                .count())
        .isEqualTo(7);
  }

  private static List<String> committedFiles(Path table) throws IOException {
    try (Stream<Path> files = Files.list(table.resolve("_delta_log"))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.matches("\\d+\\.json"))
          .sorted()
          .toList();
    }
  }

  private static Path parquetIn(Path table) throws IOException {
    try (Stream<Path> files = Files.list(table)) {
      return files.filter(file -> file.toString().endsWith(".parquet")).findFirst().orElseThrow();
    }
  }
}
