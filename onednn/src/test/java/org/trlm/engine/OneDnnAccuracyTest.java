package org.trlm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.trlm.engine.kernel.ComputeMode;
import org.trlm.engine.request.Request;
import org.trlm.engine.request.RequestOutput;
import org.trlm.engine.request.SamplingParams;

/** The embedded model answers as well in this mode as it does exactly. */
class OneDnnAccuracyTest {

  private static final Path EXAMPLES = Path.of("..", "examples");
  private static final int LONGEST_ANSWER = 200;

  private final Map<String, String> answers = new HashMap<>();
  private final byte[][] tokenText = TinyReasoner.tokenText();

  @Test
  void asManyAnswersAreRightAsInExactMode() throws IOException {
    for (JsonNode row : rows("prompts.jsonl")) {
      answers.put(row.get("id").textValue(), row.get("answer").textValue());
    }
    Engine engine =
        new Engine(
            TinyReasoner.weights(ComputeMode.BF16),
            new EngineConfig(512, 32, 512, 32 * 32),
            new byte[0][],
            new int[] {TinyReasoner.END_OF_TURN});
    Map<String, int[]> exact = new TreeMap<>();
    for (JsonNode row : rows("expected.jsonl")) {
      String id = row.get("id").textValue();
      exact.put(id, ints(row.get("token_ids")));
      SamplingParams params = SamplingParams.greedy(LONGEST_ANSWER);
      engine.add(new Request(id, ints(row.get("prompt_token_ids")), params, 0));
    }
    assertThat(exact).hasSize(60);
    int right = 0;
    int exactlyRight = 0;
    while (engine.hasUnfinishedRequests()) {
      for (RequestOutput output : engine.step()) {
        right += isRight(output.id(), output.tokenIds()) ? 1 : 0;
        exactlyRight += isRight(output.id(), exact.get(output.id())) ? 1 : 0;
      }
    }
    System.out.printf("bf16: %d of 60 answers right, exact %d%n", right, exactlyRight);
    assertThat(exactlyRight).isGreaterThan(40);
    assertThat(right).isGreaterThanOrEqualTo(exactlyRight);
  }

  /** Whether what follows the thought is the answer. */
  private boolean isRight(String id, int[] tokens) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    for (int token : tokens) {
      if (token == TinyReasoner.CLOSE_THOUGHT) {
        content.reset();
      } else {
        content.writeBytes(tokenText[token]);
      }
    }
    return content.toString(StandardCharsets.UTF_8).strip().equals(answers.get(id));
  }

  private static Iterable<JsonNode> rows(String file) throws IOException {
    return new ObjectMapper()
        .readTree("[" + String.join(",", Files.readAllLines(EXAMPLES.resolve(file))) + "]");
  }

  private static int[] ints(JsonNode array) {
    int[] ints = new int[array.size()];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = array.get(i).intValue();
    }
    return ints;
  }
}
