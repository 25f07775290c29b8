package org.trlm.engine.kernel;

/** How packed weights are stored. Products are computed in float32 either way. */
public enum PanelDtype {
  FLOAT32(Float.BYTES),
  /** Upper 16 bits of a float32. Rounds to nearest even; exact where the weights are bfloat16. */
  BFLOAT16(Short.BYTES);

  private final int bytes;

  PanelDtype(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes of one weight. */
  public int bytes() {
    return bytes;
  }

  /** The nearest bfloat16, ties to even, of a finite value, as a float. */
  static float roundToBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int rounded = bits + 0x7fff + ((bits >>> 16) & 1);
    return Float.intBitsToFloat(rounded & 0xffff0000);
  }
}
