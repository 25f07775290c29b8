package org.trlm.job.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobConfig.SourceFormat;
import org.trlm.job.JobException;
import org.trlm.job.SharedSpark;
import org.trlm.job.input.JsonDocuments.Layout;

/** Files of JSON that are not JSON Lines are refused as a whole; bad lines stay rows. */
class JsonDocumentsTest {
  @TempDir Path directory;

  /** {@code $} stands for a line's end, {@code …} for a head that is cut there. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[$  {$    'prompt': 'x'$  },$  {'prompt': 'y'}$]$ | ARRAY",
        "[{'prompt': 'x'},$ {'prompt': 'y'}] | ARRAY",
        "$ $[{'prompt': 'x'}, {'prompt': 'y'}]$ $ | ARRAY",
        "[$ {'prompt': 'x'},$ {'prompt': 'y'},$]$ | ARRAY",
        "[$ {'prompt': 'x'},$ {'prom | ARRAY",
        "[$ {'prompt': 'x'},$ {'prom… | ARRAY",
        "[{'prompt': 'x'}, {'prom… | ARRAY",
        "[$'x',$'y'$] | ARRAY",
        "[] | ARRAY",
        "{$  'prompt': 'x'$}$ | OBJECT_OVER_LINES",
        "{'rows': [$  {'prompt': 'x'}$]}$ | OBJECT_OVER_LINES",
        "{'rows': [$  {'prompt': 'x… | OBJECT_OVER_LINES",
        "{'prompt': 'x'}$[$]$ | LINES",
        "{'prompt': 'x'} | LINES",
        "{'prompt': 'x… | LINES",
        "{'prompt': 'x${'prompt': 'y'} | LINES",
        "{'prompt':${'prompt': 'y'} | LINES",
        "{'prompt':${'prompt': 'y'}${'prompt': 'z'} | LINES",
        "[{'prompt': 'x'}]${'prompt': 'y'} | LINES",
        "[{'prompt': x}]${'prompt': 'y'} | LINES",
        "[1, 2${'prompt': 'y'} | LINES",
        "'x'$ | LINES",
        "not JSON$[ | LINES",
        "``| LINES",
      })
  void aFilesHeadTellsItsLayout(String text, Layout expected) throws IOException {
    boolean whole = !text.endsWith("…");
    byte[] head =
        text.replace('\'', '"')
            .replace('$', '\n')
            .replace("…", "")
            .getBytes(StandardCharsets.UTF_8);
    assertThat(JsonDocuments.layout(head, whole)).isEqualTo(expected);
  }

  private void refused(SourceFormat format, String file, String... said) {
    InputOptions options =
        new InputOptions(
            List.of(directory.toUri().toString()),
            format,
            "prompt",
            "messages",
            "id",
            null,
            List.of(),
            null);
    assertThatThrownBy(() -> PromptTable.open(SharedSpark.session(), options))
        .isInstanceOf(JobException.class)
        .hasMessageStartingWith("--input file:")
        .hasMessageContaining(file)
        .hasMessageContainingAll(said);
  }

  @Test
  void anArrayAmongFilesOfLinesIsNamedWithWhatToDo() throws IOException {
    Files.writeString(directory.resolve("a.jsonl"), "{\"prompt\": \"one\"}\n");
    Path array = directory.resolve("b c.json");
    Files.writeString(array, "\uFEFF[\n  {\n    \"prompt\": \"two\"\n  }\n]\n");
    refused(null, "b%20c.json", "is one JSON array, and", "jq -c '.[]' FILE.json > FILE.jsonl");
    refused(SourceFormat.OPENAI_BATCH, "b%20c.json", "is one JSON array, and");
    Files.delete(array);
    try (OutputStream out =
        new GZIPOutputStream(Files.newOutputStream(directory.resolve("d.json.gz")))) {
      out.write("{\n  \"prompt\": \"three\"\n}\n".getBytes(StandardCharsets.UTF_8));
    }
    refused(null, "d.json.gz", "holds a JSON object over several lines, and", "jq -c '.'");
  }
}
