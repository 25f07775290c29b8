package org.trlm.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.Map;
import java.util.TreeMap;
import org.trlm.job.JobConfig.Dtype;
import org.trlm.job.JobConfig.ModelOptions;
import org.trlm.job.JobConfig.PromptTooLong;
import org.trlm.job.JobConfig.SpecialTokensInContent;
import org.trlm.job.input.JsonValues;
import org.trlm.job.model.ModelBundle;

/**
 * The settings of a run that change answers, beside the model, the row and its sampling parameters:
 * a part of each row's request id. What an option comes to counts, not whether it was typed, so
 * that a default that is spelled out keeps the ids. Driver only.
 */
final class KeySettings {
  private KeySettings() {}

  /** Canonical JSON: keys sorted, settings that are as the model brings them left out. */
  static String of(JobConfig config, ModelBundle bundle) {
    ModelOptions model = config.model();
    Map<String, Object> settings = new TreeMap<>();
    settings.put("dtype", dtype(config.engine().dtype(), bundle).word());
    settings.put("max_model_len", maxModelLen(config, bundle));
    if (config.run().promptTooLong() == PromptTooLong.TRUNCATE_LEFT) {
      // the other policies do not change what a row is answered, only how a refusal is called
      settings.put("prompt_too_long", PromptTooLong.TRUNCATE_LEFT.word());
    }
    if (model.noChatTemplate()) {
      settings.put("no_chat_template", true);
    }
    if (model.chatTemplate() != null && !model.chatTemplate().equals(bundle.ownChatTemplate())) {
      settings.put("chat_template", model.chatTemplate());
    }
    if (model.systemPrompt() != null) {
      settings.put("system_prompt", model.systemPrompt());
    }
    Map<?, ?> kwargs = kwargs(model);
    if (!kwargs.isEmpty()) {
      settings.put("chat_template_kwargs", kwargs);
    }
    if (model.specialTokensInContent() == SpecialTokensInContent.PARSE) {
      settings.put("special_tokens_in_content", SpecialTokensInContent.PARSE.word());
    }
    putUnless(settings, "reasoning_start", model.reasoningStart(), ModelOptions.REASONING_START);
    putUnless(settings, "reasoning_end", model.reasoningEnd(), ModelOptions.REASONING_END);
    return JsonValues.canonical(settings);
  }

  /** What {@code --dtype auto} comes to with this model; other types are themselves. */
  static Dtype dtype(Dtype asked, ModelBundle bundle) {
    if (asked != Dtype.AUTO) {
      return asked;
    }
    return bundle.isBfloat16() ? Dtype.BFLOAT16 : Dtype.FLOAT32;
  }

  private static int maxModelLen(JobConfig config, ModelBundle bundle) {
    Integer asked = config.engine().maxModelLen();
    return asked == null ? bundle.config().maxPositionEmbeddings() : asked;
  }

  private static Map<?, ?> kwargs(ModelOptions model) {
    try {
      return model.chatTemplateKwargs() != null
              && JsonValues.parse(model.chatTemplateKwargs()) instanceof Map<?, ?> object
          ? object
          : Map.of();
    } catch (JsonProcessingException e) {
      throw new JobException("--chat-template-kwargs is not JSON: " + e.getOriginalMessage(), e);
    }
  }

  private static void putUnless(
      Map<String, Object> settings, String name, String value, String neutral) {
    if (!value.equals(neutral)) {
      settings.put(name, value);
    }
  }
}
