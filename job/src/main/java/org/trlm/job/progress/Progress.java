package org.trlm.job.progress;

import java.io.Console;
import java.io.PrintStream;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.spark.SparkContext;
import org.trlm.job.output.RowError;
import org.trlm.job.progress.RunCounters.Counts;

/**
 * Tells on stderr how far a run is: one live line on a terminal, else a line every 30 seconds, and
 * a summary at the end. Driver only; close it when the run is over, however it ended.
 */
public final class Progress implements AutoCloseable {
  private static final int TERMINAL_SECONDS = 1;
  private static final int PLAIN_SECONDS = 30;

  private final SparkContext context;
  private final RunCounters counters;
  private final InFlightCounts inFlight;
  private final long totalRows;
  private final PrintStream out;
  private final boolean terminal;
  private final ScheduledExecutorService timer;
  private final long startNanos = System.nanoTime();

  private final RunMetrics metrics;

  private long lastNanos = startNanos;
  private long lastTokens;
  private boolean lineOpen;
  private boolean summarized;

  private Progress(
      SparkContext context,
      RunCounters counters,
      long totalRows,
      PrintStream out,
      boolean terminal) {
    this.context = context;
    this.counters = counters;
    this.inFlight = new InFlightCounts(counters.shownById());
    this.totalRows = totalRows;
    this.out = out;
    this.terminal = terminal;
    this.metrics = new RunMetrics(totalRows, this::shown, this::tokensPerSecond);
    this.timer =
        Executors.newSingleThreadScheduledExecutor(
            work -> {
              Thread thread = new Thread(work, "trlm-progress");
              thread.setDaemon(true);
              return thread;
            });
  }

  /** Begins to tell. */
  public static Progress start(
      SparkContext context, RunCounters counters, long totalRows, PrintStream out) {
    Progress progress = new Progress(context, counters, totalRows, out, isTerminal());
    context.addSparkListener(progress.inFlight);
    context.env().metricsSystem().registerSource(progress.metrics);
    int seconds = progress.terminal ? TERMINAL_SECONDS : PLAIN_SECONDS;
    progress.timer.scheduleAtFixedRate(progress::tell, seconds, seconds, TimeUnit.SECONDS);
    return progress;
  }

  private static boolean isTerminal() {
    String kind = System.getenv("TERM");
    return kind != null && !kind.equals("dumb") && isTerminal(System.console(), Console.class);
  }

  /**
   * From Java 22 on there may be a console without a terminal, but it says so; before, a console is
   * one.
   *
   * @param type a public class of {@code console}, whose {@code isTerminal} is asked if it has one
   */
  static <C> boolean isTerminal(C console, Class<C> type) {
    if (console == null) {
      return false;
    }
    try {
      return (boolean) type.getMethod("isTerminal").invoke(console);
    } catch (NoSuchMethodException e) {
      return true;
    } catch (ReflectiveOperationException e) {
      return false;
    }
  }

  /** Counts by the names of {@link RunCounters}: of tasks that are done, and of those that run. */
  private Map<String, Long> shown() {
    Map<String, Long> shown = new HashMap<>(counters.shown());
    inFlight.sums().forEach((name, value) -> shown.merge(name, value, Long::sum));
    return shown;
  }

  private double tokensPerSecond() {
    return shown().get(RunCounters.GENERATED_TOKENS) * 1e9 / (System.nanoTime() - startNanos);
  }

  private synchronized void tell() {
    Map<String, Long> shown = shown();
    long now = System.nanoTime();
    long tokens = shown.get(RunCounters.GENERATED_TOKENS);
    double sinceLast = (now - lastNanos) / 1e9;
    double sinceStart = (now - startNanos) / 1e9;
    String line = line(shown, totalRows, (tokens - lastTokens) / sinceLast, sinceStart);
    lastNanos = now;
    lastTokens = tokens;
    if (terminal) {
      // back to the line's start, and clear what the last one left behind it
      out.print("\r" + line + "\u001b[K");
      out.flush();
      lineOpen = true;
    } else {
      out.println(line);
    }
  }

