package org.trlm.benchmarks;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.pmod;

import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.SparkSession;
import org.trlm.engine.kernel.ComputeMode;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.job.TrlmSpark;

/**
 * Whether rows leave memory behind that Java does not see: {@code generate --compute bf16} over
 * fresh rows again and again in one JVM, each run with several waves and an engine for each
 * partition. After each a few rows are answered in exact mode, which lets go of the packed model,
 * so that the next run allocates all of it anew. Run by {@code native-memory.sh}, which fixes the
 * heap and has all its pages touched, so that what grows is not the heap.
 */
public final class MemoryBench {
  private static final long ROWS_PER_RUN = 10_000;
  private static final int WAVES_PER_RUN = 2;
  private static final int PARTITIONS_PER_WAVE = 8;
  private static final int MAX_TOKENS = 4;
  private static final int EXACT_ROWS = 16;

  /** In the second half of the rows: of 200,000, a leak of 170 bytes a row would be more. */
  private static final long MOST_GROWTH = 16L << 20;

  private static final int MOST_COLLECTIONS = 100;

  private final SparkSession spark;
  private final String model;
  private final Path scratch;
  private final List<Sample> samples = new ArrayList<>();

  private MemoryBench(SparkSession spark, String model, Path scratch) {
    this.spark = spark;
    this.model = model;
    this.scratch = scratch;
  }

  /**
   * Bytes after so many rows.
   *
   * @param loaded what the native library held at the end of the run
   * @param left what it held once the run's model was let go
   * @param resident of the process, as the kernel counts it
   * @param heap committed
   * @param used of the heap, after a collection
   * @param jvm committed for classes and compiled code
   * @param direct buffers
   * @param threads of the process
   */
  private record Sample(
      long rows,
      long loaded,
      long left,
      long resident,
      long heap,
      long used,
      long jvm,
      long direct,
      long threads) {

    /** What is neither heap nor classes nor compiled code: the library, malloc, stacks, files. */
    long rest() {
      return resident - heap - jvm;
    }
  }

  /**
   * @param arguments model; rows; directory to write to
   */
  public static void main(String[] arguments) throws Exception {
    long rows = Long.parseLong(arguments[1]);
    SparkSession spark =
        SparkSession.builder()
            .appName("memory bench")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.broadcast.compress", "false")
            .getOrCreate();
    boolean flat;
    try {
      MemoryBench bench = new MemoryBench(spark, arguments[0], Path.of(arguments[2]));
      bench.answer(rows);
      flat = bench.tellWhetherFlat();
    } finally {
      spark.stop();
    }
    if (!flat) {
      System.exit(1);
    }
  }

  private void answer(long rows) throws IOException, InterruptedException {
    System.out.printf(
        "%d rows in runs of %d, %d waves of %d partitions each, %s%n%n",
        rows,
        Math.min(rows, ROWS_PER_RUN),
        WAVES_PER_RUN,
        PARTITIONS_PER_WAVE,
        KernelProvider.packer(ComputeMode.BF16, KernelProvider.vector()).name());
    System.out.println(
        "MiB:   rows | resident |    heap | used after GC | classes, code | direct | threads | oneDNN: in use | let go |    rest");
    String few = input("few", 0, EXACT_ROWS);
    for (long done = 0; done < rows; done += ROWS_PER_RUN) {
      long end = Math.min(rows, done + ROWS_PER_RUN);
      generate("bf16", input("rows-" + end, done, end), "answers-" + end, end - done);
      long loaded = KernelProvider.offHeapBytes(ComputeMode.BF16);
      generate("exact", few, "exact-" + end, EXACT_ROWS);
      take(end, loaded);
    }
  }

  /** Rows with the numbers from {@code begin} to before {@code end}. */
  private String input(String name, long begin, long end) {
    String path = scratch.resolve(name).toUri().toString();
    spark
        .range(begin, end)
        .select(
            concat(lit("row-"), col("id")).as("id"),
            concat(
                    lit("What is "),
                    pmod(col("id"), lit(97)),
                    lit(" plus "),
                    pmod(col("id"), lit(89)),
                    lit("?"))
                .as("prompt"))
        .write()
        .parquet(path);
    return path;
  }

