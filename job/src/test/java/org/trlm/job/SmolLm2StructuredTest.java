package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Constraints on the content of the real 135M weights and their vocabulary of 49,152 tokens: 200
 * rows of each kind, half of them sampled, in one job of 48 slots. All that end are valid.
 */
@Tag("real-model")
class SmolLm2StructuredTest {
  private static final int ROWS_OF_A_KIND = 200;
  private static final List<String> CHOICES = List.of("positive", "negative", "neither of the two");
  private static final List<String> REGEXES =
      List.of("[A-Z][a-z]{2,8}, (?:a|an|the) [a-z]{3,7}\\.", "(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])");
  private static final List<String> SCHEMAS =
      List.of(
          """
          {"type": "object", "required": ["name", "legs", "wild"], "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 8},
            "legs": {"type": "integer", "minimum": 0, "maximum": 12},
            "wild": {"type": "boolean"}}, "additionalProperties": false}
          """,
          """
          {"type": "array", "minItems": 1, "maxItems": 3,
           "items": {"type": "string", "pattern": "^[a-z]{2,6}$"}}
          """,
          """
          {"$defs": {"score": {"type": "number", "minimum": 0, "maximum": 1}},
           "type": "object", "required": ["label"], "properties": {
             "label": {"enum": ["good", "bad", null]}, "score": {"$ref": "#/$defs/score"}}}
          """,
          """
          {"type": "object", "required": ["is"], "properties": {
             "is": {"anyOf": [{"type": "null"}, {"const": "unknown"},
                              {"type": "string", "maxLength": 12}]}}}
          """);
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path directory;

  @Test
  void rowsThatEndAreValid() throws IOException {
    Path output = directory.resolve("answers");
    SharedSpark.session();
    Cli run =
        Cli.run(
            "generate",
            "--model=" + RealFiles.smolLm2Gguf(),
            "--input=" + rows(),
            "--params-column=params",
            "--output=" + output,
            "--max-num-seqs=48");
    assertThat(run.exitCode()).as(run.err()).isZero();

    Map<String, Integer> finished = new TreeMap<>();
    List<Row> rows = SharedSpark.session().read().parquet(output.toString()).collectAsList();
    assertThat(rows).hasSize(3 * ROWS_OF_A_KIND);
    Set<String> contents = new TreeSet<>();
    for (Row row : rows) {
      String id = row.getAs("custom_id");
      assertThat(Jobs.errorMessage(row)).as(id).isNull();
      String reason = row.getAs("finish_reason");
      assertThat(reason).as(id).isIn("stop", "length");
      if (reason.equals("stop")) {
        String content = row.getAs("content");
        assertValid(id, content);
        contents.add(content);
        finished.merge(kind(id), 1, Integer::sum);
      }
    }
    System.out.println("finished and valid, of " + ROWS_OF_A_KIND + " each: " + finished);
    assertThat(finished.get("choice")).isEqualTo(ROWS_OF_A_KIND);
    assertThat(finished.get("regex")).isGreaterThan(ROWS_OF_A_KIND / 2);
    assertThat(finished.get("json")).isGreaterThan(ROWS_OF_A_KIND / 2);
    assertThat(contents).as("different answers").hasSizeGreaterThan(50);
  }

  private static String kind(String id) {
    return id.substring(0, id.indexOf(' '));
  }

  private static void assertValid(String id, String content) throws IOException {
    int number = Integer.parseInt(id.substring(id.indexOf(' ') + 1));
    switch (kind(id)) {
      case "choice" -> assertThat(CHOICES).as(id).contains(content);
      case "regex" -> assertThat(content).as(id).matches(Pattern.compile(REGEXES.get(number % 2)));
      default -> {
        JsonNode value = JSON.readTree(content);
        var schema =
            JsonSchemaFactory.getInstance(VersionFlag.V202012).getSchema(SCHEMAS.get(number % 4));
        assertThat(schema.validate(value)).as(id + ": " + content).isEmpty();
      }
    }
  }

  private Path rows() throws IOException {
    List<String> things = List.of("fox", "spider", "cloud", "train", "song", "war", "pie", "oak");
    List<String> lines = new ArrayList<>();
    for (String kind : List.of("choice", "regex", "json")) {
      for (int i = 0; i < ROWS_OF_A_KIND; i++) {
        ObjectNode outputs = JSON.createObjectNode();
        switch (kind) {
          case "choice" -> outputs.set(kind, JSON.valueToTree(CHOICES));
          case "regex" -> outputs.put(kind, REGEXES.get(i % 2));
          default -> outputs.put(kind, SCHEMAS.get(i % 4));
        }
        ObjectNode params = JSON.createObjectNode();
        params.put("max_tokens", kind.equals("json") ? 48 : 24);
        params.put("temperature", i % 8 < 4 ? 0 : 1);
        params.put("structured_outputs", outputs.toString());
        String prompt = "What of %s number %d?".formatted(things.get(i / 3 % things.size()), i);
        lines.add(
            JSON.createObjectNode()
                .put("id", kind + " " + i)
                .put("prompt", prompt)
                .put("params", params.toString())
                .toString());
      }
    }
    return Files.write(directory.resolve("rows.jsonl"), lines);
  }
}