  /**
   * @param shown counts by the names of {@link RunCounters}
   * @param tokensPerSecondNow generated tokens a second since the last line
   * @param seconds since the start
   */
  static String line(
      Map<String, Long> shown, long totalRows, double tokensPerSecondNow, double seconds) {
    long rows = shown.getOrDefault(RunCounters.ROWS, 0L);
    long tokens = shown.getOrDefault(RunCounters.GENERATED_TOKENS, 0L);
    long prompt = shown.getOrDefault(RunCounters.PROMPT_TOKENS, 0L);
    long cached = shown.getOrDefault(RunCounters.CACHED_TOKENS, 0L);
    StringBuilder line =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "%,d/%,d rows | %,d running, %,d waiting | %.0f tokens/s now, %.0f overall | %d %% of prompt tokens cached",
                rows,
                totalRows,
                shown.getOrDefault(RunCounters.RUNNING, 0L),
                shown.getOrDefault(RunCounters.WAITING, 0L),
                Math.max(0, tokensPerSecondNow),
                tokens / seconds,
                prompt == 0 ? 0 : 100 * cached / prompt));
    String errors = errors(shown);
    if (!errors.isEmpty()) {
      line.append(" | errors: ").append(errors);
    }
    if (rows > 0 && rows < totalRows) {
      long left = Math.round(seconds * (totalRows - rows) / rows);
      line.append(
          String.format(
              Locale.ROOT, " | ETA %d:%02d:%02d", left / 3600, left / 60 % 60, left % 60));
    }
    return line.toString();
  }

  private static String errors(Map<String, Long> shown) {
    Map<String, Long> errors = new TreeMap<>();
    for (RowError.Code code : RowError.Code.values()) {
      long count = shown.getOrDefault(code.word(), 0L);
      if (count > 0) {
        errors.put(code.word(), count);
      }
    }
    return errors.entrySet().stream()
        .map(entry -> entry.getKey() + " " + entry.getValue())
        .collect(Collectors.joining(", "));
  }

  /** The table at the end of a run. */
  public synchronized void summary(String output, double wallSeconds) {
    closeLine();
    Counts counts = counters.counts();
    String errors = errors(counters.shown());
    out.printf(Locale.ROOT, "Rows        %,12d%n", counts.rows());
    out.printf(Locale.ROOT, "  ok        %,12d%n", counts.okRows());
    out.printf(
        Locale.ROOT,
        "  error     %,12d%s%n",
        counts.errorRows(),
        errors.isEmpty() ? "" : "   " + errors);
    out.printf(Locale.ROOT, "  skipped   %,12d%n", counts.skippedRows());
    out.printf(
        Locale.ROOT,
        "Tokens      %,12d prompt (%,d cached), %,d generated%n",
        counts.promptTokens(),
        counts.cachedTokens(),
        counts.generatedTokens());
    out.printf(
        Locale.ROOT,
        "Speed       %12.1f generated tokens/s, %,.0f rows/h, over %.1f s of inference (%.1f s in all)%n",
        counts.tokensPerSecond(),
        counts.rowsPerHour(),
        counts.millis() / 1000.0,
        wallSeconds);
    out.printf("Output      %s%n", output);
    out.flush();
    summarized = true;
  }

  /** What had been done when the run failed: tasks that were running lose their rows. */
  private void unfinished() {
    Map<String, Long> done = shown();
    String errors = errors(done);
    out.printf(
        Locale.ROOT,
        "Unfinished  %,12d of %,d rows answered%s%n",
        done.get(RunCounters.ROWS),
        totalRows,
        errors.isEmpty() ? "" : ", errors: " + errors);
    out.printf(
        Locale.ROOT,
        "Tokens      %,12d prompt (%,d cached), %,d generated%n",
        done.get(RunCounters.PROMPT_TOKENS),
        done.get(RunCounters.CACHED_TOKENS),
        done.get(RunCounters.GENERATED_TOKENS));
    out.flush();
  }

  private void closeLine() {
    if (lineOpen) {
      out.println();
      lineOpen = false;
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
    context.removeSparkListener(inFlight);
    if (!context.isStopped()) {
      context.env().metricsSystem().removeSource(metrics);
    }
    synchronized (this) {
      closeLine();
      if (!summarized) {
        unfinished();
      }
    }
  }
}
