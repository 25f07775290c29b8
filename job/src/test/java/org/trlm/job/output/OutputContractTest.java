package org.trlm.job.output;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.job.JobConfig;
import org.trlm.job.Jobs;
import org.trlm.job.Manifests;
import org.trlm.job.SharedSpark;

/** What readers of the output rely on: columns, types, names, and the manifest beside them. */
class OutputContractTest {
  private static final String COLUMNS =
      """
      custom_id string
      row_key string
      request_id string
      sample_index int
      generated_text string
      reasoning string
      content string
      think_state string
      status string
      finish_reason string
      stop_reason string
      error struct<code:string,message:string,retryable:boolean>
      usage struct<prompt_tokens:int,completion_tokens:int,total_tokens:int,reasoning_tokens:int,cached_tokens:int>
      metrics struct<queue_ms:double,prefill_ms:double,first_token_ms:double,decode_ms:double,e2e_ms:double,tokens_per_second:double,attempt:int>
      token_ids array<int>
      logprobs struct<content:array<struct<token:string,token_id:int,logprob:double,bytes:array<int>,top_logprobs:array<struct<token:string,token_id:int,logprob:double,bytes:array<int>>>>>>
      cumulative_logprob double
      prompt_logprobs array<struct<token:string,token_id:int,logprob:double,bytes:array<int>,top_logprobs:array<struct<token:string,token_id:int,logprob:double,bytes:array<int>>>>>
      rendered_prompt string
      model string
      model_fingerprint string
      sampling_params string
      seed bigint
      run_id string
      executor_host string
      partition_id int
      created_at timestamp
      """;

  @TempDir Path scratch;

  @Test
  void columnsAndTypesAreThese() {
    StringBuilder found = new StringBuilder();
    for (var field : ResponseSchema.RESPONSE.fields()) {
      found.append(field.name()).append(' ').append(field.dataType().catalogString()).append('\n');
    }
    assertThat(found.toString()).isEqualTo(COLUMNS);
  }

  @Test
  void columnsOfOurNamesAreRenamedAndParametersAreNotRepeated() {
    StructType input =
        new StructType()
            .add("id", "string")
            .add("Usage", "int")
            .add("input_usage", "int")
            .add("temperature", "double")
            .add("Wave", "string");
    ResponseSchema schema = new ResponseSchema(input, Set.of("temperature"));
    assertThat(schema.columns().fieldNames())
        .startsWith("id", "input_input_Usage", "input_usage", "input_Wave", "custom_id");
    assertThat(schema.warnings()).hasSize(2);
    assertThat(schema.warnings().get(0)).contains("Usage");
    assertThat(schema.warnings().get(1)).contains("Wave");
  }

  /** The directories of waves would hide it: readers take the column from their names. */
  @Test
  void aColumnNamedWaveIsReadBack() throws Exception {
    Path input =
        Files.writeString(
            scratch.resolve("waves.jsonl"),
            "{\"id\": \"a\", \"prompt\": \"Add 206 and 78.\", \"wave\": \"third\"}\n");
    Row row = Jobs.run(Jobs.config(input, scratch.resolve("waves"))).get("a");
    assertThat(row.<String>getAs("input_wave")).isEqualTo("third");
    assertThat(row.<String>getAs("wave")).startsWith(row.<String>getAs("run_id"));
  }

  @Test
  void parquetInGivesParquetOutWithAManifest() throws Exception {
    SparkSession spark = SharedSpark.session();
    Path input = scratch.resolve("in.parquet");
    spark
        .sql(
            "select 'a' as id, array(named_struct('role', 'user', 'content', 'Add 206 and 78.')) as"
                + " messages, named_struct('max_tokens', 4) as p, 0.5f as temperature, map('k', 1) as m")
        .coalesce(1)
        .write()
        .parquet(input.toString());
    JobConfig plain = Jobs.config(input, scratch.resolve("out"));
    JobConfig.InputOptions options = plain.input();
    JobConfig config =
        plain.with(
            new JobConfig.InputOptions(
                options.paths(),
                null,
                "prompt",
                "messages",
                "id",
                "p",
                List.of("temperature"),
                null));
    Row row = Jobs.run(config).get("a");
    assertThat(row.schema().fieldNames()).startsWith("id", "messages", "m", "custom_id");
    assertThat(row.<Object>getAs("m")).isNotNull();
    assertThat(row.getList(row.fieldIndex("token_ids"))).hasSize(4);
    JsonNode params = new ObjectMapper().readTree(row.<String>getAs("sampling_params"));
    assertThat(params.get("temperature").asDouble()).isEqualTo(0.5);
    assertThat(row.<String>getAs("model")).isEqualTo("tiny-reasoner");
    assertThat(row.<String>getAs("model_fingerprint")).hasSize(64);

    JsonNode manifest = Manifests.only(scratch.resolve("out"));
    assertThat(manifest.get("run_id").asText()).isEqualTo(row.<String>getAs("run_id"));
    assertThat(manifest.get("status").asText()).isEqualTo("success");
    assertThat(manifest.get("error").isNull()).isTrue();
    assertThat(manifest.get("rows").get("input").asInt()).isEqualTo(1);
    assertThat(manifest.get("rows").get("ok").asInt()).isEqualTo(1);
    assertThat(manifest.get("tokens").get("generated").asInt()).isEqualTo(4);
    assertThat(manifest.get("throughput").get("seconds").asDouble()).isPositive();
    assertThat(manifest.get("versions").get("spark").asText()).isEqualTo("4.2.0");
    assertThat(manifest.get("kernels").asText()).startsWith("vector-");
    assertThat(manifest.get("config").get("engine").get("max_num_seqs").asInt()).isEqualTo(16);
  }
}
