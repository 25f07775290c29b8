package org.trlm.engine;

import java.util.stream.IntStream;
import org.trlm.engine.cache.KvCacheManager;
import org.trlm.engine.request.Request;
import org.trlm.engine.request.RequestRefusedException;
import org.trlm.engine.request.RequestRefusedException.Reason;
import org.trlm.engine.request.SamplingParams;
import org.trlm.engine.schedule.Sequence;

/** What a request must keep to, to run in an engine at all. */
final class RequestChecks {
  private final EngineConfig config;
  private final int vocabSize;

  RequestChecks(EngineConfig config, int vocabSize) {
    this.config = config;
    this.vocabSize = vocabSize;
  }

  /**
   * @throws RequestRefusedException saying what is wrong, what is allowed and how to mend it
   */
  void check(Request request) {
    int[] prompt = request.promptTokenIds();
    if (prompt.length == 0) {
      throw new RequestRefusedException(
          Reason.INVALID,
          "request '" + request.id() + "' has an empty prompt; it needs at least one token");
    }
    checkPromptTokens(request);
    checkParameterTokens(request);
    if (prompt.length >= config.maxModelLen()) {
      throw new RequestRefusedException(
          Reason.PROMPT_TOO_LONG,
          "the prompt has "
              + prompt.length
              + " tokens and leaves no room for an answer: prompt and answer together have at most "
              + ("max_model_len = " + config.maxModelLen())
              + " tokens. Shorten the prompt, or raise max_model_len as far as the model goes");
    }
    checkFits(request);
  }

  private void checkPromptTokens(Request request) {
    int[] prompt = request.promptTokenIds();
    for (int i = 0; i < prompt.length; i++) {
      if (prompt[i] < 0 || prompt[i] >= vocabSize) {
        throw new RequestRefusedException(
            Reason.INVALID,
            "request '"
                + request.id()
                + ("': prompt token " + i + " is " + prompt[i])
                + ("; the model knows 0 to " + (vocabSize - 1)));
      }
    }
  }

  private void checkParameterTokens(Request request) {
    SamplingParams params = request.params();
    checkTokens("logit_bias", params.logitBias().keySet().stream().mapToInt(Integer::intValue));
    if (params.allowedTokenIds() != null) {
      checkTokens("allowed_token_ids", IntStream.of(params.allowedTokenIds()));
    }
    params.badWords().forEach(word -> checkTokens("bad_words", IntStream.of(word)));
  }

  private void checkTokens(String parameter, IntStream ids) {
    ids.filter(id -> id < 0 || id >= vocabSize)
        .findFirst()
        .ifPresent(
            id -> {
              throw new RequestRefusedException(
                  Reason.INVALID,
                  parameter
                      + (" has the token " + id)
                      + ("; the model knows 0 to " + (vocabSize - 1)));
            });
  }

  private void checkFits(Request request) {
    int blocks = Sequence.mostBlocks(request, config.maxModelLen());
    if (blocks > config.numKvBlocks()) {
      throw new RequestRefusedException(
          Reason.KV_CACHE_TOO_SMALL,
          "prompt ("
              + request.promptTokenIds().length
              + " tokens) and max_tokens = "
              + request.params().maxTokens()
              + " may need "
              + blocks
              + " cache blocks of "
              + KvCacheManager.BLOCK_SIZE
              + " tokens; kv_cache_memory holds "
              + config.numKvBlocks()
              + ". Raise kv_cache_memory, or lower max_tokens or max_model_len (now "
              + config.maxModelLen()
              + ")");
    }
  }
}
