package org.trlm.job.inference;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import org.trlm.engine.request.RequestOutput;
import org.trlm.job.input.EffectiveSampling;
import org.trlm.job.output.ResponseRow.Answer;
import org.trlm.job.output.ResponseRow.Metrics;
import org.trlm.job.output.ResponseRow.Usage;
import org.trlm.tokenizer.chat.ReasoningParser;
import org.trlm.tokenizer.chat.ReasoningParser.ReasonedText;
import org.trlm.tokenizer.chat.ReasoningParser.Span;
import org.trlm.tokenizer.chat.ReasoningParser.Split;

/** Token ids to text, and text to thought and answer. One a task, one thread. */
final class ResponseAssembler {
  private final TokenText tokenText;
  private final ReasoningParser reasoning;
  private final boolean includeTokenIds;

  /**
   * @param reasoning null when the model has no think tags
   * @param includeTokenIds fill {@link Answer#tokenIds()}
   */
  ResponseAssembler(TokenText tokenText, ReasoningParser reasoning, boolean includeTokenIds) {
    this.tokenText = tokenText;
    this.reasoning = reasoning;
    this.includeTokenIds = includeTokenIds;
  }

  Answer answer(RequestOutput output, PendingRow row) {
    int[] ids = output.tokenIds();
    Cut cut = cut(output, row.sampling());
    boolean skip = row.sampling().skipSpecialTokens();
    int[] shown = Arrays.copyOf(ids, cut.tokens + (cut.bytes > 0 ? 1 : 0));
    ReasonedText parts =
        ReasoningParser.text(
            split(shown, row.startsInsideThought()), span -> text(ids, span, cut, skip));
    return new Answer(
        text(ids, new Span(0, shown.length), cut, skip),
        parts.reasoning(),
        parts.content(),
        parts.state().name().toLowerCase(Locale.ROOT),
        output.finishReason().word(),
        output.stopReason(),
        includeTokenIds ? ids : null);
  }

  Usage usage(RequestOutput output, PendingRow row) {
    Span thought = split(output.tokenIds(), row.startsInsideThought()).reasoning();
    return new Usage(
        output.promptTokens(),
        output.tokenIds().length,
        thought == null ? 0 : thought.end() - thought.start(),
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

  private Split split(int[] ids, boolean startsInsideThought) {
    if (reasoning != null) {
      return reasoning.parse(ids, startsInsideThought);
    }
    return Split.withoutThought(ids.length);
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

  private String text(int[] ids, Span span, Cut cut, boolean skipSpecialTokens) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = span.start(); i < Math.min(span.end(), cut.tokens); i++) {
      bytes.writeBytes(skipSpecialTokens ? tokenText.matched(ids[i]) : tokenText.complete(ids[i]));
    }
    if (cut.bytes > 0 && span.start() <= cut.tokens && cut.tokens < span.end()) {
      bytes.write(tokenText.matched(ids[cut.tokens]), 0, cut.bytes);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
