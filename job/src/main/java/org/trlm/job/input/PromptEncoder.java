package org.trlm.job.input;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.trlm.job.JobConfig.EnableThinking;
import org.trlm.job.JobConfig.ModelOptions;
import org.trlm.job.JobConfig.SpecialTokensInContent;
import org.trlm.job.JobException;
import org.trlm.job.Words;
import org.trlm.job.model.ModelBundle;
import org.trlm.job.model.ThoughtFormat;
import org.trlm.job.output.RowError;
import org.trlm.tokenizer.RenderedText;
import org.trlm.tokenizer.Tokenizer;
import org.trlm.tokenizer.chat.ChatTemplate;
import org.trlm.tokenizer.chat.Message;
import org.trlm.tokenizer.chat.TemplateException;

/**
 * Row to token ids: messages, chat template, tokenizer. Immutable and thread-safe; one per model
 * and JVM. {@code tokenize} and {@code generate} both use it, so that counts agree.
 */
public final class PromptEncoder {
  /** The variable by which templates are told whether the model shall think. */
  public static final String ENABLE_THINKING = "enable_thinking";

  private static final String SYSTEM = "system";

  private final Tokenizer tokenizer;
  private final ChatTemplate template;
  private final Map<String, ?> templateContext;
  private final String systemPrompt;
  private final SpecialTokensInContent specialTokensInContent;
  private final ThoughtEnding ending;

  private PromptEncoder(
      Tokenizer tokenizer,
      ChatTemplate template,
      Map<String, ?> templateContext,
      String systemPrompt,
      SpecialTokensInContent specialTokensInContent,
      ThoughtEnding ending) {
    this.tokenizer = tokenizer;
    this.template = template;
    this.templateContext = templateContext;
    this.systemPrompt = systemPrompt;
    this.specialTokensInContent = specialTokensInContent;
    this.ending = ending;
  }

  /**
   * What the options and the model say.
   *
   * @throws JobException when there is no chat template that can be used, or no way to turn
   *     thinking on or off as asked
   */
  public static PromptEncoder of(ModelOptions options, ModelBundle model) {
    if (options.noChatTemplate()) {
      return new PromptEncoder(
          model.tokenizer(),
          null,
          Map.of(),
          null,
          options.specialTokensInContent(),
          ThoughtEnding.NONE);
    }
    ChatTemplate template = template(options, model);
    Map<String, Object> context = new HashMap<>(model.specialTokens());
    context.put("strftime_now", LocalDateTime.parse(options.templateDate()).atZone(ZoneOffset.UTC));
    context.putAll(kwargs(options.chatTemplateKwargs()));
    EnableThinking asked = options.reasoning().enableThinking();
    ThoughtEnding ending = ThoughtEnding.NONE;
    if (asked != EnableThinking.AUTO && template.mentions(ENABLE_THINKING)) {
      context.put(ENABLE_THINKING, asked == EnableThinking.TRUE);
    } else {
      ending = ThoughtEnding.of(asked, ThoughtFormat.of(options, model));
    }
    return new PromptEncoder(
        model.tokenizer(),
        template,
        context,
        options.systemPrompt(),
        options.specialTokensInContent(),
        ending);
  }

  /**
   * The chat template that the options and the model say.
   *
   * @throws JobException when there is none that can be used
   */
  public static ChatTemplate template(ModelOptions options, ModelBundle model) {
    return options.chatTemplate() == null
        ? model.chatTemplate()
        : ModelBundle.compile(options.chatTemplate(), "--chat-template");
  }

  private static Map<String, Object> kwargs(String json) {
    Map<String, Object> kwargs = new HashMap<>();
    try {
      if (json != null && JsonValues.parse(json) instanceof Map<?, ?> object) {
        object.forEach((name, value) -> kwargs.put(String.valueOf(name), value));
        return kwargs;
      }
    } catch (JsonProcessingException e) {
      throw notAnObject(json);
    }
    if (json != null) {
      throw notAnObject(json);
    }
    return kwargs;
  }

