package org.trlm.tokenizer;

/**
 * A token that is matched as a whole string before anything else happens to the text.
 *
 * @param id its id
 * @param content its text
 * @param special left out of decoded text on request
 * @param normalized matched on normalized text instead of the text as it came
 * @param lstrip takes the white space before it along
 * @param rstrip takes the white space after it along
 * @param singleWord only where no word character adjoins
 */
record AddedToken(
    int id,
    String content,
    boolean special,
    boolean normalized,
    boolean lstrip,
    boolean rstrip,
    boolean singleWord) {

  /** A token that is only ever matched literally. */
  static AddedToken literal(int id, String content, boolean special) {
    return new AddedToken(id, content, special, false, false, false, false);
  }
}
