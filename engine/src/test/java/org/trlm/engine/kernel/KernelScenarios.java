package org.trlm.engine.kernel;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Every kernel at awkward sizes and extreme values. {@link #run} gives the same labels for every
 * implementation; {@link #main} prints a digest, for JVMs started with another vector width.
 */
final class KernelScenarios {

  /** Enough rounds for the compiler to replace the interpreter in most kernels. */
  static final int ROUNDS = 12;

  private static final int[] SIZES = {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 48, 64, 100, 257, 576};
  private static final int[] TOKENS = {0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 48};
  private static final int[][] MATRICES = {
    {1, 1}, {63, 5}, {64, 64}, {65, 33}, {66, 34}, {130, 128}, {192, 7}
  };

  private static final int MOST_KEYS = 110;

  /** Numbers of keys about the ends of blocks, and of what kernels of each width take at a time. */
  private static final int[] EDGES = {
    1, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 72, 80, 88, 95, 96, 97
  };

  private final Kernels kernels;
  private final Random random;
  private final Map<String, float[]> results = new LinkedHashMap<>();

  private KernelScenarios(Kernels kernels, long seed) {
    this.kernels = kernels;
    this.random = new Random(seed);
  }

  public static void main(String[] arguments) throws NoSuchAlgorithmException {
    Kernels kernels = KernelProvider.vector();
    System.out.println(kernels.name() + " " + digest(kernels, Long.parseLong(arguments[0])));
  }

  static String digest(Kernels kernels, long seed) throws NoSuchAlgorithmException {
    MessageDigest sha = MessageDigest.getInstance("SHA-256");
    for (int round = 0; round < ROUNDS; round++) {
      for (Map.Entry<String, float[]> result : run(kernels, seed + round).entrySet()) {
        ByteBuffer bytes = ByteBuffer.allocate(result.getValue().length * Float.BYTES);
        bytes.asFloatBuffer().put(result.getValue());
        sha.update(result.getKey().getBytes(java.nio.charset.StandardCharsets.UTF_8));
        sha.update(bytes);
      }
    }
    return HexFormat.of().formatHex(sha.digest());
  }

  static Map<String, float[]> run(Kernels kernels, long seed) {
    KernelScenarios scenarios = new KernelScenarios(kernels, seed);
    scenarios.matmul();
    for (int n : SIZES) {
      scenarios.elementwise(n);
      scenarios.reductions(n);
      scenarios.bfloat16(n);
    }
    scenarios.extremes();
    for (int headDim : new int[] {2, 6, 16, 20, 32, 40, 64, 80, 128}) {
      for (int group : new int[] {1, 2, 3, 4, 6, 7}) {
        int keyValueHeads = 1 + scenarios.random.nextInt(4);
        AttentionShape shape = new AttentionShape(group * keyValueHeads, keyValueHeads, headDim);
        int numKeys = 1 + scenarios.random.nextInt(MOST_KEYS);
        int edge = EDGES[scenarios.random.nextInt(EDGES.length)];
        for (KvCacheDtype dtype : KvCacheDtype.values()) {
          int queries = 1 + scenarios.random.nextInt(Math.min(9, numKeys));
          scenarios.attention(shape, dtype, numKeys, queries);
          queries = 1 + scenarios.random.nextInt(Math.min(9, edge));
          scenarios.attention(shape, dtype, edge, queries);
        }
      }
    }
    return scenarios.results;
  }

  private void matmul() {
    for (int[] shape : MATRICES) {
      for (PanelDtype dtype : PanelDtype.values()) {
        float[] rows = values(shape[0] * shape[1]);
        MatrixRows source =
            new MatrixRows(
                "test",
                shape[0],
                shape[1],
                dtype,
                (row, into, at) -> System.arraycopy(rows, row * shape[1], into, at, shape[1]));
        // a second matrix in the same array, so that offsets are not all the first
        WeightMatrix matrix = kernels.pack(List.of(source, source)).get(1);
        for (int tokens : TOKENS) {
          product(matrix, tokens, dtype);
        }
        float[] row = new float[shape[1] + 3];
        matrix.unpackRow(shape[0] - 1, row, 3);
        record("unpackRow " + Arrays.toString(shape) + dtype, row);
      }
    }
  }

  private void product(WeightMatrix matrix, int tokens, PanelDtype dtype) {
    int xStride = matrix.numCols() + random.nextInt(3);
    int outStride = matrix.paddedRows() + random.nextInt(3);
    float[] x = values(5 + tokens * xStride);
    float[] out = values(7 + tokens * outStride);
    matrix.multiply(x, 5, xStride, tokens, out, 7, outStride);
    record("matmul " + matrix.numRows() + "x" + matrix.numCols() + "x" + tokens + dtype, out);
  }

  private void elementwise(int n) {
    float[] x = values(n + 5);
    float[] y = values(n + 5);
    float[] out = new float[n + 5];
    kernels.add(x, 2, y, 3, n);
    record("add " + n, x.clone());
    kernels.siluMultiply(x, 1, y, 2, out, 3, n);
    record("siluMultiply " + n, out.clone());
    kernels.rmsNorm(x, 3, y, 1e-5f, out, 1, n);
    record("rmsNorm " + n, out.clone());
    float[] head = values(2 * n + 4);
    kernels.rotate(head, 3, values(n + 1), values(n + 1), 1, n);
    record("rotate " + n, head);
  }

  private void reductions(int n) {
    float[] x = values(n + 5);
    float max = x[4 + kernels.argmax(x, 4, n)];
    float[] out = new float[n + 2];
    float sum = kernels.softmaxNumerators(x, 4, max, 0.3f, out, 1, n);
    record("softmaxNumerators " + n, out);
    float[] ties = new float[n + 1];
    for (int i = 0; i < ties.length; i++) {
      ties[i] = random.nextInt(3) - 1;
    }
    float[] infinite = x.clone();
    infinite[4 + random.nextInt(n)] = Float.POSITIVE_INFINITY;
    infinite[4 + random.nextInt(n)] = Float.NEGATIVE_INFINITY;
    float[] allLowest = new float[n];
    Arrays.fill(allLowest, Float.NEGATIVE_INFINITY);
    float[] invalid = x.clone();
    invalid[4 + random.nextInt(n)] = Float.NaN;
    record(
        "reductions " + n,
        sum,
        kernels.argmax(x, 4, n),
        kernels.argmax(ties, 1, n),
        kernels.argmax(infinite, 4, n),
        kernels.argmax(allLowest, 0, n),
        kernels.argmax(invalid, 4, n));
  }

  private void bfloat16(int n) {
    float[] x = values(n + 5);
    x[3 + random.nextInt(n)] = Float.NEGATIVE_INFINITY;
    x[3 + random.nextInt(n)] = Float.MAX_VALUE;
    int[] pairs = new int[n + 2];
    kernels.roundToBfloat16(x, 3, n, pairs, 1);
    float[] rounded = new float[2 * pairs.length];
    for (int i = 0; i < pairs.length; i++) {
      rounded[2 * i] = Float.intBitsToFloat(pairs[i] << 16);
      rounded[2 * i + 1] = Float.intBitsToFloat(pairs[i] & 0xffff0000);
    }
    record("roundToBfloat16 " + n, rounded);
  }

  private void extremes() {
    float[] x = {
      0f,
      -0f,
      1e-38f,
      -1e-38f,
      Float.MIN_VALUE,
      -59.99999f,
      -60f,
      Math.nextDown(-60f),
      -87f,
      -88.5f,
      -104f,
      -1e30f,
      Float.NEGATIVE_INFINITY,
      -1f,
      -0.34657359f,
      -0.3465736f,
      -1e-7f,
      -20.5f,
      -33.3f
    };
    float[] out = new float[x.length];
    float sum = kernels.softmaxNumerators(x, 0, 0f, 1f, out, 0, x.length);
    record("exp of extremes", out.clone());
    float[] gate = {
      0f,
      -0f,
      1e-38f,
      Float.MIN_VALUE,
      -Float.MIN_VALUE,
      60f,
      -60f,
      61f,
      -61f,
      88f,
      -88f,
      500f,
      -500f,
      1e30f,
      -1e30f,
      Float.MAX_VALUE,
      -Float.MAX_VALUE,
      1f,
      -1f
    };
    float[] up = new float[gate.length];
    Arrays.fill(up, 1f);
    kernels.siluMultiply(gate, 0, up, 0, out, 0, gate.length);
    record("silu of extremes", out.clone());
    record("sum of extremes", sum);
    float[] large = new float[33];
    Arrays.fill(large, 1e25f);
    kernels.rmsNorm(large, 0, large, 1e-5f, large, 0, 33);
    record("rmsNorm whose squares overflow", large);
  }

  /** The last {@code numQueries} of {@code numKeys} positions attend to all before them. */
  private void attention(AttentionShape shape, KvCacheDtype dtype, int numKeys, int numQueries) {
    int numBlocks = 9;
    int[] blockTable = {5, 0, 3, 6, 1, 8, 2};
    int width = shape.numHeads() * shape.headDim();
    int stride = width + random.nextInt(20);
    float[] elements = values(numBlocks * shape.blockElements());
    clamp(elements);
    // what lies past the sequence in its last block belongs to nobody, and may be anything
    poison(shape, elements, blockTable[(numKeys - 1) / 16] * shape.blockElements(), numKeys);
    KeyValueBlocks cache = cache(shape, dtype, elements);
    float[] query = values(3 + numQueries * stride);
    // large numbers would make one weight 1 and all others 0
    clamp(query);
    AttentionScratch scratch = new AttentionScratch(shape, dtype, numQueries, numKeys);
    for (float[] leftOver : new float[][] {scratch.scores, scratch.widened}) {
      System.arraycopy(values(leftOver.length), 0, leftOver, 0, leftOver.length);
    }
    float[] out = values(2 + numQueries * stride);
    kernels.attention(
        query,
        3,
        stride,
        numQueries,
        numKeys - numQueries,
        cache,
        blockTable,
        scratch,
        out,
        2,
        stride);
    record("attention " + shape + dtype + " x " + numKeys + " x " + numQueries, out);
  }

  private static KeyValueBlocks cache(AttentionShape shape, KvCacheDtype dtype, float[] elements) {
    KeyValueBlocks cache =
        dtype == KvCacheDtype.FLOAT32
            ? KeyValueBlocks.of(shape, new float[11 + elements.length], 11)
            : KeyValueBlocks.of(shape, new short[11 + elements.length], 11);
    for (int i = 0; i < elements.length; i++) {
      cache.set(i / shape.blockElements(), i % shape.blockElements(), elements[i]);
    }
    return cache;
  }

  private static void clamp(float[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.max(-3f, Math.min(3f, values[i]));
    }
  }

  private static void poison(AttentionShape shape, float[] cache, int block, int numKeys) {
    for (int head = 0; head < shape.numKeyValueHeads(); head++) {
      for (int key = (numKeys - 1) % 16 + 1; key < 16; key++) {
        for (int d = 0; d < shape.headDim(); d++) {
          cache[block + shape.keysOffset(head) + d * 16 + key] = Float.NaN;
          cache[block + shape.valueAt(head, key, d)] = Float.NaN;
        }
      }
    }
  }

  /** Mostly ordinary numbers, with zeros of both signs, small and large ones among them. */
  private float[] values(int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      float value = (float) random.nextGaussian();
      switch (random.nextInt(40)) {
        case 0 -> value = -0f;
        case 1 -> value = 0f;
        case 2 -> value *= 1e-30f;
        case 3 -> value *= 1e9f;
        default -> {}
      }
      values[i] = value;
    }
    return values;
  }

  private void record(String label, float... values) {
    if (results.put(label + " #" + results.size(), values) != null) {
      throw new IllegalStateException("label used twice: " + label);
    }
  }
}
