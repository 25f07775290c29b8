package org.trlm.engine.weights;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * What a file that should hold weights really is, by its content: names lie. Asked by the job
 * before it chooses a reader, and by the readers in order to say more than "not valid".
 */
public enum FileKind {
  SAFETENSORS("a safetensors file", null),
  GGUF("a GGUF file", null),
  PICKLE(
      "a pickle checkpoint (PyTorch .bin, .pt or .pth)",
      "pickle checkpoints are not loaded, because loading one runs code from it. Convert it to"
          + " safetensors: save_pretrained(..., safe_serialization=True) in transformers."),
  GIT_LFS_POINTER(
      "a git-lfs pointer, not the file it stands for",
      "Fetch the real file: git lfs pull, or download it again."),
  HTML("an HTML page", "A download saved a web page in its place: download the file itself."),
  EMPTY("an empty file", "Copy or download it again."),
  UNKNOWN("no known weight file", null);

  private static final long MAX_HEADER_BYTES = 100_000_000;
  private static final int HEAD_BYTES = 512;

  private final String description;
  private final String mend;

  FileKind(String description, String mend) {
    this.description = description;
    this.mend = mend;
  }

  /**
   * Looks at the first bytes only; a {@link #SAFETENSORS} or {@link #GGUF} may still be damaged.
   */
  public static FileKind of(CheckpointBytes bytes) {
    int count = (int) Math.min(HEAD_BYTES, bytes.length());
    byte[] head = bytes.copy(0, count);
    if (count == 0) {
      return EMPTY;
    }
    if (beginsWith(head, 'G', 'G', 'U', 'F')) {
      return GGUF;
    }
    if (isSafetensors(head, bytes)) {
      return SAFETENSORS;
    }
    if (beginsWith(head, 'P', 'K', 3, 4) || isPickle(head)) {
      return PICKLE;
    }
    String text = new String(head, StandardCharsets.ISO_8859_1).stripLeading();
    if (text.startsWith("version https://git-lfs")) {
      return GIT_LFS_POINTER;
    }
    String lower = text.toLowerCase(Locale.ROOT);
    if (lower.startsWith("<!doctype html") || lower.startsWith("<html")) {
      return HTML;
    }
    return UNKNOWN;
  }

  /** What it is, in words. */
  public String description() {
    return description;
  }

  /**
   * Fails when {@code bytes} is plainly another kind of file than {@code expected}; a file of
   * unknown kind passes, because the reader can say more about it.
   *
   * @throws WeightFormatException naming file, kind found and how to mend
   */
  static void expect(FileKind expected, CheckpointBytes bytes) {
    FileKind found = of(bytes);
    if (found == expected || found == UNKNOWN) {
      return;
    }
    String mend =
        found.mend != null
            ? found.mend
            : "Name it where "
                + found.description
                + " is expected, or give "
                + expected.description
                + " here.";
    throw new WeightFormatException(
        bytes.name()
            + " is "
            + found.description
            + "; expected: "
            + expected.description
            + ". "
            + mend);
  }

  private static boolean isSafetensors(byte[] head, CheckpointBytes bytes) {
    if (head.length < 9) {
      return false;
    }
    long header = bytes.longAt(0);
    boolean plausible = header > 0 && header <= MAX_HEADER_BYTES;
    return plausible && (head[8] == '{' || head[8] == ' ' || head[8] == '\n');
  }

  /** Protocol 2 to 5: the opcode PROTO, the version, then an opcode. */
  private static boolean isPickle(byte[] head) {
    return head.length >= 2 && head[0] == (byte) 0x80 && head[1] >= 2 && head[1] <= 5;
  }

  private static boolean beginsWith(byte[] head, int... prefix) {
    if (head.length < prefix.length) {
      return false;
    }
    for (int i = 0; i < prefix.length; i++) {
      if (head[i] != (byte) prefix[i]) {
        return false;
      }
    }
    return true;
  }
}
