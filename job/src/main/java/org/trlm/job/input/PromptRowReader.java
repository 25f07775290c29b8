package org.trlm.job.input;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.spark.sql.Row;
import org.trlm.job.Words;
import org.trlm.job.output.RowError;
import org.trlm.tokenizer.chat.Message;

/**
 * Reads what a row of the input asks for. Immutable; called on the executors, from any thread.
 *
 * <p>Rows of JSON Lines are read from their own line, not from columns: a line says exactly what it
 * says, whatever the other lines of the file look like.
 */
public final class PromptRowReader implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Internal column: the line of a JSON Lines file. Absent for other formats. */
  static final String LINE = "_trlm_line";

  /** Internal column beside {@link #LINE}: the file the line stands in. */
  static final String FILE = "_trlm_file";

  private static final String CONTENT = "content";

  private final PromptColumns columns;
  private final Source source;

  /** Where a row says what it asks for. */
  private enum Source {
    /** typed columns */
    COLUMNS,
    /** columns of text, and the line where it cannot be told apart into them */
    TEXT,
    /** a JSON object in the row's own line */
    LINE,
    /** a request of OpenAI's batch API in the row's own line */
    OPENAI_REQUEST
  }

  private PromptRowReader(PromptColumns columns, Source source) {
    this.columns = columns;
    this.source = source;
  }

  static PromptRowReader ofColumns(PromptColumns columns) {
    return new PromptRowReader(columns, Source.COLUMNS);
  }

  /** Parameters in columns of text are read as JSON where they are JSON. */
  static PromptRowReader ofText(PromptColumns columns) {
    return new PromptRowReader(columns, Source.TEXT);
  }

  static PromptRowReader ofLines(PromptColumns columns) {
    return new PromptRowReader(columns, Source.LINE);
  }

  static PromptRowReader ofOpenAiRequests() {
    return new PromptRowReader(OpenAiRequest.COLUMNS, Source.OPENAI_REQUEST);
  }

  /** The row's meaning. Never throws for what a row holds: {@link PromptRow#error()} says it. */
  public PromptRow read(Row row) {
    return switch (source) {
      case COLUMNS -> read(column -> value(row, column));
      case TEXT -> readText(row);
      case LINE, OPENAI_REQUEST -> readLine(row);
    };
  }

  /**
   * What a row holds in a column that is not one of a prompt's, as JSON gives it; null where it has
   * no such column, or is no row that can be read.
   */
  Object field(Row row, String column) {
    return switch (source) {
      case COLUMNS, TEXT ->
          Arrays.asList(row.schema().fieldNames()).contains(column) ? value(row, column) : null;
      case LINE -> {
        try {
          yield JsonValues.parseLine(row.getAs(LINE)) instanceof Map<?, ?> object
              ? object.get(column)
              : null;
        } catch (JsonProcessingException e) {
          yield null;
        }
      }
      case OPENAI_REQUEST -> null;
    };
  }

  private static Object value(Row row, String column) {
    int index = row.fieldIndex(column);
    return row.isNullAt(index) ? null : JsonValues.fromColumn(row.get(index));
  }

  private PromptRow readText(Row row) {
    String line = row.getAs(LINE);
    if (line != null) {
      String problem = "does not have as many fields as the header, or a quote that is not closed";
      return malformed(row, line, null, problem, "Put fields with commas or quotes in quotes");
    }
    return read(
        column -> {
          Object value = value(row, column);
          return columns.paramColumns().contains(column) ? typed((String) value) : value;
        });
  }

  /** {@code 0.7} is a number and {@code ["a"]} a list; what is no JSON is the text itself. */
  private static Object typed(String text) {
    try {
      return text == null || text.isBlank() ? null : JsonValues.parse(text);
    } catch (JsonProcessingException e) {
      return text;
    }
  }

  private PromptRow readLine(Row row) {
    String line = row.getAs(LINE);
    String mend = "Each line is one JSON object; mend or remove it";
    if (LongLine.isMarked(line)) {
      return malformed(row, LongLine.head(line), null, LongLine.problem(line), mend);
    }
    Object value;
    try {
      value = JsonValues.parseLine(line);
    } catch (StreamConstraintsException e) {
      String problem = "is more than is read (%s)".formatted(e.getOriginalMessage());
      return malformed(row, line, null, problem, mend);
    } catch (JsonProcessingException e) {
      String problem = "is not JSON (%s)".formatted(Words.shorten(e.getOriginalMessage()));
      return malformed(row, line, null, problem, mend);
    }
    if (!(value instanceof Map<?, ?> object)) {
      String problem = "is %s, not a JSON object".formatted(JsonValues.kind(value));
      return malformed(row, line, null, problem, mend);
    }
    if (source == Source.LINE) {
      return read(object::get);
    }
    String problem = OpenAiRequest.problem(object);
    return problem == null
        ? read(OpenAiRequest.fields(object)::get)
        : malformed(row, line, OpenAiRequest.customId(object), problem, "Mend or remove it");
  }

  /**
   * @param id of a line that names one; null when it does not
   */
  private static PromptRow malformed(Row row, String line, String id, String problem, String mend) {
    RowError error =
        new RowError(
            RowError.Code.INPUT_MALFORMED,
            "%s: a line %s: %s. %s."
                .formatted(row.<String>getAs(FILE), problem, Words.shorten(line), mend));
    return new PromptRow(id == null ? hash(line) : id, null, null, null, line, error);
  }

  private PromptRow read(Function<String, Object> fields) {
    Object prompt = columns.prompt() == null ? null : fields.apply(columns.prompt());
    Object spoken = columns.messages() == null ? null : fields.apply(columns.messages());
    List<Message> messages = null;
    Map<String, Object> params = null;
    RowError error = null;
    try {
      messages = spoken == null ? null : messages(spoken);
      params = params(fields);
      if (messages == null) {
        checkPrompt(prompt);
      }
    } catch (RowRefusedException e) {
      error = e.error();
    }
    String content = content(prompt, messages != null ? plain(messages) : spoken);
    Object id = columns.id() == null ? null : fields.apply(columns.id());
    return new PromptRow(
        id == null ? hash(content) : text(id),
        messages == null && prompt instanceof String text ? text : null,
        messages,
        params,
        content,
        error);
  }

  private void checkPrompt(Object prompt) throws RowRefusedException {
    String column = columns.prompt() == null ? columns.messages() : columns.prompt();
    if (prompt == null) {
      throw new RowRefusedException(
          RowError.Code.PROMPT_MISSING,
          "column %s is null; give a text in it, or messages.".formatted(column));
    }
    if (!(prompt instanceof String text)) {
      throw new RowRefusedException(
          RowError.Code.PROMPT_MISSING,
          "column %s is %s (%s); give a string."
              .formatted(
                  column, JsonValues.kind(prompt), Words.shorten(JsonValues.canonical(prompt))));
    }
    if (text.isBlank()) {
      throw new RowRefusedException(
          RowError.Code.PROMPT_MISSING,
          "column %s is %s; give a text in it, or messages."
              .formatted(column, text.isEmpty() ? "empty" : "only white space"));
    }
  }

  private List<Message> messages(Object spoken) throws RowRefusedException {
    Object value = spoken;
    if (spoken instanceof String text) {
      try {
        value = JsonValues.parse(text);
      } catch (JsonProcessingException e) {
        throw invalid(
            "is not JSON (%s): %s"
                .formatted(Words.shorten(e.getOriginalMessage()), Words.shorten(text)));
      }
    }
    if (!(value instanceof List<?> turns)) {
      throw invalid("is %s; expected an array of messages".formatted(JsonValues.kind(value)));
    }
    if (turns.isEmpty()) {
      throw invalid("is an empty array; expected at least one message");
    }
    List<Message> messages = new ArrayList<>(turns.size());
    for (int i = 0; i < turns.size(); i++) {
      messages.add(message(turns.get(i), i));
    }
    return messages;
  }

  private Message message(Object turn, int index) throws RowRefusedException {
    if (!(turn instanceof Map<?, ?> object)) {
      throw invalid(
          "[%d] is %s; expected an object with role and content"
              .formatted(index, JsonValues.kind(turn)));
    }
    Map<String, Object> fields = new LinkedHashMap<>();
    object.forEach(
        (key, value) -> {
          if (value != null) {
            fields.put(String.valueOf(key), value);
          }
        });
    if (!(fields.get("role") instanceof String role) || role.isBlank()) {
      throw invalid(
          "[%d].role is %s; expected a string such as system, user or assistant"
              .formatted(index, shown(fields.get("role"))));
    }
    Object said = fields.get(CONTENT);
    boolean acts = fields.containsKey("tool_calls") || fields.containsKey("function_call");
    if (!(said instanceof String || said instanceof List || (said == null && acts))) {
      throw invalid(
          "[%d].content is %s; expected a string, or an array of parts"
              .formatted(index, shown(said)));
    }
    if (said instanceof List<?> parts) {
      for (int i = 0; i < parts.size(); i++) {
        String problem = ContentParts.problem(parts.get(i));
        if (problem != null) {
          throw invalid("[%d].content[%d] %s".formatted(index, i, problem));
        }
      }
    }
    return new Message(fields);
  }

  private RowRefusedException invalid(String problem) {
    String joint = problem.startsWith("[") ? "" : " ";
    return new RowRefusedException(
        RowError.Code.MESSAGES_INVALID, "column " + columns.messages() + joint + problem + ".");
  }

  private Map<String, Object> params(Function<String, Object> fields) throws RowRefusedException {
    Map<String, Object> params = new LinkedHashMap<>();
    for (String column : columns.paramColumns()) {
      Object value = fields.apply(column);
      if (value != null) {
        params.put(column, value);
      }
    }
    Object given = columns.params() == null ? null : fields.apply(columns.params());
    if (given != null) {
      for (Map.Entry<?, ?> entry : paramObject(given).entrySet()) {
        if (entry.getValue() != null) {
          params.put(String.valueOf(entry.getKey()), entry.getValue());
        }
      }
    }
    return params.isEmpty() ? null : params;
  }

  private Map<?, ?> paramObject(Object given) throws RowRefusedException {
    Object value = given;
    if (given instanceof String text) {
      if (text.isBlank()) {
        return Map.of();
      }
      try {
        value = JsonValues.parse(text);
      } catch (JsonProcessingException e) {
        throw new RowRefusedException(
            RowError.Code.PARAMS_INVALID,
            "column %s is not JSON (%s): %s. Give an object such as {\"temperature\": 0.7}."
                .formatted(
                    columns.params(), Words.shorten(e.getOriginalMessage()), Words.shorten(text)));
      }
    }
    if (value == null) {
      return Map.of();
    }
    if (value instanceof Map<?, ?> object) {
      return object;
    }
    throw new RowRefusedException(
        RowError.Code.PARAMS_INVALID,
        "column %s is %s; expected an object such as {\"temperature\": 0.7}."
            .formatted(columns.params(), JsonValues.kind(value)));
  }

  private static String shown(Object value) {
    return value == null
        ? "missing"
        : JsonValues.kind(value) + " (" + Words.shorten(JsonValues.canonical(value)) + ")";
  }

  /** What the row says, whichever column says it; equal for Parquet and JSON Lines. */
  private static String content(Object prompt, Object messages) {
    if (messages != null) {
      return "messages:" + JsonValues.canonical(messages);
    }
    return prompt instanceof String text
        ? "prompt:" + text
        : "json:" + JsonValues.canonical(prompt);
  }

  private static List<Map<String, Object>> plain(List<Message> messages) {
    return messages.stream().map(Message::fields).toList();
  }

  private static String text(Object id) {
    return id instanceof String text ? text : JsonValues.canonical(id);
  }

  private static String hash(String content) {
    return java.util.HexFormat.of().formatHex(PromptRow.sha256("trlm-content", content));
  }
}
