package org.trlm.job.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.trlm.engine.request.StructuredOutputs;
import org.trlm.engine.request.StructuredOutputs.Kind;

/** The spellings of a constraint, and what comes of them. */
class StructuredOutputsValueTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "structured_outputs | {\"choice\": [\"b\", \"a\"]} | {\"choice\":[\"b\",\"a\"]}",
        "structured_outputs | {\"choice\": \"[\\\"a\\\"]\", \"regex\": null} | {\"choice\":[\"a\"]}",
        "structured_outputs | {\"regex\": \"a+\"} | {\"regex\":\"a+\"}",
        "structured_outputs | {\"json\": {\"z\": 1, \"a\": 2}} | {\"json\":{\"z\":1,\"a\":2}}",
        "structured_outputs | {\"json\": \"{\\\"z\\\": 1}\"} | {\"json\":{\"z\":1}}",
        "structured_outputs | {\"json_object\": true} | {\"json_object\":true}",
        "guided_choice | [\"a\"] | {\"choice\":[\"a\"]}",
        "guided_json | true | {\"json\":true}",
        "response_format | {\"type\": \"json_object\"} | {\"json_object\":true}",
        "response_format | {\"type\": \"json_schema\", \"json_schema\": {\"name\": \"n\","
            + " \"schema\": {\"z\": 1}}} | {\"json\":{\"z\":1}}",
      })
  void eachSpellingHasOneForm(String name, String json, String form) throws Exception {
    assertThat(read(name, JsonValues.parse(json))).hasToString(form);
    assertThat(read(name, json)).as("as the text of an option or a column").hasToString(form);
  }

  @Test
  void aRegularExpressionOfItsOwnNameIsTheTextItself() throws Exception {
    assertThat(read("guided_regex", "[a]")).hasToString("{\"regex\":\"[a]\"}");
  }

  @Test
  void responsesOfTextHaveNoConstraint() throws Exception {
    assertThat(read("response_format", JsonValues.parse("{\"type\": \"text\"}"))).isNull();
    assertThat(StructuredOutputsValue.toEngine(null)).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "structured_outputs | {} | an object with one of choice",
        "structured_outputs | [1] | an object with one of choice",
        "structured_outputs | {\"grammar\": \"x\"} | an object with one of choice",
        "structured_outputs | {\"choice\": [\"a\"], \"regex\": \"a\"} | an object with one of choice",
        "structured_outputs | {\"json_object\": false} | an object with one of choice",
        "structured_outputs | {\"choice\": []} | at least one string to choose from",
        "structured_outputs | {\"choice\": [\"a\", 1]} | at least one string to choose from",
        "structured_outputs | {\"regex\": \"\"} | a regular expression of at least one character",
        "structured_outputs | {\"regex\": 3} | a regular expression of at least one character",
        "structured_outputs | {\"json\": [1]} | a JSON schema",
        "structured_outputs | {\"json\": \"{\"} | this is not",
        "guided_choice | 3 | at least one string to choose from",
        "guided_json | 3 | a JSON schema",
        "response_format | {\"type\": \"grammar\"} | type is text, json_object or json_schema",
        "response_format | {\"type\": \"json_schema\"} | json_schema.schema",
        "response_format | 3 | type is text, json_object or json_schema",
      })
  void otherValuesAreRefusedByName(String name, String json, String allowed) throws Exception {
    Object value = JsonValues.parse(json);
    assertThatThrownBy(() -> read(name, value))
        .isInstanceOf(RowRefusedException.class)
        .hasMessageContaining(name + " is ")
        .hasMessageContaining(allowed);
  }

  @Test
  void theEngineReadsTheOneForm() throws Exception {
    assertThat(engine("{\"choice\": [\"b\", \"a\"]}"))
        .isEqualTo(new StructuredOutputs(Kind.CHOICE, "[\"b\",\"a\"]"));
    assertThat(engine("{\"regex\": \"a\\\\d\"}"))
        .isEqualTo(new StructuredOutputs(Kind.REGEX, "a\\d"));
    assertThat(engine("{\"json\": {\"type\": \"null\"}}"))
        .isEqualTo(new StructuredOutputs(Kind.JSON, "{\"type\":\"null\"}"));
    assertThat(engine("{\"json_object\": true}"))
        .isEqualTo(new StructuredOutputs(Kind.JSON_OBJECT, ""));
  }

  private static StructuredOutputs engine(String json) throws Exception {
    return StructuredOutputsValue.toEngine(read("structured_outputs", JsonValues.parse(json)));
  }

  private static ObjectNode read(String name, Object value) throws RowRefusedException {
    return StructuredOutputsValue.read(new ParameterValue("params", name, value, 100));
  }
}
