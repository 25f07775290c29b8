package org.trlm.tokenizer.chat;

import java.util.List;
import java.util.Map;
import org.trlm.tokenizer.RenderedText;

/** A compiled chat template. */
public final class ChatTemplate {
  private final String where;

  private ChatTemplate(String where) {
    this.where = where;
  }

  public static ChatTemplate compile(String source, String where) {
    return new ChatTemplate(where);
  }

  public RenderedText render(
      List<Message> messages, Map<String, ?> context, boolean addGenerationPrompt) {
    throw new TemplateException(TemplateException.Kind.UNSUPPORTED, "not built", where, 0);
  }
}
