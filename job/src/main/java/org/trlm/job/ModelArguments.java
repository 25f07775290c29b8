package org.trlm.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import org.trlm.job.JobConfig.EnableThinking;
import org.trlm.job.JobConfig.ModelOptions;
import org.trlm.job.JobConfig.ReasoningOptions;
import org.trlm.job.JobConfig.ReasoningPreset;
import org.trlm.job.JobConfig.SpecialTokensInContent;
import picocli.CommandLine.Option;

/** Which model, and how a prompt becomes the text it reads. */
final class ModelArguments {
  @Option(
      names = "--model",
      paramLabel = "PATH",
      description =
          "Model: a directory as Hugging Face lays it out (config.json, tokenizer.json,"
              + " model.safetensors or shards) or a .gguf file, on any Hadoop file system. Required.")
  String model;

  @Option(
      names = "--chat-template",
      paramLabel = "FILE",
      description = "Jinja chat template to use instead of the model's own.")
  Path chatTemplate;

  @Option(
      names = "--no-chat-template",
      arity = "0..1",
      fallbackValue = "true",
      hideParamSyntax = true,
      paramLabel = "true|false",
      description = "Feed the prompt column as it is, without a chat template. Default: false.")
  Boolean noChatTemplate;

  @Option(
      names = "--system-prompt",
      paramLabel = "TEXT",
      description = "System message for rows that have none. Default: what the template does.")
  String systemPrompt;

  @Option(
      names = "--chat-template-kwargs",
      paramLabel = "JSON",
      description =
          "Further variables of the template, a JSON object such as {\"enable_thinking\":true}.")
  String chatTemplateKwargs;

  @Option(
      names = "--template-date",
      paramLabel = "DATE",
      description =
          "The date that templates see as today, 2026-01-31 or 2026-01-31T12:00:00, one for the"
              + " whole job. Default: the start of the job (UTC).")
  String templateDate;

  @Option(
      names = "--special-tokens-in-content",
      paramLabel = "text|parse",
      converter = Words.SpecialTokensInContentConverter.class,
      description =
          "What special tokens become that a message of a user or a tool spells out, as"
              + " <|im_end|>: plain text, or (parse, as transformers does) the control token."
              + " Default: text.")
  SpecialTokensInContent specialTokensInContent;

  @Option(
      names = "--enable-thinking",
      paramLabel = "true|false|auto",
      converter = Words.EnableThinkingConverter.class,
      description =
          "Whether the model thinks before it answers: through the template's enable_thinking where"
              + " it has one, else by an opened or a closed thought at the end of the prompt."
              + " Default: auto (as template and model do).")
  EnableThinking enableThinking;

  @Option(
      names = "--reasoning-parser",
      paramLabel = "NAME",
      converter = Words.ReasoningPresetConverter.class,
      description =
          "How the thought is found in an answer: auto, think_ids, think_text, qwen3, exaone or none."
              + " Default: auto (by token ids where the think tags are tokens, else as the chat"
              + " template writes them).")
  ReasoningPreset reasoningParser;

  @Option(
      names = "--reasoning-start",
      paramLabel = "TAG",
      description = "Tag that opens the thought. Default: <think>.")
  String reasoningStart;

  @Option(
      names = "--reasoning-end",
      paramLabel = "TAG",
      description = "Tag that closes the thought. Default: </think>.")
  String reasoningEnd;

  ModelOptions toOptions() {
    if (model == null || model.isBlank()) {
      throw new JobException(
          "No model is given. Give --model PATH (or the key model in the file of --config): a"
              + " directory with config.json, tokenizer.json and model.safetensors, or a .gguf"
              + " file.");
    }
    boolean raw = Boolean.TRUE.equals(noChatTemplate);
    if (raw && (chatTemplate != null || systemPrompt != null || chatTemplateKwargs != null)) {
      throw new JobException(
          "--no-chat-template feeds the prompt as it is, so --chat-template, --system-prompt and"
              + " --chat-template-kwargs have no effect. Leave out one or the other.");
    }
    if (raw && enableThinking != null && enableThinking != EnableThinking.AUTO) {
      throw new JobException(
          "--no-chat-template feeds the prompt as it is, so --enable-thinking has no effect. End the"
              + " prompts in the think tags themselves, or leave out one of the options.");
    }
    return new ModelOptions(
        model,
        chatTemplate == null ? null : read(chatTemplate),
        raw,
        systemPrompt,
        checkedKwargs(),
        checkedDate(),
        specialTokensInContent == null ? SpecialTokensInContent.TEXT : specialTokensInContent,
        reasoning());
  }

  private ReasoningOptions reasoning() {
    ReasoningOptions otherwise = ReasoningOptions.DEFAULT;
    ReasoningOptions given =
        new ReasoningOptions(
            reasoningParser == null ? otherwise.parser() : reasoningParser,
            tag("--reasoning-start", reasoningStart, otherwise.start()),
            tag("--reasoning-end", reasoningEnd, otherwise.end()),
            enableThinking == null ? otherwise.enableThinking() : enableThinking);
    if (given.start().equals(given.end())) {
      throw new JobException(
          "--reasoning-start and --reasoning-end are both %s; give two different tags."
              .formatted(Words.shorten(given.start())));
    }
    return given;
  }

  private static String tag(String option, String given, String otherwise) {
    if (given != null && given.isEmpty()) {
      throw new JobException(option + " is empty; give the text of a tag, as " + otherwise);
    }
    return given == null ? otherwise : given;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new JobException(
          "--chat-template "
              + file
              + " cannot be read ("
              + e.getClass().getSimpleName()
              + "). Give a readable UTF-8 file that holds one Jinja template.",
          e);
    }
  }

  private String checkedKwargs() {
    if (chatTemplateKwargs == null) {
      return null;
    }
    try {
      JsonNode parsed = new ObjectMapper().readTree(chatTemplateKwargs);
      if (parsed != null && parsed.isObject()) {
        checkGivenOnce(parsed);
        return parsed.toString();
      }
    } catch (JsonProcessingException e) {
      throw kwargsException("is not JSON: " + e.getOriginalMessage());
    }
    throw kwargsException("is not a JSON object");
  }

  private void checkGivenOnce(JsonNode kwargs) {
    if (kwargs.has("enable_thinking")
        && enableThinking != null
        && enableThinking != EnableThinking.AUTO) {
      throw new JobException(
          "enable_thinking is given by --chat-template-kwargs (%s) and by --enable-thinking (%s); give one of the two."
              .formatted(kwargs.get("enable_thinking"), enableThinking.word()));
    }
  }

  private JobException kwargsException(String problem) {
    return new JobException(
        "--chat-template-kwargs "
            + problem
            + "; found: "
            + Words.shorten(chatTemplateKwargs)
            + ". Give an object, as '{\"enable_thinking\": true}'.");
  }

  private String checkedDate() {
    if (templateDate == null) {
      return LocalDateTime.now(ZoneOffset.UTC).truncatedTo(ChronoUnit.SECONDS).toString();
    }
    try {
      return templateDate.contains("T")
          ? LocalDateTime.parse(templateDate).toString()
          : LocalDate.parse(templateDate).atStartOfDay().toString();
    } catch (DateTimeParseException e) {
      throw new JobException(
          "--template-date is '"
              + templateDate
              + "'; give a date as 2026-01-31 or a date and time as 2026-01-31T12:00:00.",
          e);
    }
  }
}
