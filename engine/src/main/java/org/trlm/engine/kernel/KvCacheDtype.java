package org.trlm.engine.kernel;

import java.util.Locale;

/** How the key/value cache stores a number. Attention is computed in float32 either way. */
public enum KvCacheDtype {
  FLOAT32(Float.BYTES),

  /**
   * The upper 16 bits of a float32, rounded to nearest even when a token's keys and values are
   * stored. Half of the memory; answers differ from those of {@link #FLOAT32}.
   */
  BFLOAT16(Short.BYTES);

  private final int bytes;

  KvCacheDtype(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes of one number. */
  public int bytes() {
    return bytes;
  }

  /** As options, manifests and messages spell it. */
  public String spelling() {
    return name().toLowerCase(Locale.ROOT);
  }
}
