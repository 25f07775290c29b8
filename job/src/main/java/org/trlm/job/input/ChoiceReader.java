package org.trlm.job.input;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.trlm.job.JobException;
import org.trlm.job.Words;
import org.trlm.job.output.RowError;

/**
 * Reads which texts of a row are to be scored after its prompt. Immutable; called on the executors,
 * from any thread.
 */
public final class ChoiceReader implements Serializable {
  private static final long serialVersionUID = 1L;

  private final PromptRowReader reader;
  private final String choices;
  private final String continuation;

  private ChoiceReader(PromptRowReader reader, String choices, String continuation) {
    this.reader = reader;
    this.choices = choices;
    this.continuation = continuation;
  }

  /**
   * @throws JobException when the table has neither of the two columns
   */
  public static ChoiceReader of(PromptTable table, ScoreOptions options) {
    List<String> found = Arrays.asList(table.columns().fieldNames());
    String choices = found.contains(options.choicesColumn()) ? options.choicesColumn() : null;
    String continuation =
        found.contains(options.continuationColumn()) ? options.continuationColumn() : null;
    // without rows there may be no columns either
    if (choices == null && continuation == null && !isEmpty(table)) {
      throw new JobException(
          "The input has neither a column %s (a list of strings) nor a column %s (a string). Found: %s. Name it with --choices-column or --continuation-column, or score whole texts with --rolling."
              .formatted(
                  options.choicesColumn(),
                  options.continuationColumn(),
                  describe(table.columns())));
    }
    return new ChoiceReader(table.reader(), choices, continuation);
  }

  private static boolean isEmpty(PromptTable table) {
    return table.columns().length() <= 1 && table.rows().isEmpty();
  }

  private static String describe(StructType columns) {
    return columns.length() == 0 ? "no columns" : String.join(", ", columns.fieldNames());
  }

  /** What the row holds in both columns, as one canonical text: a part of its content key. */
  public String content(Row row) {
    return JsonValues.canonical(Arrays.asList(value(row, choices), value(row, continuation)));
  }

  private Object value(Row row, String column) {
    return column == null ? null : reader.field(row, column);
  }

  /**
   * The texts, at least one and none empty: the choices, else the continuation.
   *
   * @throws RowRefusedException saying which is missing or no text
   */
  public List<String> read(Row row) throws RowRefusedException {
    Object listed = value(row, choices);
    if (listed != null) {
      return texts(listed);
    }
    Object single = value(row, continuation);
    if (single == null) {
      String columns =
          choices == null || continuation == null
              ? (choices == null ? continuation : choices) + " is"
              : choices + " and " + continuation + " are";
      throw refused(
          "%s null; give %s"
              .formatted(columns, choices == null ? "a text" : "a list of texts to choose from"));
    }
    return List.of(text(continuation, single));
  }

  private List<String> texts(Object listed) throws RowRefusedException {
    Object value = listed;
    if (listed instanceof String json) {
      try {
        value = JsonValues.parse(json);
      } catch (JsonProcessingException e) {
        throw refused(
            "%s is a string, but not JSON (%s): %s; give a list of strings"
                .formatted(choices, Words.shorten(e.getOriginalMessage()), Words.shorten(json)));
      }
    }
    if (!(value instanceof List<?> list)) {
      throw refused("%s is %s; give a list of strings".formatted(choices, JsonValues.kind(value)));
    }
    if (list.isEmpty()) {
      throw refused("%s is an empty list; give at least one choice".formatted(choices));
    }
    List<String> texts = new ArrayList<>(list.size());
    for (int i = 0; i < list.size(); i++) {
      texts.add(text("%s[%d]".formatted(choices, i), list.get(i)));
    }
    return texts;
  }

  /** A string, or an object that has one under {@code text}. */
  private static String text(String where, Object value) throws RowRefusedException {
    Object found = value instanceof Map<?, ?> object ? object.get("text") : value;
    if (!(found instanceof String text)) {
      throw refused(
          "%s is %s (%s); give a string"
              .formatted(
                  where, JsonValues.kind(value), Words.shorten(JsonValues.canonical(value))));
    }
    if (text.isEmpty()) {
      throw refused("%s is empty; a choice has at least one character".formatted(where));
    }
    return text;
  }

  private static RowRefusedException refused(String problem) {
    return new RowRefusedException(RowError.Code.CHOICES_INVALID, "column " + problem + ".");
  }
}
