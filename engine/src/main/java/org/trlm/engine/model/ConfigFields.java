package org.trlm.engine.model;

import java.util.List;
import java.util.Map;
import org.trlm.engine.weights.WeightFormatException;

/**
 * Typed and bounded access to the named values of a configuration, whichever file they come from.
 * Integers are {@link Long}, other numbers {@link Double}; a null value counts as absent.
 */
final class ConfigFields {
  static final int MAX_VOCAB = 1 << 22;
  static final int MAX_WIDTH = 1 << 17;
  static final int MAX_LAYERS = 512;
  static final int MAX_HEADS = 512;
  static final int MAX_HEAD_DIM = 1024;
  static final int MAX_POSITIONS = 1 << 24;

  private final Map<String, ?> values;
  private final String where;

  ConfigFields(Map<String, ?> values, String where) {
    this.values = values;
    this.where = where;
  }

  String where() {
    return where;
  }

  boolean has(String key) {
    return values.get(key) != null;
  }

  Object value(String key) {
    return values.get(key);
  }

  /** A count of at least one. */
  int size(String key, int most) {
    if (!has(key)) {
      throw new WeightFormatException(
          where
              + ": "
              + key
              + " is missing; expected: an integer from 1 to "
              + most
              + ". Use the configuration that was published with the model.");
    }
    return (int) integer(key, 1, most);
  }

  int size(String key, int most, int otherwise) {
    return has(key) ? size(key, most) : otherwise;
  }

  long integer(String key, long least, long most) {
    if (value(key) instanceof Long number && number >= least && number <= most) {
      return number;
    }
    throw bad(key, "an integer from " + least + " to " + most);
  }

  /** A finite number above 0 that float32 can hold. */
  double positive(String key, double otherwise) {
    if (!has(key)) {
      return otherwise;
    }
    if (value(key) instanceof Number number) {
      float narrow = number.floatValue();
      if (narrow > 0 && narrow < Float.POSITIVE_INFINITY) {
        return number.doubleValue();
      }
    }
    throw bad(key, "a number above 0");
  }

  boolean flag(String key, boolean otherwise) {
    if (!has(key)) {
      return otherwise;
    }
    if (value(key) instanceof Boolean flag) {
      return flag;
    }
    throw bad(key, "true or false");
  }

  /** Absent or one of the values that leave Llama's architecture as it is; else refused by name. */
  void onlyNeutral(String key, Object... neutral) {
    if (has(key) && !List.of(neutral).contains(value(key))) {
      throw unsupported(key, neutral.length == 0 ? "absent" : "absent or " + List.of(neutral));
    }
  }

  /** An id of the vocabulary, or {@link ModelConfig#NO_TOKEN}. */
  int tokenId(String key, int vocabSize) {
    return has(key) ? (int) integer(key, 0, vocabSize - 1L) : ModelConfig.NO_TOKEN;
  }

  /**
   * Dimensions of a head: the explicit value, else hidden size by heads.
   *
   * @param key of the explicit value
   */
  int headDim(String key, String hiddenKey, int hiddenSize, String headsKey, int heads) {
    if (!has(key) && hiddenSize % heads != 0) {
      throw bad(hiddenKey, "a multiple of " + headsKey + " (" + heads + ") or an explicit " + key);
    }
    int headDim = size(key, MAX_HEAD_DIM, hiddenSize / heads);
    if (headDim > MAX_HEAD_DIM || headDim % 2 != 0) {
      throw new WeightFormatException(
          where
              + ": a head has "
              + headDim
              + " dimensions ("
              + (has(key) ? key : hiddenKey + " by " + headsKey)
              + "); allowed: even numbers up to "
              + MAX_HEAD_DIM
              + ", because the rotation works on pairs.");
    }
    return headDim;
  }

  int keyValueHeads(String key, String headsKey, int heads) {
    int keyValueHeads = size(key, MAX_HEADS, heads);
    if (heads % keyValueHeads != 0) {
      throw bad(key, "a divisor of " + headsKey + " (" + heads + ")");
    }
    return keyValueHeads;
  }

  WeightFormatException bad(String key, String allowed) {
    return new WeightFormatException(
        where
            + ": "
            + key
            + " is "
            + shown(value(key))
            + "; allowed: "
            + allowed
            + ". Use the configuration that was published with the model.");
  }

  WeightFormatException unsupported(String key, String supported) {
    return new WeightFormatException(
        where
            + ": "
            + key
            + " is "
            + shown(value(key))
            + ", which is not supported; supported: "
            + supported
            + ". Use a model of Llama's architecture.");
  }

  private static String shown(Object value) {
    if (value != null && value.getClass().isArray()
        || value instanceof List<?> list && list.size() > 64) {
      return "an array";
    }
    String text = String.valueOf(value).replaceAll("\\p{Cntrl}", "?");
    return text.length() > 200 ? text.substring(0, 200) + "…" : text;
  }
}
