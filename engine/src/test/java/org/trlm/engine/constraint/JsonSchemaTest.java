package org.trlm.engine.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion.VersionFlag;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.trlm.engine.request.StructuredOutputs;
import org.trlm.engine.request.StructuredOutputs.Kind;

/** JSON schemas against an independent validator, and what is refused. */
class JsonSchemaTest {
  private static final long SEED = Long.getLong("trlm.seed", 20260213);
  private static final ObjectMapper MAPPER =
      new ObjectMapper()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

  static List<String> schemas() {
    return SchemaExamples.SCHEMAS;
  }

  @ParameterizedTest
  @MethodSource("schemas")
  void whatIsAcceptedParsesAndValidates(String source) throws Exception {
    System.out.println("seed " + SEED);
    Random random = new Random(SEED);
    Dfa dfa = compile(source);
    com.networknt.schema.JsonSchema validator = validator(source);
    for (int i = 0; i < 150; i++) {
      String text = DfaWalks.random(dfa, random, 5 + random.nextInt(60));
      JsonNode value = MAPPER.readTree(text);
      assertThat(validator.validate(value)).as("%s against %s", text, source).isEmpty();
    }
  }

  @Test
  void randomSchemasAcceptValidTextsAlone() throws Exception {
    System.out.println("seed " + SEED);
    int accepted = 0;
    int refused = 0;
    for (int i = 0; i < 400; i++) {
      Random random = new Random(SEED + i);
      RandomSchema schema = new RandomSchema(random);
      String source = schema.source();
      String what = "seed " + (SEED + i) + ": " + source;
      com.networknt.schema.JsonSchema validator = validator(source);
      Dfa dfa = compile(source);
      for (int j = 0; j < 10; j++) {
        String text = DfaWalks.random(dfa, random, random.nextInt(80));
        assertThat(validator.validate(MAPPER.readTree(text))).as(what + " : " + text).isEmpty();
      }
      for (int j = 0; j < 10; j++) {
        JsonNode instance = schema.instance();
        boolean valid = validator.validate(instance).isEmpty();
        String text = JsonText.write(instance);
        assertThat(accepts(dfa, text)).as(what + " : " + text).isEqualTo(valid);
        accepted += valid ? 1 : 0;
        refused += valid ? 0 : 1;
      }
    }
    System.out.printf("%d instances accepted, %d refused%n", accepted, refused);
    assertThat(accepted).isGreaterThan(1000);
    assertThat(refused).isGreaterThan(300);
  }

