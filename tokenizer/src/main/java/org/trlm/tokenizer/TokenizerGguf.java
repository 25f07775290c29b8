package org.trlm.tokenizer;

import java.lang.reflect.Array;
import java.util.List;
import java.util.Map;

/**
 * Reads the tokenizer in the metadata of a GGUF file: keys {@code tokenizer.ggml.*}, model {@code
 * gpt2}, which is GGUF's name for byte-level BPE.
 *
 * <p>The result is the tokenizer of the model that the file was converted from: the pre-tokenizer's
 * name stands for the whole pipeline of that model's tokenizer.json, NFC of {@code qwen2} and whole
 * words of {@code llama-bpe} included. Tokens of the types control and user-defined are recognised
 * in trusted text, control ones are special.
 */
public final class TokenizerGguf {

  private static final String PREFIX = "tokenizer.ggml.";

  private static final int NORMAL = 1;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int UNUSED = 5;

  private final Map<String, ?> metadata;
  private final TokenizerAssembly assembly;

  private TokenizerGguf(Map<String, ?> metadata, String where) {
    this.metadata = metadata;
    assembly = new TokenizerAssembly(where, 0, 0);
  }

  /**
   * Reads a tokenizer.
   *
   * @param metadata the file's metadata; arrays are lists or Java arrays
   * @param where the file's name, for messages
   * @throws TokenizerFormatException if a value is missing, wrong, or not supported
   */
  public static Tokenizer read(Map<String, ?> metadata, String where) {
    return new TokenizerGguf(metadata, where).read();
  }

  private Tokenizer read() {
    String model = string("model");
    if (!model.equals("gpt2")) {
      throw unsupported("model", model, "\"gpt2\", byte-level BPE");
    }
    String pre = string("pre");
    WordSplitter words = words(pre);
    Object tokens = array("tokens");
    int count = Array.getLength(tokens);
    for (int id = 0; id < count; id++) {
      assembly.modelToken(stringAt(tokens, id, "tokens"), id);
    }
    Object merges = array("merges");
    assembly.finishModel(Array.getLength(merges));
    for (int i = 0; i < Array.getLength(merges); i++) {
      char[] merge = stringAt(merges, i, "merges").toCharArray();
      assembly.merge(merge, 0, merge.length);
    }
    addTokensByType(tokens, count);
    boolean llama = pre.equals("llama-bpe");
    return assembly.build(
        llama,
        pre.equals("qwen2") ? Normalization.NFC : Normalization.NONE,
        words,
        around("add_bos_token", llama, "bos_token_id"),
        around("add_eos_token", false, "eos_token_id"));
  }

  private WordSplitter words(String pre) {
    PreTokenizer gpt2 = KnownPatterns.isolating(KnownPatterns.GPT2);
    return switch (pre) {
      case "gpt-2" -> new WordSplitter(List.of(), false, gpt2);
      case "smollm" -> new WordSplitter(List.of(DigitSplit.eachAlone()), false, gpt2);
      case "llama-bpe" -> single(KnownPatterns.LLAMA3);
      case "qwen2" -> single(KnownPatterns.QWEN2);
      default -> throw unsupported("pre", pre, "smollm, gpt-2, llama-bpe and qwen2");
    };
  }

  private static WordSplitter single(String pattern) {
    return new WordSplitter(List.of(KnownPatterns.isolating(pattern)), false, null);
  }

  private void addTokensByType(Object tokens, int count) {
    Object types = array("token_type");
    if (Array.getLength(types) != count) {
      throw assembly.refused(
          PREFIX
              + "token_type has "
              + Array.getLength(types)
              + " entries for "
              + count
              + " tokens; there must be one for each");
    }
    for (int id = 0; id < count; id++) {
      Object type = Array.get(types, id);
      int value = type instanceof Number number ? number.intValue() : -1;
      if (value == CONTROL || value == USER_DEFINED) {
        String text = stringAt(tokens, id, "tokens");
        assembly.addedToken(AddedToken.literal(id, text, value == CONTROL), id);
      } else if (value != NORMAL && value != UNUSED) {
        throw assembly.refused(
            PREFIX
                + "token_type["
                + id
                + "] is "
                + type
                + "; supported are 1 normal, 3 control, 4 user-defined and 5 unused");
      }
    }
  }

  private int[] around(String switchKey, boolean otherwise, String idKey) {
    Object asked = metadata.get(PREFIX + switchKey);
    if (asked != null && !(asked instanceof Boolean)) {
      throw unsupported(switchKey, asked, "true and false");
    }
    if (!(asked == null ? otherwise : (Boolean) asked)) {
      return new int[0];
    }
    Object id = metadata.get(PREFIX + idKey);
    if (!(id instanceof Number number)
        || number.longValue() < 0
        || number.longValue() >= assembly.size()) {
      throw unsupported(
          idKey,
          id,
          "ids from 0 to " + (assembly.size() - 1) + ", because " + switchKey + " holds");
    }
    return new int[] {number.intValue()};
  }

  private String string(String key) {
    if (metadata.get(PREFIX + key) instanceof String text) {
      return text;
    }
    throw unsupported(key, metadata.get(PREFIX + key), "strings");
  }

  /** A value as a Java array: lists are copied into one. */
  private Object array(String key) {
    Object value = metadata.get(PREFIX + key);
    if (value instanceof List<?> list) {
      return list.toArray();
    }
    if (value != null && value.getClass().isArray()) {
      return value;
    }
    throw unsupported(key, value, "arrays");
  }

  private String stringAt(Object array, int index, String key) {
    Object value = Array.get(array, index);
    if (value instanceof String text) {
      return text;
    }
    throw unsupported(key + "[" + index + "]", value, "strings");
  }

  private TokenizerFormatException unsupported(String key, Object found, String allowed) {
    String shown = found == null ? "missing" : TokenizerAssembly.quoted(String.valueOf(found));
    return assembly.refused(
        PREFIX + key + " is " + shown + ", which is not supported; supported are " + allowed);
  }
}
