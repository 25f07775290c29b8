package org.trlm.job.inference;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.trlm.engine.request.RequestOutput;
import org.trlm.job.input.EffectiveSampling;
import org.trlm.job.output.ResponseRow.Answer;
import org.trlm.job.output.ResponseRow.Metrics;
import org.trlm.job.output.ResponseRow.TokenLogprob;
import org.trlm.job.output.ResponseRow.Usage;
import org.trlm.tokenizer.chat.GeneratedText;
import org.trlm.tokenizer.chat.ReasoningParser;
import org.trlm.tokenizer.chat.ReasoningParser.ReasonedText;
import org.trlm.tokenizer.chat.ReasoningParser.Span;
import org.trlm.tokenizer.chat.ReasoningParser.Split;

/** Token ids to text, and text to thought and answer. One a task, one thread. */
final class ResponseAssembler {
  private final TokenText tokenText;
  private final ReasoningParser reasoning;
  private final boolean includeTokenIds;
  private final LogprobEntries logprobs;

  /**
   * @param reasoning null when no thought is looked for
   * @param includeTokenIds fill {@link Answer#tokenIds()}
   */
  ResponseAssembler(TokenText tokenText, ReasoningParser reasoning, boolean includeTokenIds) {
    this.tokenText = tokenText;
    this.reasoning = reasoning;
    this.includeTokenIds = includeTokenIds;
    this.logprobs = new LogprobEntries(tokenText);
  }

  Answer answer(RequestOutput output, PendingRow row) {
    GeneratedText text = text(output, row.sampling());
    ReasonedText parts = ReasoningParser.text(split(text, row.startsInsideThought()), text);
    return new Answer(
        text.text(new Span(0, text.bytes().length)),
        parts.reasoning(),
        parts.content(),
        parts.state().name().toLowerCase(Locale.ROOT),
        output.finishReason().word(),
        output.stopReason(),
        includeTokenIds ? output.tokenIds() : null,
        logprobs.of(output.tokenIds(), 0, output.logprobs()),
        output.logprobs() == null ? null : Double.valueOf(output.logprobs().cumulative()),
        promptLogprobs(output, row));
  }

  /** The first token has nothing before it that could predict it. */
  private List<TokenLogprob> promptLogprobs(RequestOutput output, PendingRow row) {
    List<TokenLogprob> entries =
        logprobs.of(row.request().promptTokenIds(), 1, output.promptLogprobs());
    if (entries != null) {
      entries.add(0, null);
    }
    return entries;
  }

  Usage usage(RequestOutput output, PendingRow row) {
    int[] ids = output.tokenIds();
    GeneratedText text = new GeneratedText(ids, at -> tokenText.matched(ids[at]));
    Span thought = split(text, row.startsInsideThought()).reasoning();
    return new Usage(
        output.promptTokens(),
        ids.length,
        thought == null ? 0 : text.tokensIn(thought),
        output.cachedTokens());
  }

  static Metrics metrics(RequestOutput output, int attempt) {
    RequestOutput.Timings timings = output.timings();
    double busyMs = timings.prefillMs() + timings.decodeMs();
    return new Metrics(
        timings.queueMs(),
        timings.prefillMs(),
        timings.firstTokenMs(),
        timings.decodeMs(),
        timings.e2eMs(),
        busyMs > 0 ? output.tokenIds().length * 1000.0 / busyMs : null,
        attempt);
  }

  private Split split(GeneratedText text, boolean startsInsideThought) {
    return reasoning == null
        ? Split.withoutThought(text)
        : reasoning.parse(text, startsInsideThought);
  }

  /**
   * Where the text ends.
   *
   * @param tokens tokens whose whole text is shown
   * @param bytes bytes shown of the token after them
   */
  private record Cut(int tokens, int bytes) {}

  private Cut cut(RequestOutput output, EffectiveSampling sampling) {
    int[] ids = output.tokenIds();
    if (output.stopTextOffset() < 0) {
      return new Cut(ids.length, 0);
    }
    int left = output.stopTextOffset();
    if (sampling.includeStopStrInOutput()) {
      left += output.stopReason().getBytes(StandardCharsets.UTF_8).length;
    }
    for (int i = 0; i < ids.length; i++) {
      int length = tokenText.matched(ids[i]).length;
      if (length > left) {
        return new Cut(i, left);
      }
      left -= length;
    }
    return new Cut(ids.length, 0);
  }

  /** The text that is shown: to a stop string that ended it, special tokens left out or not. */
  private GeneratedText text(RequestOutput output, EffectiveSampling sampling) {
    Cut cut = cut(output, sampling);
    int[] shown = Arrays.copyOf(output.tokenIds(), cut.tokens + (cut.bytes > 0 ? 1 : 0));
    return new GeneratedText(
        shown,
        at -> {
          if (at == cut.tokens) {
            return Arrays.copyOf(tokenText.matched(shown[at]), cut.bytes);
          }
          return sampling.skipSpecialTokens()
              ? tokenText.matched(shown[at])
              : tokenText.complete(shown[at]);
        });
  }
}
