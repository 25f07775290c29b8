package org.trlm.engine.weights;

import java.util.HashMap;
import java.util.Map;

/**
 * How the values of a tensor are stored. Values come in blocks; a row is a whole number of them.
 * Types that are only known in order to be measured and named in a refusal are not {@link
 * #readable}.
 */
public enum WeightType {
  F32("F32", 0, 1, 4, true),
  F16("F16", 1, 1, 2, true),
  BF16("BF16", 30, 1, 2, true),
  Q4_0(null, 2, 32, 18, true),
  Q4_1(null, 3, 32, 20, true),
  Q5_0(null, 6, 32, 22, true),
  Q5_1(null, 7, 32, 24, true),
  Q8_0(null, 8, 32, 34, true),
  Q4_K(null, 12, 256, 144, true),
  Q5_K(null, 13, 256, 176, true),
  Q6_K(null, 14, 256, 210, true),

  BOOL("BOOL", -1, 1, 1, false),
  U8("U8", -1, 1, 1, false),
  I8("I8", 24, 1, 1, false),
  F8_E5M2("F8_E5M2", -1, 1, 1, false),
  F8_E4M3("F8_E4M3", -1, 1, 1, false),
  F8_E8M0("F8_E8M0", -1, 1, 1, false),
  F4("F4", -1, 2, 1, false),
  F6_E2M3("F6_E2M3", -1, 4, 3, false),
  F6_E3M2("F6_E3M2", -1, 4, 3, false),
  I16("I16", 25, 1, 2, false),
  U16("U16", -1, 1, 2, false),
  I32("I32", 26, 1, 4, false),
  U32("U32", -1, 1, 4, false),
  I64("I64", 27, 1, 8, false),
  U64("U64", -1, 1, 8, false),
  F64("F64", 28, 1, 8, false),
  C64("C64", -1, 1, 8, false),

  Q8_1(null, 9, 32, 36, false),
  Q2_K(null, 10, 256, 84, false),
  Q3_K(null, 11, 256, 110, false),
  Q8_K(null, 15, 256, 292, false),
  IQ2_XXS(null, 16, 256, 66, false),
  IQ2_XS(null, 17, 256, 74, false),
  IQ3_XXS(null, 18, 256, 98, false),
  IQ1_S(null, 19, 256, 50, false),
  IQ4_NL(null, 20, 32, 18, false),
  IQ3_S(null, 21, 256, 110, false),
  IQ2_S(null, 22, 256, 82, false),
  IQ4_XS(null, 23, 256, 136, false),
  IQ1_M(null, 29, 256, 56, false),
  TQ1_0(null, 34, 256, 54, false),
  TQ2_0(null, 35, 256, 66, false),
  MXFP4(null, 39, 32, 17, false);

  /** What {@code readable} types are, for messages. */
  static final String READABLE = "F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K";

  private static final Map<String, WeightType> BY_SAFETENSORS_NAME = new HashMap<>();
  private static final Map<Integer, WeightType> BY_GGUF_ID = new HashMap<>();

  static {
    for (WeightType type : values()) {
      if (type.safetensorsName != null) {
        BY_SAFETENSORS_NAME.put(type.safetensorsName, type);
      }
      if (type.ggufId >= 0) {
        BY_GGUF_ID.put(type.ggufId, type);
      }
    }
  }

  private final String safetensorsName;
  private final int ggufId;
  private final int blockSize;
  private final int blockBytes;
  private final boolean readable;

  WeightType(String safetensorsName, int ggufId, int blockSize, int blockBytes, boolean readable) {
    this.safetensorsName = safetensorsName;
    this.ggufId = ggufId;
    this.blockSize = blockSize;
    this.blockBytes = blockBytes;
    this.readable = readable;
  }

  /** Values in one block. */
  public int blockSize() {
    return blockSize;
  }

  /** Bytes of one block. */
  public int blockBytes() {
    return blockBytes;
  }

  /** Whether {@link WeightSource#readRow} can turn it into float32. */
  public boolean readable() {
    return readable;
  }

  /** Whether safetensors has it as a dtype; the others are GGUF's block formats. */
  boolean safetensorsDtype() {
    return safetensorsName != null;
  }

  /** Null where safetensors has no such dtype. */
  static WeightType ofSafetensors(String name) {
    return BY_SAFETENSORS_NAME.get(name);
  }

  /** Null where GGUF has no such type. */
  static WeightType ofGguf(int id) {
    return BY_GGUF_ID.get(id);
  }
}
