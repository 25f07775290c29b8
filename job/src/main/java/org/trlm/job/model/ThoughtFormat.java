package org.trlm.job.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import org.trlm.engine.request.ThoughtTags;
import org.trlm.job.JobConfig.EnableThinking;
import org.trlm.job.JobConfig.ModelOptions;
import org.trlm.job.JobException;
import org.trlm.tokenizer.Tokenizer;
import org.trlm.tokenizer.chat.Qwen3ReasoningParser;
import org.trlm.tokenizer.chat.ReasoningParser;
import org.trlm.tokenizer.chat.ThinkTags;

/**
 * How a model marks its thought: what the option {@code --reasoning-parser} comes to with the
 * model's tokens and template. Immutable.
 *
 * @param tags how the tags are found
 * @param open text of the opening tag; also told where no thought is looked for
 * @param close text of the closing tag
 * @param openId the opening tag's token; -1 when it is not one
 * @param closeId the closing tag's token; -1 when it is not one
 * @param emptyThought what stands between the tags of a thought that is skipped
 * @param afterThought what stands between a skipped thought and the answer
 * @param opensByItself whether an answer is a thought although nothing opened one, as Qwen3's
 */
public record ThoughtFormat(
    Tags tags,
    String open,
    String close,
    int openId,
    int closeId,
    String emptyThought,
    String afterThought,
    boolean opensByItself) {

  private static final String EXAONE_OPEN = "<thought>";
  private static final String EXAONE_CLOSE = "</thought>";
  private static final String BLANK_LINE = "\n\n";

  /** How tags are found in an answer. */
  public enum Tags {
    /** no thought is looked for */
    NONE,
    /** each tag is one token */
    IDS,
    /** by their text, whatever tokens spell them */
    TEXT
  }

  /**
   * @throws JobException when the preset cannot work with this model
   */
  public static ThoughtFormat of(ModelOptions options, ModelBundle model) {
    return of(options, model.tokenizer(), template(options, model));
  }

  private static String template(ModelOptions options, ModelBundle model) {
    String template =
        options.chatTemplate() == null ? model.ownChatTemplate() : options.chatTemplate();
    return template == null || options.noChatTemplate() ? "" : template;
  }

  static ThoughtFormat of(ModelOptions options, Tokenizer tokenizer, String template) {
    String open = options.reasoning().start();
    String close = options.reasoning().end();
    boolean tokens = isToken(tokenizer, open) && isToken(tokenizer, close);
    Tags found = tokens ? Tags.IDS : Tags.TEXT;
    return switch (options.reasoning().parser()) {
      case NONE -> format(Tags.NONE, open, close, tokenizer, "");
      case THINK_TEXT -> format(Tags.TEXT, open, close, tokenizer, "");
      case QWEN3 -> qwen3(format(found, open, close, tokenizer, BLANK_LINE));
      case EXAONE ->
          tokens
              ? format(Tags.IDS, open, close, tokenizer, BLANK_LINE)
              : format(Tags.TEXT, EXAONE_OPEN, EXAONE_CLOSE, tokenizer, BLANK_LINE);
      case THINK_IDS -> {
        if (!tokens) {
          throw new JobException(
              "--reasoning-parser think_ids needs tags that are tokens of the model, and %s and %s are not. Name its tags with --reasoning-start and --reasoning-end, or take think_text, which finds them in the text."
                  .formatted(open, close));
        }
        yield format(Tags.IDS, open, close, tokenizer, "");
      }
      case AUTO -> auto(open, close, tokens, tokenizer, template);
    };
  }

  /** By ids where the tags are tokens; else what the template writes; else no thought. */
  private static ThoughtFormat auto(
      String open, String close, boolean tokens, Tokenizer tokenizer, String template) {
    if (tokens) {
      return format(Tags.IDS, open, close, tokenizer, "");
    }
    if (template.contains(open) || template.contains(close)) {
      return format(Tags.TEXT, open, close, tokenizer, "");
    }
    return template.contains(EXAONE_OPEN) || template.contains(EXAONE_CLOSE)
        ? format(Tags.TEXT, EXAONE_OPEN, EXAONE_CLOSE, tokenizer, BLANK_LINE)
        : format(Tags.NONE, open, close, tokenizer, "");
  }

  private static ThoughtFormat format(
      Tags tags, String open, String close, Tokenizer tokenizer, String blank) {
    return new ThoughtFormat(
        tags, open, close, id(tokenizer, open), id(tokenizer, close), blank, blank, false);
  }

  private static ThoughtFormat qwen3(ThoughtFormat plain) {
    return new ThoughtFormat(
        plain.tags,
        plain.open,
        plain.close,
        plain.openId,
        plain.closeId,
        plain.emptyThought,
        plain.afterThought,
        true);
  }

  private static boolean isToken(Tokenizer tokenizer, String text) {
    return tokenizer.tokenId(text).isPresent();
  }

  private static int id(Tokenizer tokenizer, String text) {
    OptionalInt id = tokenizer.tokenId(text);
    return id.isPresent() ? id.getAsInt() : -1;
  }

  /**
   * Splits answers; null when no thought is looked for.
   *
   * @param options of the run, which may have turned thinking off
   */
  public ReasoningParser parser(ModelOptions options) {
    if (tags == Tags.NONE) {
      return null;
    }
    ThinkTags found =
        tags == Tags.IDS ? ThinkTags.ofIds(openId, closeId) : ThinkTags.ofText(open, close);
    if (!opensByItself) {
      return found;
    }
    return thinkingIsOff(options)
        ? Qwen3ReasoningParser.notThinking(found)
        : Qwen3ReasoningParser.thinking(found);
  }

  private static boolean thinkingIsOff(ModelOptions options) {
    if (options.chatTemplateKwargs() == null) {
      return options.reasoning().enableThinking() == EnableThinking.FALSE;
    }
    try {
      JsonNode given =
          new ObjectMapper().readTree(options.chatTemplateKwargs()).path("enable_thinking");
      return options.reasoning().enableThinking() == EnableThinking.FALSE
          || (given.isBoolean() && !given.booleanValue());
    } catch (JsonProcessingException e) {
      throw new JobException("--chat-template-kwargs is not JSON: " + e.getOriginalMessage(), e);
    }
  }

  /** The same for the engine, which follows the thought as it is generated. */
  public ThoughtTags engineTags(Tokenizer tokenizer) {
    return switch (tags) {
      case NONE -> ThoughtTags.NONE;
      case IDS -> ThoughtTags.ofIds(openId, closeId);
      case TEXT ->
          ThoughtTags.ofText(
              open.getBytes(StandardCharsets.UTF_8),
              close.getBytes(StandardCharsets.UTF_8),
              tokenizer.encode(close));
    };
  }

  /**
   * Tokens that stay in the text although they may be special; none when the tags are no tokens.
   */
  public int[] tagIds() {
    return openId >= 0 && closeId >= 0 ? new int[] {openId, closeId} : new int[0];
  }
}
