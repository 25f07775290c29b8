package org.trlm.job.input;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.trlm.job.output.RowError;
import org.trlm.tokenizer.chat.Message;

/**
 * What one row of the input asks for.
 *
 * @param customId the row's id as text; the hash of its content when it has none
 * @param prompt the text of one user turn; null when {@code messages} or {@code error} is not
 * @param messages the conversation; wins over {@code prompt}; null when there is none
 * @param params the row's own sampling parameters as JSON gives them; null when it has none
 * @param content what the row says, in one canonical text: the part of its identity beside the id
 * @param error why the row cannot be answered; null when it can be tried
 */
public record PromptRow(
    String customId,
    String prompt,
    List<Message> messages,
    Map<String, Object> params,
    String content,
    RowError error) {

  /** Hash of id and content in lower-case hexadecimal: equal for identical rows. */
  public String contentKey() {
    return HexFormat.of().formatHex(sha256("trlm-row", customId, content));
  }

  /**
   * The row's key: SHA-256 of id, content and the row's number among identical rows.
   *
   * @param contentKey {@link #contentKey()}, which stands for id and content
   * @param occurrence 0 for the first of identical rows
   */
  public static byte[] rowKey(String contentKey, int occurrence) {
    return sha256("trlm-row-key", contentKey, Integer.toString(occurrence));
  }

  /** SHA-256 over texts, each with its length before it, so that no two lists look the same. */
  public static byte[] sha256(String... parts) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
    for (String part : parts) {
      byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
      digest.update((bytes.length + ":").getBytes(StandardCharsets.US_ASCII));
      digest.update(bytes);
    }
    return digest.digest();
  }
}
