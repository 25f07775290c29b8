package org.trlm.tokenizer;

/** The regular expressions that are known by a name instead of being written in the file. */
final class KnownPatterns {

  /** The byte-level stage's own. */
  static final String GPT2 =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

  /** That of Llama 3. */
  static final String LLAMA3 =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  /** That of Qwen 2: as Llama 3's, with single digits. */
  static final String QWEN2 = LLAMA3.replace("{1,3}", "");

  private KnownPatterns() {}

  /** Each match of a pattern a piece of its own. */
  static PreTokenizer isolating(String pattern) {
    return new PatternSplit(
        SplitRegexCompiler.compile(pattern, "known pattern"),
        PatternSplit.Behavior.ISOLATED,
        false);
  }
}
