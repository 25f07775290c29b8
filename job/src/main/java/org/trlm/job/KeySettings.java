package org.trlm.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.Map;
import java.util.TreeMap;
import org.trlm.engine.kernel.ComputeMode;
import org.trlm.engine.kernel.KvCacheDtype;
import org.trlm.job.JobConfig.Dtype;
import org.trlm.job.JobConfig.EnableThinking;
import org.trlm.job.JobConfig.ModelOptions;
import org.trlm.job.JobConfig.PromptTooLong;
import org.trlm.job.JobConfig.ReasoningOptions;
import org.trlm.job.JobConfig.SpecialTokensInContent;
import org.trlm.job.input.JsonValues;
import org.trlm.job.input.PromptEncoder;
import org.trlm.job.model.ModelBundle;
import org.trlm.job.model.ThoughtFormat;

/**
 * The settings of a run that change answers, beside the model, the row and its sampling parameters:
 * a part of each row's request id. What an option comes to counts, not whether it was typed, so
 * that a default that is spelled out keeps the ids. Driver only.
 */
final class KeySettings {
  private KeySettings() {}

  /** Canonical JSON: keys sorted, settings that are as the model brings them left out. */
  static String of(JobConfig config, ModelBundle bundle) {
    return JsonValues.canonical(values(config, bundle));
  }

  /** The same by name. */
  static Map<String, Object> values(JobConfig config, ModelBundle bundle) {
    ModelOptions model = config.model();
    Map<String, Object> settings = new TreeMap<>();
    settings.put("dtype", dtype(config.engine().dtype(), bundle).word());
    if (config.engine().compute().mode() != ComputeMode.EXACT) {
      settings.put("compute", config.engine().compute().word());
    }
    if (config.engine().kvCacheDtype() != KvCacheDtype.FLOAT32) {
      settings.put("kv_cache_dtype", config.engine().kvCacheDtype().spelling());
    }
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
    Map<String, Object> kwargs = kwargs(model);
    putThinking(model, bundle, settings, kwargs);
    if (!kwargs.isEmpty()) {
      settings.put("chat_template_kwargs", kwargs);
    }
    if (model.specialTokensInContent() == SpecialTokensInContent.PARSE) {
      settings.put("special_tokens_in_content", SpecialTokensInContent.PARSE.word());
    }
    putReasoning(model, bundle, settings);
    return settings;
  }

  /** The option is a template variable where the template has it, else an end of the prompt. */
  private static void putThinking(
      ModelOptions model,
      ModelBundle bundle,
      Map<String, Object> settings,
      Map<String, Object> kwargs) {
    EnableThinking asked = model.reasoning().enableThinking();
    if (asked == EnableThinking.AUTO) {
      return;
    }
    if (PromptEncoder.template(model, bundle).mentions(PromptEncoder.ENABLE_THINKING)) {
      kwargs.put(PromptEncoder.ENABLE_THINKING, asked == EnableThinking.TRUE);
    } else {
      settings.put(PromptEncoder.ENABLE_THINKING, asked.word());
    }
  }

  private static void putReasoning(
      ModelOptions model, ModelBundle bundle, Map<String, Object> settings) {
    ReasoningOptions asked = model.reasoning();
    ReasoningOptions neutral = ReasoningOptions.DEFAULT;
    putUnless(settings, "reasoning_start", asked.start(), neutral.start());
    putUnless(settings, "reasoning_end", asked.end(), neutral.end());
    ReasoningOptions auto =
        new ReasoningOptions(neutral.parser(), asked.start(), asked.end(), asked.enableThinking());
    if (!ThoughtFormat.of(model, bundle).equals(ThoughtFormat.of(model.with(auto), bundle))) {
      settings.put("reasoning_parser", asked.parser().word());
    }
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

  private static Map<String, Object> kwargs(ModelOptions model) {
    Map<String, Object> kwargs = new TreeMap<>();
    try {
      if (model.chatTemplateKwargs() != null
          && JsonValues.parse(model.chatTemplateKwargs()) instanceof Map<?, ?> object) {
        object.forEach((name, value) -> kwargs.put(String.valueOf(name), value));
      }
      return kwargs;
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
