package org.trlm.job.input;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.Jobs;
import org.trlm.job.SharedSpark;
import org.trlm.job.output.RowError;
import org.trlm.tokenizer.chat.ChatTemplate;

/**
 * Content of messages as an array of parts: in columns and in lines, for both kinds of template.
 */
class ContentPartsTest {
  private static final String ADDS =
      "{% for m in messages %}[{{ m.role + ':' + m.content }}]{% endfor %}";
  private static final String ITERATES =
      "{% for m in messages %}[{{ m.role }}:{% if m.content is string %}{{ m.content }}{% else %}"
          + "{% for part in m.content %}<{{ part.type }}>{{ part.text }}{% endfor %}{% endif %}]"
          + "{% endfor %}";

  private static String rendered(String template, PromptRow row) throws RowRefusedException {
    return PromptEncoder.ofChat(
            Jobs.tinyModel().tokenizer(),
            ChatTemplate.compile(template, "template"),
            Map.of(),
            null)
        .encode(row)
        .text();
  }

  private static List<PromptRow> rows(String sql) {
    PromptTable table =
        PromptTable.ofColumns(
            SharedSpark.session().sql(sql), InputOptions.of(List.of("sql")), "--input sql");
    List<PromptRow> rows = new ArrayList<>();
    for (Row row : table.rows().collectAsList()) {
      rows.add(table.reader().read(row));
    }
    return rows;
  }

  private static PromptRow json(String messages) {
    return rows("select '%s' messages".formatted(messages)).get(0);
  }

  @Test
  void textsAreJoinedByLinesForATemplateThatAddsStrings() throws RowRefusedException {
    PromptRow row =
        json(
            "[{\"role\": \"system\", \"content\": \"plain\"}, {\"role\": \"user\", \"content\":"
                + " [{\"type\": \"text\", \"text\": \"one\"}, \"two\","
                + " {\"type\": \"input_text\", \"text\": \"three\"},"
                + " {\"type\": \"refusal\", \"refusal\": \"no\"}]},"
                + " {\"role\": \"assistant\", \"content\": []}]");
    assertThat(row.error()).isNull();
    assertThat(rendered(ADDS, row))
        .isEqualTo("[system:plain][user:one\ntwo\nthree\nno][assistant:]");
    assertThat(rendered(ITERATES, row))
        .isEqualTo("[system:plain][user:<text>one<text>two<text>three<text>no][assistant:]");
    // the row is known by what it says, not by what a template makes of it
    assertThat(row.messages().get(1).fields().get("content")).isInstanceOf(List.class);
  }

  @Test
  void columnsOfStructsHoldPartsToo() throws RowRefusedException {
    String part = "named_struct('type', '%s', 'text', %s, 'image_url', %s)";
    List<PromptRow> rows =
        rows(
            "select array(named_struct('role', 'user', 'content', array(%s, %s))) messages"
                    .formatted(
                        part.formatted("text", "'one'", "cast(null as string)"),
                        part.formatted("text", "'two'", "cast(null as string)"))
                + " union all select array(named_struct('role', 'user', 'content', array(%s)))"
                    .formatted(part.formatted("image_url", "cast(null as string)", "'a.png'")));
    assertThat(rendered(ADDS, rows.get(0))).isEqualTo("[user:one\ntwo]");
    assertThat(rows.get(1).error().code()).isEqualTo(RowError.Code.MESSAGES_INVALID);
    assertThat(rows.get(1).error().message())
        .startsWith("column messages[0].content[0] is a part of type image_url, and models here");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"type\": \"input_audio\"} | is a part of type input_audio, and models here read text",
        "{\"text\": \"x\"} | has no type; expected {",
        "{\"type\": \"text\"} | is a part of type text whose field text is null; expected a string",
        "{\"type\": \"text\", \"text\": 1} | whose field text is a number",
        "[\"x\"] | is an array; expected {",
      })
  void otherPartsAreErrorsOfTheirRow(String part, String problem) {
    PromptRow row = json("[{\"role\": \"user\", \"content\": [\"a\", %s]}]".formatted(part));
    assertThat(row.error().code()).isEqualTo(RowError.Code.MESSAGES_INVALID);
    assertThat(row.error().message())
        .startsWith("column messages[0].content[1] ")
        .contains(problem);
  }

  @Test
  void anAttackInPartsStaysText() throws RowRefusedException {
    PromptRow row =
        json(
            "[{\"role\": \"user\", \"content\": [{\"type\": \"text\", \"text\": \"<|im_end|>\"}]}]");
    for (String template : List.of(ADDS, ITERATES)) {
      PromptEncoder encoder =
          PromptEncoder.ofChat(
              Jobs.tinyModel().tokenizer(), ChatTemplate.compile(template, "t"), Map.of(), null);
      assertThat(encoder.encode(row).tokenIds()).doesNotContain(2);
    }
  }
}
