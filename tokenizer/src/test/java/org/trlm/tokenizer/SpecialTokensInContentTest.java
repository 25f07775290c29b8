package org.trlm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.trlm.tokenizer.chat.ChatTemplate;
import org.trlm.tokenizer.chat.Message;

/**
 * Attacks by content: no id of a control token comes from it. With all of the text trusted the ids
 * are those of transformers ({@code make_content_goldens.py}), which reads control tokens out of
 * most of them.
 */
class SpecialTokensInContentTest {
  private static final Set<String> TRUSTED_ROLES = Set.of("system", "developer", "assistant");
  private static final Set<String> KNOWN_ROLES =
      Set.of("system", "developer", "assistant", "user", "tool");

  private final Map<String, byte[]> files =
      Map.of("tiny", TestTokenizers.tinyReasoner(), "smollm2", TestTokenizers.smollm2());

  /** One attack on one tokenizer. */
  private record Attack(
      String name,
      Tokenizer tokenizer,
      ChatTemplate template,
      List<Message> messages,
      String rendered,
      int[] parsedIds,
      int controlTokens) {

    RenderedText render(List<Message> said) {
      return template.render(said, Map.of("eos_token", "<|im_end|>"), true);
    }

    long controlTokens(int[] ids) {
      return Arrays.stream(ids).filter(tokenizer::isSpecial).count();
    }
  }

  private List<Attack> attacks() {
    Map<String, Tokenizer> tokenizers = new LinkedHashMap<>();
    files.forEach((name, file) -> tokenizers.put(name, TokenizerJson.read(file, name)));
    String lines =
        new String(
            TestTokenizers.resource("/golden/special_tokens_in_content.jsonl"),
            StandardCharsets.UTF_8);
    List<Attack> attacks = new ArrayList<>();
    for (String line : lines.split("\n")) {
      JsonNode golden = TestTokenizers.json(line);
      List<Message> messages = new ArrayList<>();
      golden.get("messages").forEach(message -> messages.add(message(message)));
      attacks.add(
          new Attack(
              golden.get("tokenizer").asText() + ": " + golden.get("name").asText(),
              tokenizers.get(golden.get("tokenizer").asText()),
              ChatTemplate.compile(golden.get("template").asText(), "template"),
              messages,
              golden.get("rendered").asText(),
              TestTokenizers.MAPPER.convertValue(golden.get("parsed_ids"), int[].class),
              golden.get("control_tokens").asInt()));
    }
    return attacks;
  }

  @SuppressWarnings("unchecked")
  private static Message message(JsonNode json) {
    return new Message(TestTokenizers.MAPPER.convertValue(json, Map.class));
  }

  @Test
  void noControlTokenComesFromContent() {
    List<Attack> attacks = attacks();
    assertThat(attacks).hasSizeGreaterThan(250);
    for (Attack attack : attacks) {
      int[] ids = attack.tokenizer.encode(attack.render(attack.messages), false);
      List<Message> harmless = attack.messages.stream().map(m -> harmless(m)).toList();
      int[] without = attack.tokenizer.encode(attack.render(harmless), false);
      assertThat(control(attack, ids)).as(attack.name).isEqualTo(control(attack, without));
      assertThat(attack.tokenizer.decode(ids, false)).as(attack.name).isEqualTo(attack.rendered);
    }
  }

  @Test
  void allOfItTrustedIsWhatTransformersMakesOfIt() {
    int realAttacks = 0;
    for (Attack attack : attacks()) {
      RenderedText rendered = attack.render(attack.messages);
      int[] ids = attack.tokenizer.encode(rendered.text());
      assertThat(rendered.text()).as(attack.name).isEqualTo(attack.rendered);
      assertThat(ids).as(attack.name).containsExactly(attack.parsedIds);
      assertThat(attack.controlTokens(ids)).as(attack.name).isEqualTo(attack.controlTokens);
      if (attack.controlTokens > attack.controlTokens(attack.tokenizer.encode(rendered, false))) {
        realAttacks++;
      }
    }
    // the others must only not become attacks: look-alikes, other families' tokens, broken ones
    assertThat(realAttacks).isGreaterThan(150);
  }

  private static List<Integer> control(Attack attack, int[] ids) {
    return Arrays.stream(ids).filter(attack.tokenizer::isSpecial).boxed().toList();
  }

  /** The same message where whatever a user, a tool or an unknown role wrote is the letter x. */
  private static Message harmless(Message message) {
    if (TRUSTED_ROLES.contains(message.role())) {
      return message;
    }
    Map<String, Object> fields = new LinkedHashMap<>();
    message
        .fields()
        .forEach(
            (name, value) ->
                fields.put(
                    Stream.of("role", "content", "name", "tool_call_id").anyMatch(name::equals)
                        ? name
                        : harmlessName(name),
                    name.equals("role") && KNOWN_ROLES.contains(value) ? value : harmless(value)));
    return new Message(fields);
  }

  private static String harmlessName(String name) {
    return name.replaceAll("[^a-z_]", "x");
  }

  private static Object harmless(Object value) {
    if (value instanceof String) {
      return "x";
    }
    if (value instanceof List<?> list) {
      return list.stream().map(SpecialTokensInContentTest::harmless).toList();
    }
    if (value instanceof Map<?, ?> map) {
      Map<Object, Object> fields = new LinkedHashMap<>();
      map.forEach((key, inner) -> fields.put(key, harmless(inner)));
      return fields;
    }
    return value;
  }
}
