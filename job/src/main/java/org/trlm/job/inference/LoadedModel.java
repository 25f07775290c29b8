package org.trlm.job.inference;

import java.util.Arrays;
import org.trlm.engine.AnswerFormat;
import org.trlm.engine.model.ModelConfig;
import org.trlm.engine.model.ModelWeights;
import org.trlm.job.JobConfig.ModelOptions;
import org.trlm.job.model.ThoughtFormat;
import org.trlm.tokenizer.Tokenizer;
import org.trlm.tokenizer.chat.ReasoningParser;

/**
 * A model ready to run in this JVM, shared read-only by its tasks.
 *
 * @param config sizes and constants
 * @param weights packed for the kernels of this JVM
 * @param tokenizer text to ids and back
 * @param tokenText what each token adds to an answer
 * @param thought how the model marks its thought
 * @param reasoning splits answers; null when no thought is looked for
 * @param answers the same for the engine, with the constraints compiled so far
 * @param endOfTurnTokenIds tokens that end an answer
 * @param freeBytes heap that was free once the model was packed and before any engine was made
 */
record LoadedModel(
    ModelConfig config,
    ModelWeights weights,
    Tokenizer tokenizer,
    TokenText tokenText,
    ThoughtFormat thought,
    ReasoningParser reasoning,
    AnswerFormat answers,
    int[] endOfTurnTokenIds,
    long freeBytes) {

  /** The same weights for a run that looks for thoughts in another way. */
  LoadedModel with(ThoughtFormat other, ModelOptions options) {
    TokenText text =
        Arrays.equals(thought.tagIds(), other.tagIds())
            ? tokenText
            : new TokenText(tokenizer, other.tagIds());
    return new LoadedModel(
        config,
        weights,
        tokenizer,
        text,
        other,
        other.parser(options),
        AnswerFormat.of(text.matched(), endOfTurnTokenIds, other.engineTags(tokenizer)),
        endOfTurnTokenIds,
        freeBytes);
  }
}