  private static JobException notAnObject(String json) {
    return new JobException(
        "--chat-template-kwargs is %s; expected a JSON object such as {\"enable_thinking\": false}."
            .formatted(Words.shorten(json)));
  }

  /**
   * Prompts and messages go through a chat template.
   *
   * @param templateContext the template's variables beside the messages
   * @param systemPrompt added as a system message where a row has none; null adds nothing
   * @return an encoder for which special tokens in content are text
   */
  public static PromptEncoder ofChat(
      Tokenizer tokenizer,
      ChatTemplate template,
      Map<String, ?> templateContext,
      String systemPrompt) {
    return new PromptEncoder(
        tokenizer,
        template,
        templateContext,
        systemPrompt,
        SpecialTokensInContent.TEXT,
        ThoughtEnding.NONE);
  }

  /**
   * @throws RowRefusedException when the row itself carries an error, or its messages cannot be
   *     rendered
   */
  public EncodedPrompt encode(PromptRow row) throws RowRefusedException {
    if (row.error() != null) {
      throw new RowRefusedException(row.error().code(), row.error().message());
    }
    RenderedText rendered = template == null ? plain(row) : render(conversation(row));
    rendered = readable(ending.appendTo(rendered));
    int[] ids = tokenizer.encode(rendered, template == null);
    if (ids.length == 0) {
      throw new RowRefusedException(
          RowError.Code.PROMPT_MISSING,
          "the prompt has no tokens after the chat template; give a text.");
    }
    return new EncodedPrompt(rendered, ids);
  }

  /**
   * A prompt and what follows it, tokenized as one text: the tokens of the continuation are those
   * after the prompt's own count.
   *
   * @param prefix trusted text before the continuation
   * @param continuation data, like a user's message
   */
  public int[] encodeContinued(EncodedPrompt prompt, String prefix, String continuation) {
    String before = prompt.text() + prefix;
    int[] ranges = prompt.rendered().contentRanges();
    int[] content = Arrays.copyOf(ranges, ranges.length + 2);
    content[ranges.length] = before.length();
    content[ranges.length + 1] = before.length() + continuation.length();
    RenderedText whole = new RenderedText(before + continuation, content);
    return tokenizer.encode(readable(whole), template == null);
  }

  /** The tokens of a text by itself, which is data: no template, nothing added. */
  public int[] encodeText(String text) {
    return tokenizer.encode(readable(new RenderedText(text, new int[] {0, text.length()})), false);
  }

  private RenderedText readable(RenderedText rendered) {
    return specialTokensInContent == SpecialTokensInContent.PARSE
        ? RenderedText.trusted(rendered.text())
        : rendered;
  }

  private static RenderedText plain(PromptRow row) throws RowRefusedException {
    if (row.messages() != null) {
      throw new RowRefusedException(
          RowError.Code.MESSAGES_INVALID,
          "messages need a chat template, and --no-chat-template is set; give a prompt, or leave the option out.");
    }
    return RenderedText.trusted(row.prompt());
  }

  private RenderedText render(List<Message> messages) throws RowRefusedException {
    try {
      List<Message> prepared =
          messages.stream().map(message -> ContentParts.prepared(message, template)).toList();
      return template.render(prepared, templateContext, true);
    } catch (TemplateException e) {
      throw new RowRefusedException(
          RowError.Code.TEMPLATE_FAILED,
          e.getMessage() + ". Mend the row's messages, or give another --chat-template.");
    }
  }

  private List<Message> conversation(PromptRow row) {
    List<Message> messages =
        row.messages() != null ? row.messages() : List.of(Message.of("user", row.prompt()));
    if (systemPrompt == null || messages.stream().anyMatch(turn -> SYSTEM.equals(turn.role()))) {
      return messages;
    }
    List<Message> all = new ArrayList<>(messages.size() + 1);
    all.add(Message.of(SYSTEM, systemPrompt));
    all.addAll(messages);
    return all;
  }
}
