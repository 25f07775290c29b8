package org.trlm.job.inference;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.spark.sql.Row;
import org.trlm.engine.request.Request;
import org.trlm.engine.request.SamplingParams;
import org.trlm.engine.request.ThoughtTags.State;
import org.trlm.engine.sample.RandomStream;
import org.trlm.job.input.EffectiveSampling;
import org.trlm.job.input.EncodedPrompt;
import org.trlm.job.input.PromptEncoder;
import org.trlm.job.input.PromptFit;
import org.trlm.job.input.PromptRow;
import org.trlm.job.input.RowRefusedException;
import org.trlm.job.output.RowError;

/**
 * The way in: a row of the input becomes a request, or is refused with its reason. One a task, one
 * thread.
 */
final class RowAdmission {
  /** Internal column: {@link PromptRow#contentKey()}. */
  static final String CONTENT_KEY = "_trlm_content_key";

  /** Internal column: number of the row among those with the same content key, from 0. */
  static final String OCCURRENCE = "_trlm_occurrence";

  private final InferenceSettings settings;
  private final PromptEncoder encoder;
  private final LoadedModel model;
  private final GenerationKeys keys;
  private final PromptFit fit;
  private SamplingParams jobParams;

  RowAdmission(
      InferenceSettings settings,
      PromptEncoder encoder,
      LoadedModel model,
      String fingerprint,
      int maxModelLen) {
    this.settings = settings;
    this.encoder = encoder;
    this.model = model;
    this.keys = settings.keys(fingerprint);
    this.fit = new PromptFit(maxModelLen, settings.config().run().promptTooLong());
  }

  /**
   * What becomes of a row.
   *
   * @param samples its answers to be, at least one; without requests when the row is refused
   * @param refusal null when it may run
   * @param promptTokens length of the prompt; null when it was not tokenized
   */
  record Admitted(List<PendingRow> samples, RowError refusal, Integer promptTokens) {}

  Admitted admit(Row input) {
    PromptRow prompt = settings.reader().read(input);
    byte[] rowKey =
        PromptRow.rowKey(
            input.getString(input.fieldIndex(CONTENT_KEY)),
            input.getInt(input.fieldIndex(OCCURRENCE)));
    Draft draft = new Draft(settings.schema().keep(input), prompt.customId(), rowKey);
    draft.sampling = settings.sampling().jobLevel();
    try {
      if (prompt.error() != null) {
        throw new RowRefusedException(prompt.error().code(), prompt.error().message());
      }
      draft.sampling = settings.sampling().resolve(prompt.params());
      draft.prompt = encoder.encode(prompt);
      int[] ids = fit.fit(draft.prompt.tokenIds(), draft.sampling.maxTokens());
      return new Admitted(samples(draft, ids, params(draft.sampling)), null, ids.length);
    } catch (RowRefusedException e) {
      return refused(draft, e.error());
    } catch (RuntimeException | StackOverflowError e) {
      return refused(draft, RowRefusedException.unforeseen(e).error());
    }
  }

  private Admitted refused(Draft draft, RowError error) {
    return new Admitted(
        samples(draft, null, null),
        error,
        draft.prompt == null ? null : Integer.valueOf(draft.prompt.tokenIds().length));
  }

  /** The engine's parameters; those of rows without their own are made once. */
  private SamplingParams params(EffectiveSampling sampling) {
    if (sampling != settings.sampling().jobLevel()) {
      return sampling.engineParams(model.tokenizer());
    }
    if (jobParams == null) {
      jobParams = sampling.engineParams(model.tokenizer());
    }
    return jobParams;
  }

  /**
   * One for each answer asked for.
   *
   * @param ids the prompt's tokens; null when the row is refused
   */
  private List<PendingRow> samples(Draft draft, int[] ids, SamplingParams params) {
    List<PendingRow> samples = new ArrayList<>();
    State thought = ids != null && startsInsideThought(draft.prompt, ids) ? State.OPEN : State.NONE;
    for (int index = 0; index < draft.sampling.n(); index++) {
      String requestId = keys.requestId(draft.rowKey, index, draft.sampling);
      long streamKey = RandomStream.key(draft.sampling.seed(), draft.rowKey, index);
      Request request =
          ids == null ? null : new Request(requestId, ids, params, streamKey, thought);
      samples.add(pending(draft, index, requestId, request));
    }
    return samples;
  }

  /** What is known of a row so far. */
  private static final class Draft {
    final Object[] kept;
    final String customId;
    final byte[] rowKey;
    EffectiveSampling sampling;
    EncodedPrompt prompt;

    Draft(Object[] kept, String customId, byte[] rowKey) {
      this.kept = kept;
      this.customId = customId;
      this.rowKey = rowKey;
    }
  }

  private PendingRow pending(Draft draft, int sampleIndex, String requestId, Request request) {
    boolean rendered = draft.prompt != null && settings.config().output().includeRenderedPrompt();
    return new PendingRow(
        draft.kept,
        draft.customId,
        HexFormat.of().formatHex(draft.rowKey),
        sampleIndex,
        requestId,
        rendered ? draft.prompt.text() : null,
        draft.sampling,
        request != null && request.thought() == State.OPEN,
        request);
  }

  private boolean startsInsideThought(EncodedPrompt prompt, int[] ids) {
    return model.reasoning() != null
        && model.reasoning().promptOpensThought(prompt.rendered(), ids);
  }
}
