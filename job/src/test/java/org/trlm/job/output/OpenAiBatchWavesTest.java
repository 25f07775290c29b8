package org.trlm.job.output;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.job.BatchInference;
import org.trlm.job.JobConfig;
import org.trlm.job.JobConfig.Format;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobConfig.OutputOptions;
import org.trlm.job.JobConfig.SourceFormat;
import org.trlm.job.Jobs;
import org.trlm.job.SharedSpark;

class OpenAiBatchWavesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path directory;

  private static String request(String id, String body) {
    return "{\"custom_id\":\"%s\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":%s}"
        .formatted(id, body);
  }

  private static List<JsonNode> lines(Path root, String kind) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".jsonl")).toList()) {
        if (file.toString().contains("lines=" + kind)) {
          for (String line : Files.readAllLines(file)) {
            lines.add(JSON.readTree(line));
          }
        }
      }
    }
    return lines;
  }

  @Test
  void aBatchGoesInAndComesOutInOpenAisShape() throws IOException {
    Path input = directory.resolve("batch.jsonl");
    String turn = "\"messages\":[{\"role\":\"user\",\"content\":\"Add 1 and 2.\"}]";
    Files.write(
        input,
        List.of(
            request("good", "{\"model\":\"x\"," + turn + ",\"max_completion_tokens\":60}"),
            request("short", "{" + turn + ",\"max_tokens\":2}"),
            request("bad", "{\"messages\":[],\"max_tokens\":2}"),
            "{\"custom_id\":\"worse\"}"));
    JobConfig plain = Jobs.config(input, directory.resolve("out"));
    JobConfig config =
        plain
            .with(
                new InputOptions(
                    plain.input().paths(),
                    SourceFormat.OPENAI_BATCH,
                    "prompt",
                    "messages",
                    "id",
                    null,
                    List.of(),
                    null))
            .with(new OutputOptions(plain.output().path(), Format.OPENAI_BATCH, false, false));
    BatchInference.run(SharedSpark.session(), config, Jobs.tinyModel());

    Path output = directory.resolve("out");
    List<JsonNode> responses = lines(output, "responses");
    assertThat(responses)
        .extracting(line -> line.get("custom_id").asText())
        .containsExactlyInAnyOrder("good", "short");
    JsonNode good =
        responses.stream()
            .filter(line -> line.get("custom_id").asText().equals("good"))
            .findFirst()
            .orElseThrow();
    JsonNode body = good.at("/response/body");
    assertThat(good.at("/response/status_code").asInt()).isEqualTo(200);
    assertThat(good.get("error").isNull()).isTrue();
    assertThat(body.get("object").asText()).isEqualTo("chat.completion");
    assertThat(body.get("created").isIntegralNumber()).isTrue();
    assertThat(body.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
    assertThat(body.at("/choices/0/message/role").asText()).isEqualTo("assistant");
    assertThat(body.at("/choices/0/message/content").asText()).contains("3");
    assertThat(body.at("/choices/0/message/reasoning_content").asText()).isNotBlank();
    assertThat(body.at("/usage/total_tokens").asInt())
        .isEqualTo(
            body.at("/usage/prompt_tokens").asInt() + body.at("/usage/completion_tokens").asInt());
    assertThat(lines(output, "errors"))
        .allMatch(line -> line.get("response").isNull())
        .extracting(line -> line.at("/error/code").asText())
        .containsExactlyInAnyOrder("messages_invalid", "input_malformed");
  }

  @Test
  void keysAreReadAgainAndLinesCopiedAsTheyAre() throws IOException {
    SparkSession spark = SharedSpark.session();
    String first = directory.resolve("wave=a").toString();
    WaveFormat format = WaveFormat.of(Format.OPENAI_BATCH);
    format.write(
        spark.sql(
            "select concat('c', id) custom_id, concat('k', id) row_key, concat('r', id) request_id,"
                + " 0 sample_index, 'text' generated_text, null reasoning, 'text' content,"
                + " if(id = 1, 'error', 'ok') status, if(id = 1, null, 'stop') finish_reason,"
                + " 'run' run_id, timestamp_seconds(7) created_at, 'm' model, 'f' model_fingerprint,"
                + " named_struct('content', array(named_struct('token', 't', 'token_id', 5, 'logprob', -0.5D,"
                + " 'bytes', array(116), 'top_logprobs', array(named_struct('token', 'u', 'token_id', 6,"
                + " 'logprob', -1.5D, 'bytes', array(117)))))) logprobs,"
                + " named_struct('prompt_tokens', 1, 'completion_tokens', 2, 'total_tokens', 3,"
                + " 'cached_tokens', 0, 'reasoning_tokens', 0) usage,"
                + " named_struct('code', 'prompt_missing', 'message', 'none') error from range(3)"),
        first);
    List<Row> keys = format.keys(spark, List.of(first)).orderBy("custom_id").collectAsList();
    assertThat(keys).hasSize(3);
    assertThat(keys.get(1).mkString("|")).isEqualTo("c1|k1|r1|0|error|null|wave=a");
    assertThat(keys.get(2).mkString("|")).isEqualTo("c2|k2|r2|0|ok|stop|wave=a");
    assertThat(format.keys(spark, List.of(first)).columns())
        .containsExactlyElementsOf(WaveFormat.KEY_COLUMNS);

    String second = directory.resolve("wave=b").toString();
    format.rewrite(
        spark,
        List.of(first),
        format
            .keys(spark, List.of(first))
            .filter(functions.col("custom_id").equalTo("c0"))
            .select("request_id", WaveFormat.WAVE),
        1,
        second);
    List<JsonNode> before = lines(Path.of(first), "responses");
    assertThat(before).hasSize(2);
    assertThat(before.get(0).at("/response/body/choices/0/logprobs").toString())
        .isEqualTo(
            "{\"content\":[{\"token\":\"t\",\"logprob\":-0.5,\"bytes\":[116],\"top_logprobs\":"
                + "[{\"token\":\"u\",\"logprob\":-1.5,\"bytes\":[117]}]}],\"refusal\":null}");
    assertThat(lines(Path.of(second), "responses"))
        .containsExactly(
            before.stream()
                .filter(line -> line.get("custom_id").asText().equals("c2"))
                .findFirst()
                .orElseThrow());
    assertThat(lines(Path.of(second), "errors")).isEqualTo(lines(Path.of(first), "errors"));
  }
}
