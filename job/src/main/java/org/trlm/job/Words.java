package org.trlm.job;

import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.trlm.engine.kernel.KvCacheDtype;
import org.trlm.job.JobConfig.Compute;
import org.trlm.job.JobConfig.Dtype;
import org.trlm.job.JobConfig.EnableThinking;
import org.trlm.job.JobConfig.Format;
import org.trlm.job.JobConfig.PromptTooLong;
import org.trlm.job.JobConfig.ReasoningPreset;
import org.trlm.job.JobConfig.Retry;
import org.trlm.job.JobConfig.SourceFormat;
import org.trlm.job.JobConfig.SpecialTokensInContent;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Words that users type, into values; and the nearest known word to a mistyped one. */
public final class Words {
  private Words() {}

  static final class FormatConverter implements ITypeConverter<Format> {
    @Override
    public Format convert(String word) {
      return Arrays.stream(Format.values())
          .filter(format -> format.word().equalsIgnoreCase(word.strip()))
          .findFirst()
          .orElseThrow(() -> unknown(word, Arrays.stream(Format.values()).map(Format::word)));
    }
  }

  static final class SourceFormatConverter implements ITypeConverter<SourceFormat> {
    @Override
    public SourceFormat convert(String word) {
      return Arrays.stream(SourceFormat.values())
          .filter(format -> format.word().equalsIgnoreCase(word.strip()))
          .findFirst()
          .orElseThrow(
              () -> unknown(word, Arrays.stream(SourceFormat.values()).map(SourceFormat::word)));
    }
  }

  static final class DtypeConverter implements ITypeConverter<Dtype> {
    @Override
    public Dtype convert(String word) {
      return oneOf(Dtype.values(), word);
    }
  }

  static final class ComputeConverter implements ITypeConverter<Compute> {
    @Override
    public Compute convert(String word) {
      return oneOf(Compute.values(), word);
    }
  }

  static final class KvCacheDtypeConverter implements ITypeConverter<KvCacheDtype> {
    @Override
    public KvCacheDtype convert(String word) {
      return oneOf(KvCacheDtype.values(), word);
    }
  }

  static final class RetryConverter implements ITypeConverter<Retry> {
    @Override
    public Retry convert(String word) {
      return oneOf(Retry.values(), word);
    }
  }

  static final class PromptTooLongConverter implements ITypeConverter<PromptTooLong> {
    @Override
    public PromptTooLong convert(String word) {
      return oneOf(PromptTooLong.values(), word);
    }
  }

  static final class SpecialTokensInContentConverter
      implements ITypeConverter<SpecialTokensInContent> {
    @Override
    public SpecialTokensInContent convert(String word) {
      return oneOf(SpecialTokensInContent.values(), word);
    }
  }

  static final class ReasoningPresetConverter implements ITypeConverter<ReasoningPreset> {
    @Override
    public ReasoningPreset convert(String word) {
      return oneOf(ReasoningPreset.values(), word);
    }
  }

  static final class EnableThinkingConverter implements ITypeConverter<EnableThinking> {
    @Override
    public EnableThinking convert(String word) {
      return oneOf(EnableThinking.values(), word);
    }
  }

  /** {@code 512m} into bytes. */
  static final class SizeConverter implements ITypeConverter<Long> {
    @Override
    public Long convert(String word) {
      String digits = word.strip().toLowerCase(Locale.ROOT);
      int shift = 0;
      if (!digits.isEmpty()) {
        shift = 10 * ("kmg".indexOf(digits.charAt(digits.length() - 1)) + 1);
      }
      try {
        long number =
            Long.parseLong(shift == 0 ? digits : digits.substring(0, digits.length() - 1));
        long bytes = Math.multiplyExact(number, 1L << shift);
        if (bytes > 0) {
          return bytes;
        }
      } catch (NumberFormatException | ArithmeticException e) {
        // told below, in the words of the option
      }
      throw new TypeConversionException(
          "'" + word + "' is not a size; allowed: bytes above 0, or with k, m or g, as 512m");
    }
  }

  private static <E extends Enum<E>> E oneOf(E[] values, String word) {
    for (E value : values) {
      if (value.name().equalsIgnoreCase(word.strip())) {
        return value;
      }
    }
    throw unknown(word, Arrays.stream(values).map(value -> value.name().toLowerCase(Locale.ROOT)));
  }

  private static TypeConversionException unknown(String word, Stream<String> allowed) {
    return new TypeConversionException(
        "'" + word + "' is not known; allowed: " + allowed.collect(Collectors.joining(", ")));
  }

  /** The known word nearest to {@code found}, if any is near enough to be meant. */
  public static Optional<String> nearest(String found, Collection<String> known) {
    String best = null;
    int least = Integer.MAX_VALUE;
    for (String candidate : known) {
      int distance = distance(found.toLowerCase(Locale.ROOT), candidate.toLowerCase(Locale.ROOT));
      if (distance < least) {
        least = distance;
        best = candidate;
      }
    }
    int tolerated = Math.max(2, found.length() / 2);
    return least <= tolerated ? Optional.ofNullable(best) : Optional.empty();
  }

  /** Levenshtein: insertions, deletions and replacements that turn one word into the other. */
  static int distance(String left, String right) {
    int[] above = new int[right.length() + 1];
    for (int j = 0; j <= right.length(); j++) {
      above[j] = j;
    }
    for (int i = 1; i <= left.length(); i++) {
      int[] row = new int[right.length() + 1];
      row[0] = i;
      for (int j = 1; j <= right.length(); j++) {
        int replaced = above[j - 1] + (left.charAt(i - 1) == right.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(replaced, 1 + Math.min(above[j], row[j - 1]));
      }
      above = row;
    }
    return above[right.length()];
  }

  /** A value for a message, cut so that the message stays readable. */
  public static String shorten(String text) {
    String line = text.replace('\n', ' ').replace('\r', ' ');
    return line.length() <= 80 ? line : line.substring(0, 77) + "...";
  }
}
