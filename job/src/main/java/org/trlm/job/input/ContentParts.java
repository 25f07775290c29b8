package org.trlm.job.input;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.trlm.tokenizer.chat.ChatTemplate;
import org.trlm.tokenizer.chat.Message;

/**
 * Content of a message that is an array of parts, as OpenAI's API has it: {@code [{"type": "text",
 * "text": "…"}, …]}. The parts of text are read, whichever API's name they have, and bare strings
 * among them; models here read nothing else.
 */
final class ContentParts {
  private static final String CONTENT = "content";
  private static final String TYPE = "type";
  private static final String TEXT = "text";

  /** The field that holds the text, by the part's type. */
  private static final Map<String, String> TEXT_FIELDS =
      Map.of(
          TEXT,
          TEXT,
          "input_text",
          TEXT,
          "output_text",
          TEXT,
          "refusal",
          "refusal",
          "thinking",
          "thinking");

  private ContentParts() {}

  /**
   * What is wrong with a part of some content.
   *
   * @return what follows the part's place in a message; null when it can be read
   */
  static String problem(Object part) {
    if (part instanceof String) {
      return null;
    }
    if (!(part instanceof Map<?, ?> object)) {
      return "is %s; expected {\"type\": \"text\", \"text\": \"…\"}"
          .formatted(JsonValues.kind(part));
    }
    if (!(object.get(TYPE) instanceof String type)) {
      return "has no type; expected {\"type\": \"text\", \"text\": \"…\"}";
    }
    String field = TEXT_FIELDS.get(type);
    if (field == null) {
      return "is a part of type %s, and models here read text alone; leave it out, or say it in a part of type text"
          .formatted(type);
    }
    return object.get(field) instanceof String
        ? null
        : "is a part of type %s whose field %s is %s; expected a string"
            .formatted(type, field, JsonValues.kind(object.get(field)));
  }

  /**
   * The message with its parts as a template takes them.
   *
   * @param template one that goes through parts by itself gets each as one of type text; any other
   *     gets one string, a line for each part
   */
  static Message prepared(Message message, ChatTemplate template) {
    if (!(message.fields().get(CONTENT) instanceof List<?> parts)) {
      return message;
    }
    Map<String, Object> fields = new LinkedHashMap<>(message.fields());
    fields.put(
        CONTENT,
        template.iteratesContent()
            ? parts.stream().map(ContentParts::ofText).toList()
            : parts.stream().map(ContentParts::text).collect(Collectors.joining("\n")));
    return new Message(fields);
  }

  /** Templates know one type of text; a part that is not of another API's type stays as it is. */
  private static Object ofText(Object part) {
    if (part instanceof Map<?, ?> object
        && object.get(TYPE) instanceof String type
        && (type.equals(TEXT) || !TEXT_FIELDS.containsKey(type))) {
      return part;
    }
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(TYPE, TEXT);
    fields.put(TEXT, text(part));
    return fields;
  }

  private static String text(Object part) {
    return part instanceof Map<?, ?> object
        ? (String) object.get(TEXT_FIELDS.get((String) object.get(TYPE)))
        : (String) part;
  }
}
