package org.trlm.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.trlm.engine.cache.KvCache;
import org.trlm.engine.cache.KvCacheManager;
import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.kernel.KvCacheDtype;
import org.trlm.engine.schedule.ScheduledBatch;

/**
 * Greedy generation of all rows of a golden file in one batch, checked against the tokens, logits
 * and log-probabilities that transformers computed in float32. Two right programs may part only
 * where the two best logits are nearly equal, so tokens are compared up to the first such step.
 */
final class GoldenGeneration {

  private static final double NEAR_TIE = 0.002;
  private static final double LOGIT_TOLERANCE = 0.002;
  private static final double LOGPROB_TOLERANCE = 0.001;
  private static final int CHUNK = 37;

  private final Transformer transformer;
  private final Kernels kernels;
  private final int vocabSize;
  private final List<JsonNode> rows;
  private final int[][] tokens;
  private final int[] computed;
  private final int[][] blockTables;
  private final boolean[] done;
  private int tokensCompared;

  private GoldenGeneration(ModelWeights weights, List<JsonNode> rows) {
    ModelConfig config = weights.config();
    this.rows = rows;
    kernels = weights.kernels();
    vocabSize = config.vocabSize();
    tokens = new int[rows.size()][];
    computed = new int[rows.size()];
    done = new boolean[rows.size()];
    blockTables = new int[rows.size()][];
    int numBlocks = 0;
    int longest = 0;
    for (int r = 0; r < rows.size(); r++) {
      tokens[r] = ids(rows.get(r).get("prompt_token_ids"), rows.get(r).get("token_ids"));
      blockTables[r] = new int[KvCacheManager.blocksFor(tokens[r].length)];
      longest = Math.max(longest, tokens[r].length);
      for (int i = 0; i < blockTables[r].length; i++) {
        blockTables[r][i] = numBlocks++;
      }
    }
    KvCache cache =
        new KvCache(
            config.attentionShape(), KvCacheDtype.FLOAT32, config.numHiddenLayers(), numBlocks);
    transformer = new Transformer(weights, cache, CHUNK * rows.size(), rows.size(), longest);
  }

  /** The rows of a golden file among the test resources. */
  static List<JsonNode> read(String resource) throws IOException {
    try (InputStream file = GoldenGeneration.class.getResourceAsStream("/golden/" + resource)) {
      return rows(new String(file.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  /** The rows of JSON Lines. */
  static List<JsonNode> rows(String jsonLines) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    List<JsonNode> rows = new ArrayList<>();
    for (String line : jsonLines.lines().toList()) {
      rows.add(mapper.readTree(line));
    }
    return rows;
  }

  /** Generates and compares every row; returns how many generated tokens were compared. */
  static int check(ModelWeights weights, List<JsonNode> rows) {
    GoldenGeneration generation = new GoldenGeneration(weights, rows);
    while (generation.step()) {
      // until every row is done
    }
    return generation.tokensCompared;
  }

  private boolean step() {
    ScheduledBatch batch = new ScheduledBatch(rows.size(), CHUNK * rows.size(), rows.size());
    List<Integer> finishing = new ArrayList<>();
    for (int r = 0; r < rows.size(); r++) {
      if (done[r]) {
        continue;
      }
      int known = Math.max(numPromptTokens(r), computed[r] + 1);
      int end = Math.min(known, computed[r] + CHUNK);
      boolean predicts = end == known;
      batch.add(tokens[r], computed[r], end, predicts ? end - 1 : end, blockTables[r]);
      computed[r] = end;
      if (predicts) {
        finishing.add(r);
      }
    }
    if (batch.numTokens() == 0) {
      return false;
    }
    transformer.forward(batch);
    for (int i = 0; i < finishing.size(); i++) {
      checkPrediction(finishing.get(i), transformer.logitsOffset(i));
    }
    return true;
  }

  private void checkPrediction(int r, int offset) {
    JsonNode row = rows.get(r);
    float[] logits = transformer.logits();
    int step = computed[r] - numPromptTokens(r);
    String label = "row " + row.get("id").asText() + ", generated token " + step;
    if (step == 0) {
      JsonNode first =
          row.has("first_logits_top10")
              ? row.get("first_logits_top10")
              : row.get("first_logits_top5");
      for (JsonNode pair : first) {
        assertThat((double) logits[offset + pair.get(0).asInt()])
            .as("%s: logit of %s", label, pair.get(0))
            .isCloseTo(pair.get(1).asDouble(), within(LOGIT_TOLERANCE));
      }
    }
    JsonNode gaps = row.has("gaps") ? row.get("gaps") : row.get("gap");
    if (gaps.get(step).asDouble() < NEAR_TIE) {
      done[r] = true;
      return;
    }
    int token = kernels.argmax(logits, offset, vocabSize);
    assertThat(token).as(label).isEqualTo(row.get("token_ids").get(step).asInt());
    if (row.has("logprobs")) {
      assertThat(logprob(logits, offset, token))
          .as("%s: logprob", label)
          .isCloseTo(row.get("logprobs").get(step).asDouble(), within(LOGPROB_TOLERANCE));
    }
    tokensCompared++;
    done[r] = computed[r] == tokens[r].length;
  }

  private double logprob(float[] logits, int offset, int token) {
    float max = logits[offset + kernels.argmax(logits, offset, vocabSize)];
    float[] numerators = new float[vocabSize];
    float sum = kernels.softmaxNumerators(logits, offset, max, 1f, numerators, 0, vocabSize);
    return logits[offset + token] - max - StrictMath.log(sum);
  }

  private int numPromptTokens(int r) {
    return rows.get(r).get("prompt_token_ids").size();
  }

  /** Prompt and generated tokens but the last, which nothing follows. */
  private static int[] ids(JsonNode prompt, JsonNode generated) {
    int[] ids = new int[prompt.size() + generated.size() - 1];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = i < prompt.size() ? prompt.get(i).asInt() : generated.get(i - prompt.size()).asInt();
    }
    return ids;
  }
}