  private void generate(String compute, String input, String output, long rows) {
    int exitCode =
        TrlmSpark.run(
            "generate",
            "--compute=" + compute,
            "--model=" + model,
            "--input=" + input,
            "--output=" + scratch.resolve(output),
            "--rows-per-wave=" + (rows + WAVES_PER_RUN - 1) / WAVES_PER_RUN,
            "--partitions=" + PARTITIONS_PER_WAVE,
            "--max-tokens=" + MAX_TOKENS,
            "--max-error-rate=0");
    if (exitCode != 0) {
      throw new IllegalStateException("generate ended with exit code " + exitCode);
    }
  }

  private void take(long rows, long loaded) throws IOException, InterruptedException {
    // weights are freed once a collection has found that nothing refers to their model
    for (int i = 0;
        i < MOST_COLLECTIONS && KernelProvider.offHeapBytes(ComputeMode.BF16) > 0;
        i++) {
      System.gc();
      Thread.sleep(20);
    }
    System.gc();
    MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    long direct =
        ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
            .filter(pool -> pool.getName().equals("direct"))
            .mapToLong(BufferPoolMXBean::getMemoryUsed)
            .sum();
    Sample sample =
        new Sample(
            rows,
            loaded,
            KernelProvider.offHeapBytes(ComputeMode.BF16),
            status("VmRSS") << 10,
            memory.getHeapMemoryUsage().getCommitted(),
            memory.getHeapMemoryUsage().getUsed(),
            memory.getNonHeapMemoryUsage().getCommitted(),
            direct,
            status("Threads"));
    samples.add(sample);
    System.out.printf(
        Locale.ROOT,
        "%11d | %8.1f | %7.1f | %13.1f | %13.1f | %6.1f | %7d | %14.1f | %6.1f | %7.1f%n",
        sample.rows,
        mebibytes(sample.resident),
        mebibytes(sample.heap),
        mebibytes(sample.used),
        mebibytes(sample.jvm),
        mebibytes(sample.direct),
        sample.threads,
        mebibytes(sample.loaded),
        mebibytes(sample.left),
        mebibytes(sample.rest()));
  }

  /**
   * What grows without end grows in the second half as well; threads, compiled code and buffers
   * have their numbers and sizes by then.
   */
  private boolean tellWhetherFlat() {
    System.out.println();
    tellGrowth("the first quarter", samples.get((samples.size() - 1) / 4));
    Sample half = samples.get((samples.size() - 1) / 2);
    tellGrowth("the first half", half);
    long held = samples.stream().mapToLong(Sample::left).max().orElseThrow();
    boolean flat = last().rest() - half.rest() <= MOST_GROWTH && held == 0;
    System.out.printf(
        "%s: at most %d MiB since the first half are allowed, and nothing that oneDNN holds without a model (%d bytes)%n",
        flat ? "Flat" : "NOT FLAT", MOST_GROWTH >> 20, held);
    return flat;
  }

  private void tellGrowth(String since, Sample begin) {
    long growth = last().rest() - begin.rest();
    long rows = Math.max(1, last().rows - begin.rows);
    System.out.printf(
        Locale.ROOT,
        "since %s (%d rows) the rest grew by %.1f MiB, %.0f bytes a row%n",
        since,
        begin.rows,
        mebibytes(growth),
        (double) growth / rows);
  }

  private Sample last() {
    return samples.get(samples.size() - 1);
  }

  private static double mebibytes(long bytes) {
    return bytes / (double) (1 << 20);
  }

  /** A number that the kernel tells of this process. */
  private static long status(String name) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith(name + ":")) {
        return Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    throw new IOException("no " + name + " in /proc/self/status");
  }
}