  @Test
  void numbersKeepToTheirBounds() throws Exception {
    Random random = new Random(SEED);
    for (int i = 0; i < 300; i++) {
      String type = random.nextBoolean() ? "integer" : "number";
      String source = "{\"type\":\"" + type + "\"" + RandomSchema.bounds(random) + "}";
      com.networknt.schema.JsonSchema validator = validator(source);
      Dfa dfa;
      try {
        dfa = compile(source);
      } catch (ConstraintException e) {
        assertThat(e).hasMessageContaining("no text satisfies");
        continue;
      }
      for (int j = 0; j < 30; j++) {
        String text = DfaWalks.random(dfa, random, random.nextInt(12));
        assertThat(validator.validate(MAPPER.readTree(text))).as(source + " : " + text).isEmpty();
        String other = RandomSchema.number(random, type.equals("integer"));
        assertThat(accepts(dfa, other))
            .as(source + " : " + other)
            .isEqualTo(validator.validate(MAPPER.readTree(other)).isEmpty());
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{'type':'thing'} | #/type: is \"thing\"; allowed: object, array",
        "{'type':[]} | #/type: is []",
        "{'properties':{'a':{'multipleOf':3}}} | #/properties/a/multipleOf: the keyword multipleOf is",
        "{'items':{'not':{}}} | #/items/not: the keyword not is not supported",
        "{'patternProperties':{}} | #/patternProperties",
        "{'uniqueItems':true} | #/uniqueItems",
        "{'maxLenght':3} | #/maxLenght: the keyword maxLenght is not supported; supported: $ref",
        "{'pattern':'(?=a)'} | #/pattern: the regular expression, at character 3",
        "{'pattern':'a\\\\b'} | #/pattern",
        "{'format':'color'} | #/format: is \"color\"; allowed: date, date-time",
        "{'$ref':'#/$defs/none'} | #/$ref: is \"#/$defs/none\"; allowed: a part that exists",
        "{'$ref':'http://example.com/s'} | #/$ref",
        "{'$ref':'#'} | no text satisfies",
        "{'anyOf':[]} | #/anyOf: is []; allowed: a list of at least one item",
        "{'anyOf':[{'type':'x'}]} | #/anyOf/0/type",
        "{'enum':[]} | #/enum",
        "{'enum':['a'],'type':'integer'} | no text satisfies",
        "{'minLength':5,'maxLength':2} | #/minLength: is 5; allowed: 0 to the upper limit, which is 2",
        "{'minLength':-1} | #/minLength",
        "{'minLength':1.5} | #/minLength",
        "{'minimum':'3'} | #/minimum: is \"3\"; allowed: a number",
        "{'minimum':1e999999999} | #/minimum",
        "{'minimum':3,'maximum':2} | no text satisfies",
        "{'required':['a'],'additionalProperties':false} | #/required: asks for 'a'",
        "{'properties':3} | #/properties: is 3; allowed: an object of schemas",
        "{'properties':{'a/b':3}} | #/properties/a~1b: is 3, not a schema",
        "{'allOf':[{'minLength':1},{'minLength':2}]} | #/allOf/1/minLength: says something else",
        "[1] | #: is [1], not a schema",
        "false | no text satisfies",
        "{'a' | json is not JSON",
        "{'type':'string','maxLength':1000000} | too large: its automaton needs more than",
      })
  void whatIsNotSupportedIsNamedByItsPointer(String source, String message) {
    assertThatThrownBy(() -> compile(source.replace('\'', '"')))
        .isInstanceOf(ConstraintException.class)
        .hasMessageContaining(message);
  }

  @Test
  void deepSchemasAndValuesAreRefused() {
    String deep = "{\"items\":".repeat(300) + "true" + "}".repeat(300);
    assertThatThrownBy(() -> compile(deep)).hasMessageContaining("inside each other");
    StringBuilder chain = new StringBuilder("{\"$ref\":\"#/$defs/d0\",\"$defs\":{");
    for (int i = 0; i < 2000; i++) {
      chain.append("\"d").append(i).append("\":{\"items\":{\"$ref\":\"#/$defs/d");
      chain.append(i + 1).append("\"}},");
    }
    chain.append("\"d2000\":true}}");
    assertThatThrownBy(() -> compile(chain.toString())).hasMessageContaining("inside each other");
  }

  @Test
  void aSchemaInsideItselfIsUnrolledAsFarAsItFits() throws Exception {
    Dfa list = compile(SchemaExamples.LINKED_LIST);
    assertThat(accepts(list, "{\"value\": 1, \"next\": {\"value\": 2, \"next\": null}}")).isTrue();
    String tree = SchemaExamples.BINARY_TREE;
    assertThat(
            accepts(
                compile(tree), "{\"left\": {\"left\": null, \"right\": null}, \"right\": null}"))
        .isTrue();
  }

  @Test
  void anyObjectIsAnObject() throws Exception {
    Dfa dfa = ConstraintCompiler.compile(new StructuredOutputs(Kind.JSON_OBJECT, ""));
    Random random = new Random(SEED);
    for (int i = 0; i < 200; i++) {
      assertThat(MAPPER.readTree(DfaWalks.random(dfa, random, 100)).isObject()).isTrue();
    }
    assertThat(accepts(dfa, "{\"a\": [1, {\"b\": null}], \"c\": -1.5e3}")).isTrue();
    assertThat(accepts(dfa, "[]")).isFalse();
  }

  private static Dfa compile(String source) throws ConstraintException {
    return ConstraintCompiler.compile(new StructuredOutputs(Kind.JSON, source));
  }

  private static com.networknt.schema.JsonSchema validator(String source) throws IOException {
    SchemaValidatorsConfig config =
        SchemaValidatorsConfig.builder().formatAssertionsEnabled(true).build();
    return JsonSchemaFactory.getInstance(VersionFlag.V202012)
        .getSchema(MAPPER.readTree(source), config);
  }

  private static boolean accepts(Dfa dfa, String text) {
    int state = dfa.next(dfa.start(), text.getBytes(StandardCharsets.UTF_8));
    return state != Dfa.DEAD && dfa.isFinal(state);
  }
}
