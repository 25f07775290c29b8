package org.trlm.job.input;

import org.trlm.job.JobConfig.EnableThinking;
import org.trlm.job.JobException;
import org.trlm.job.model.ThoughtFormat;
import org.trlm.job.model.ThoughtFormat.Tags;
import org.trlm.tokenizer.RenderedText;

/**
 * The end of the prompt that makes a model think or not, where its template has no variable for it:
 * an opened thought, or one that is closed at once. Immutable.
 */
final class ThoughtEnding {
  /** Prompts stay as the template ends them. */
  static final ThoughtEnding NONE = new ThoughtEnding(EnableThinking.AUTO, null);

  private final EnableThinking thinking;
  private final ThoughtFormat format;

  private ThoughtEnding(EnableThinking thinking, ThoughtFormat format) {
    this.thinking = thinking;
    this.format = format;
  }

  /**
   * @throws JobException when thinking is to be turned on or off and the model has no think tags
   */
  static ThoughtEnding of(EnableThinking thinking, ThoughtFormat format) {
    if (thinking == EnableThinking.AUTO) {
      return NONE;
    }
    if (format.tags() == Tags.NONE) {
      throw new JobException(
          "--enable-thinking is %s, but the chat template has no variable enable_thinking, and %s and %s are no tags of this model. Leave the option out, or name the model's tags with --reasoning-parser think_text, --reasoning-start and --reasoning-end."
              .formatted(thinking.word(), format.open(), format.close()));
    }
    return new ThoughtEnding(thinking, format);
  }

  /** The prompt with its end; what is added is trusted. */
  RenderedText appendTo(RenderedText prompt) {
    String added = added(prompt);
    return added.isEmpty()
        ? prompt
        : new RenderedText(prompt.text() + added, prompt.contentRanges());
  }

  private String added(RenderedText prompt) {
    if (thinking == EnableThinking.AUTO) {
      return "";
    }
    boolean opened = endsIn(format.open(), prompt);
    if (thinking == EnableThinking.TRUE) {
      return opened ? "" : format.open();
    }
    if (endsIn(format.close(), prompt)) {
      return "";
    }
    if (!opened) {
      return format.open() + format.emptyThought() + format.close() + format.afterThought();
    }
    // the template may have begun the blank that stands between the tags
    String written = prompt.text().substring(prompt.text().stripTrailing().length());
    String blank = format.emptyThought();
    String left = blank.startsWith(written) ? blank.substring(written.length()) : "";
    return left + format.close() + format.afterThought();
  }

  /** Whether the template itself ends the prompt in a tag, white space aside. */
  private static boolean endsIn(String tag, RenderedText prompt) {
    String text = prompt.text().stripTrailing();
    int[] content = prompt.contentRanges();
    int contentEnd = content.length == 0 ? 0 : content[content.length - 1];
    return text.endsWith(tag) && contentEnd <= text.length() - tag.length();
  }
}
