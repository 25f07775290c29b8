package org.trlm.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.trlm.engine.Engine;
import org.trlm.engine.EngineConfig;
import org.trlm.engine.cache.PrefixCaching;
import org.trlm.engine.kernel.ComputeMode;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.kernel.KvCacheDtype;
import org.trlm.engine.model.ModelConfig;
import org.trlm.engine.model.ModelWeights;
import org.trlm.engine.model.WeightDtype;
import org.trlm.engine.request.Request;
import org.trlm.engine.request.RequestOutput;
import org.trlm.engine.request.SamplingParams;
import org.trlm.engine.weights.CheckpointBytes;
import org.trlm.engine.weights.GgufFile;

/**
 * The 135M weights in this mode, and with keys and values in bfloat16, against what exact mode says
 * of 75 rows of PIQA, token by token. The goldens are exact mode's with keys and values in float32,
 * which has the same bits on every machine.
 */
@Tag("real-model")
class SmolLm2QualityTest {

  /** Of a choice's log-probability, divided by its tokens. */
  private static final double CHOICE_TOLERANCE = 0.01;

  /** Of each token by itself, where errors of both signs do not cancel. */
  private static final double TOKEN_TOLERANCE = 0.025;

  private static final int TASKS = 2;

  @Test
  void choicesOfPiqaAreWorthWhatExactModeSays() throws Exception {
    check(ComputeMode.BF16, KvCacheDtype.FLOAT32);
  }

  @Test
  void keysAndValuesInBfloat16AreWorthThoseInFloat32() throws Exception {
    check(ComputeMode.EXACT, KvCacheDtype.BFLOAT16);
  }

  private static void check(ComputeMode mode, KvCacheDtype cacheDtype) throws Exception {
    List<JsonNode> rows = goldens();
    ModelWeights weights = weights(mode);
    Map<String, double[]> found = new HashMap<>();
    // tasks of one JVM: they share the weights
    ExecutorService tasks = Executors.newFixedThreadPool(TASKS);
    try {
      List<Future<Map<String, double[]>>> parts = new ArrayList<>();
      for (int task = 0; task < TASKS; task++) {
        int from = rows.size() * task / TASKS;
        int to = rows.size() * (task + 1) / TASKS;
        parts.add(tasks.submit(() -> score(weights, cacheDtype, rows.subList(from, to))));
      }
      for (Future<Map<String, double[]>> part : parts) {
        found.putAll(part.get());
      }
    } finally {
      tasks.shutdownNow();
    }

    double ofTokens = 0;
    double ofChoices = 0;
    int tokens = 0;
    int choices = 0;
    int right = 0;
    int exactlyRight = 0;
    for (JsonNode row : rows) {
      double[] exactSums = new double[row.get("choices").size()];
      double[] sums = new double[exactSums.length];
      for (int choice = 0; choice < sums.length; choice++) {
        JsonNode exact = row.get("choices").get(choice).get("logprobs");
        double[] logprobs = found.get(id(row, choice));
        assertThat(logprobs).hasSize(exact.size());
        for (int i = 0; i < logprobs.length; i++) {
          ofTokens += Math.abs(logprobs[i] - exact.get(i).asDouble());
          exactSums[choice] += exact.get(i).asDouble();
          sums[choice] += logprobs[i];
          tokens++;
        }
        ofChoices += Math.abs(sums[choice] - exactSums[choice]) / logprobs.length;
        choices++;
      }
      int gold = row.get("gold").asInt();
      right += best(sums) == gold ? 1 : 0;
      exactlyRight += best(exactSums) == gold ? 1 : 0;
    }
    System.out.printf(
        "%s, cache in %s: %.5f a token over %d choices, %.5f over %d tokens; %d of %d rows right, exact %d%n",
        KernelProvider.packer(mode, KernelProvider.vector()).name(),
        cacheDtype.spelling(),
        ofChoices / choices,
        choices,
        ofTokens / tokens,
        tokens,
        right,
        rows.size(),
        exactlyRight);
    assertThat(ofChoices / choices).isPositive().isLessThanOrEqualTo(CHOICE_TOLERANCE);
    assertThat(ofTokens / tokens).isLessThanOrEqualTo(TOKEN_TOLERANCE);
    // half a point of 75 rows is less than one row
    assertThat(right).isEqualTo(exactlyRight);
  }

  private static int best(double[] sums) {
    int best = 0;
    for (int i = 1; i < sums.length; i++) {
      best = sums[i] > sums[best] ? i : best;
    }
    return best;
  }

  private static Map<String, double[]> score(
      ModelWeights weights, KvCacheDtype cacheDtype, List<JsonNode> rows) {
    EngineConfig config = new EngineConfig(512, 32, 512, 1024, PrefixCaching.ENABLED, cacheDtype);
    Engine engine = new Engine(weights, config, new byte[0][], new int[] {2});
    for (JsonNode row : rows) {
      for (int choice = 0; choice < row.get("choices").size(); choice++) {
        JsonNode given = row.get("choices").get(choice);
        int[] ids = new int[given.get("tokens").size()];
        for (int i = 0; i < ids.length; i++) {
          ids[i] = given.get("tokens").get(i).asInt();
        }
        SamplingParams params =
            SamplingParams.builder()
                .maxTokens(1)
                .promptLogprobs(0, given.get("start").asInt())
                .build();
        engine.add(new Request(id(row, choice), ids, params, 0));
      }
    }
    Map<String, double[]> logprobs = new HashMap<>();
    while (engine.hasUnfinishedRequests()) {
      for (RequestOutput output : engine.step()) {
        logprobs.put(output.id(), output.promptLogprobs().logprobs());
      }
    }
    return logprobs;
  }

  private static String id(JsonNode row, int choice) {
    return row.get("id").asText() + "/" + choice;
  }

  private static ModelWeights weights(ComputeMode mode) throws IOException {
    String value = System.getProperty("trlm.smollm2.gguf");
    assertThat(value)
        .as("system property trlm.smollm2.gguf; .ci/real-model fetches the file and names it")
        .isNotBlank();
    Path file = Path.of(value);
    try (InputStream in = Files.newInputStream(file)) {
      GgufFile checkpoint =
          GgufFile.open(CheckpointBytes.read(in, Files.size(file), file.toString()));
      Kernels kernels = KernelProvider.vector();
      return ModelWeights.pack(
          ModelConfig.fromGguf(checkpoint),
          checkpoint,
          kernels,
          KernelProvider.packer(mode, kernels),
          WeightDtype.AUTO);
    }
  }

  /**
   * Every fourth of the rows in the job's goldens, as tokens: the prompt and a choice, the index of
   * the choice's first token, and exact mode's log-probabilities from there on.
   */
  private static List<JsonNode> goldens() throws IOException {
    ObjectMapper json = new ObjectMapper();
    List<JsonNode> rows = new ArrayList<>();
    try (GZIPInputStream in =
        new GZIPInputStream(
            SmolLm2QualityTest.class.getResourceAsStream("/golden/smollm2_piqa_exact.jsonl.gz"))) {
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
        rows.add(json.readTree(line));
      }
    }
    assertThat(rows).hasSize(75);
    return rows;
  }
}
