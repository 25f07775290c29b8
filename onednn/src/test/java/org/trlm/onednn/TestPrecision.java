package org.trlm.onednn;

/** What the system properties of this JVM ask products to be computed with. */
final class TestPrecision {

  private TestPrecision() {}

  static Precision asked() {
    return Boolean.parseBoolean(System.getProperty(OneDnnProvider.EMULATE))
        ? Precision.EMULATED
        : Precision.BFLOAT16;
  }
}
