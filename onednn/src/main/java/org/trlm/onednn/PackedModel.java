package org.trlm.onednn;

import java.lang.ref.Cleaner;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.kernel.MatrixRows;
import org.trlm.engine.kernel.PanelDtype;
import org.trlm.engine.kernel.WeightMatrix;

/**
 * What the matrices of one model share: their products, their memory, and the scratch of the
 * threads that multiply with them. Its native memory is freed when no matrix of it can be reached
 * any more, so that no task can meet freed weights.
 */
final class PackedModel {

  /** Outputs of a chunk: with 96 tokens, 1.5 MB of products. */
  private static final int CHUNK_ROWS = 4096;

  /** Outputs and inputs of a matrix that stands for all of a model. */
  private static final int TRIAL_SIZE = 96;

  private static final Cleaner CLEANER = Cleaner.create();

  private final OneDnn library;
  private final Precision precision;
  private final Kernels rounding;
  private final Native owned = new Native();

  private PackedModel(OneDnn library, Precision precision, Kernels rounding) {
    this.library = library;
    this.precision = precision;
    this.rounding = rounding;
    CLEANER.register(this, owned);
  }

  /**
   * Packs the matrices of a model and tries their products.
   *
   * @throws IllegalStateException if oneDNN cannot multiply with them, or multiplies wrongly
   */
  static List<WeightMatrix> pack(
      OneDnn library, Precision precision, Kernels rounding, List<MatrixRows> matrices) {
    PackedModel model = new PackedModel(library, precision, rounding);
    OneDnn.ensureSingleThreaded();
    try {
      for (MatrixRows matrix : matrices) {
        for (int first = 0; first < matrix.numRows(); first += rowsPerChunk(matrix)) {
          model.owned.addProduct(library, precision, numPairs(matrix), rows(matrix, first));
        }
      }
      List<WeightMatrix> packed = new ArrayList<>();
      for (MatrixRows matrix : matrices) {
        packed.add(model.packed(matrix));
      }
      return List.copyOf(packed);
    } catch (RuntimeException | Error e) {
      model.owned.run();
      throw e;
    }
  }

  /**
   * Packs a made-up matrix and lets it go, so that a CPU that oneDNN does not serve is known before
   * any model.
   *
   * @throws IllegalStateException as {@link #pack}
   */
  static void tryOut(OneDnn library, Precision precision, Kernels rounding) {
    MatrixRows madeUp =
        new MatrixRows(
            "trial",
            TRIAL_SIZE,
            TRIAL_SIZE,
            PanelDtype.BFLOAT16,
            (row, into, at) -> {
              for (int col = 0; col < TRIAL_SIZE; col++) {
                into[at + col] = (row * 31 + col * 17) % 101 / 50f - 1.01f;
              }
            });
    PackedModel model = new PackedModel(library, precision, rounding);
    OneDnn.ensureSingleThreaded();
    try {
      model.owned.addProduct(library, precision, numPairs(madeUp), TRIAL_SIZE);
      model.packed(madeUp);
    } finally {
      model.owned.run();
    }
  }

  private static int numPairs(MatrixRows matrix) {
    return (matrix.numCols() + 1) / 2;
  }

  /** Fewer than usual where a chunk would exceed what a buffer can address. */
  private static int rowsPerChunk(MatrixRows matrix) {
    long most = Integer.MAX_VALUE / (2L * numPairs(matrix) * Float.BYTES);
    return (int) Math.max(1, Math.min(CHUNK_ROWS, most));
  }

  private static int rows(MatrixRows matrix, int first) {
    return Math.min(rowsPerChunk(matrix), matrix.numRows() - first);
  }

  private WeightMatrix packed(MatrixRows matrix) {
    List<PackedMatrix.Chunk> chunks = new ArrayList<>();
    for (int first = 0; first < matrix.numRows(); first += rowsPerChunk(matrix)) {
      Product product = owned.product(numPairs(matrix), rows(matrix, first));
      NativeMemory weights = library.allocate(product.weightsLayout());
      owned.add(weights);
      WeightPacker.pack(library, precision, rounding, product, matrix, first, weights);
      PackedMatrix.Chunk chunk = new PackedMatrix.Chunk(product, weights);
      if (owned.isUntried(product)) {
        Scratch scratch = acquire();
        try {
          new ProductTrial(rounding, scratch, chunk, matrix.numCols()).run();
        } finally {
          release(scratch);
        }
      }
      chunks.add(chunk);
    }
    return new PackedMatrix(
        this, matrix.numRows(), matrix.numCols(), rowsPerChunk(matrix), List.copyOf(chunks));
  }

  /** Rounds the activations of its products. */
  Kernels rounding() {
    return rounding;
  }

  /** Scratch for the calling thread until it is released; made anew where none is idle. */
  Scratch acquire() {
    Scratch idle = owned.pollIdle();
    return idle != null ? idle : owned.newScratch(library, precision);
  }

  void release(Scratch scratch) {
    owned.addIdle(scratch);
  }

  /** All that is to be freed; does not know the model, which could never be let go otherwise. */
  private static final class Native implements Runnable {

    private final Map<Long, Product> products = new HashMap<>();
    private final List<Product> untried = new ArrayList<>();
    private final List<NativeMemory> weights = new ArrayList<>();
    private final List<Scratch> scratches = new ArrayList<>();
    private final ArrayDeque<Scratch> idle = new ArrayDeque<>();

    void addProduct(OneDnn library, Precision precision, int numPairs, int numRows) {
      if (product(numPairs, numRows) == null) {
        Product product = new Product(library, precision, numPairs, numRows);
        products.put(key(numPairs, numRows), product);
        untried.add(product);
      }
    }

    Product product(int numPairs, int numRows) {
      return products.get(key(numPairs, numRows));
    }

    private static long key(int numPairs, int numRows) {
      return (long) numPairs << 32 | numRows;
    }

    /** Whether this is the first time that it is asked for a product. */
    boolean isUntried(Product product) {
      return untried.remove(product);
    }

    void add(NativeMemory memory) {
      weights.add(memory);
    }

    synchronized Scratch pollIdle() {
      return idle.poll();
    }

    synchronized void addIdle(Scratch scratch) {
      idle.push(scratch);
    }

    synchronized Scratch newScratch(OneDnn library, Precision precision) {
      Scratch scratch = new Scratch(library, precision, products.values());
      scratches.add(scratch);
      return scratch;
    }

    @Override
    public synchronized void run() {
      scratches.forEach(Scratch::free);
      products.values().forEach(Product::free);
      weights.forEach(NativeMemory::free);
      scratches.clear();
      products.clear();
      weights.clear();
    }
  }
}
