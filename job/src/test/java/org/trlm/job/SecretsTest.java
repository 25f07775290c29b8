package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.job.input.Causes;
import org.trlm.job.output.RowError;

class SecretsTest {
  private static final String KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

  @Test
  void valuesWithSecretNamesAreLeftOut() {
    Secrets.learn(Map.of("HF_TOKEN", "hf_abcdefghijk", "TERM_COLOR", "xterm-256").entrySet());
    assertThat(Secrets.redact("got 401 with hf_abcdefghijk on xterm-256"))
        .isEqualTo("got 401 with *** on xterm-256");
    Configuration hadoop = new Configuration();
    hadoop.set("fs.s3a.secret.key", KEY);
    hadoop.set("fs.s3a.bucket.mine.access.key", "AKIAIOSFODNN7EXAMPLE");
    hadoop.set("fs.s3a.endpoint", "http://127.0.0.1:9000");
    Secrets.learn(hadoop);
    assertThat(Secrets.redact(KEY + " AKIAIOSFODNN7EXAMPLE http://127.0.0.1:9000"))
        .isEqualTo("*** *** http://127.0.0.1:9000");
    assertThat(Secrets.redact("s3a://me:pass@bucket/x and https://h/p?sig=abc%2F&se=1"))
        .isEqualTo("s3a://***bucket/x and https://h/p?sig=***&se=1");
    assertThat(Causes.chain(new IOException("bad " + KEY, new IOException("hf_abcdefghijk"))))
        .isEqualTo("bad ***: ***");
    assertThat(new RowError(RowError.Code.ENGINE_FAILED, "at " + KEY).toRow().getString(1))
        .isEqualTo("at ***");
  }

  @Test
  void aRunLeavesNoSecretInMessagesManifestOrRows(@TempDir Path directory) throws IOException {
    String secret = "s3cr3tdirectory";
    Secrets.learn(Map.of("AWS_SECRET_ACCESS_KEY", secret).entrySet());
    Cli missing =
        Cli.run(
            "generate",
            "--model=" + Jobs.TINY_MODEL,
            "--input=" + directory.resolve(secret + ".jsonl"),
            "--output=" + directory.resolve("none"));
    assertThat(missing.exitCode()).isEqualTo(2);
    assertThat(missing.err()).contains("no such file").doesNotContain(secret);

    Path input = directory.resolve(secret + "-2.jsonl");
    Files.writeString(input, "{\"prompt\":\"Add 1 and 2.\"}\nno json\n");
    Path output = directory.resolve("out");
    Cli run =
        Cli.run(
            "generate",
            "--model=" + Jobs.TINY_MODEL,
            "--input=" + input,
            "--output=" + output,
            "--max-num-seqs=4",
            "--kv-cache-memory=32m",
            "--max-tokens=2");
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(Files.readString(output.resolve("_run").resolve(manifest(output))))
        .contains("***")
        .doesNotContain(secret);
    for (Row row : SharedSpark.session().read().parquet(output.toString()).collectAsList()) {
      assertThat(row.json()).doesNotContain(secret);
    }
  }

  private static String manifest(Path output) throws IOException {
    try (Stream<Path> files = Files.list(output.resolve("_run"))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".json"))
          .findFirst()
          .orElseThrow();
    }
  }
}
