package org.trlm.job.progress;

import java.util.regex.Pattern;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;

/**
 * The executors that a run has lost, and why. What ends a run after such losses is often only their
 * consequence: rows that went with an executor are missing to a task of another one, and Spark
 * names that. Driver; called by Spark's listener thread, read by another; close it when the run is
 * over.
 */
public final class ExecutorLosses extends SparkListener implements AutoCloseable {
  /**
   * SparkExitCode.OOM, in the words of Spark's own workers, of Kubernetes and of YARN: "Command
   * exited with code 52", "exited with exit code 52", "Exit status: 52".
   */
  private static final Pattern HEAP_FULL =
      Pattern.compile("exit(ed with( exit)? code| status:?) 52\\b", Pattern.CASE_INSENSITIVE);

  /** What Spark says of executors that it needs no more. */
  private static final Pattern INTENDED =
      Pattern.compile("killed by driver|decommission", Pattern.CASE_INSENSITIVE);

  private static final int MOST_CHARACTERS = 300;

  private final SparkContext context;
  private int heapsFull;
  private int others;
  private String lastOther;

  private ExecutorLosses(SparkContext context) {
    this.context = context;
  }

  /** Begins to watch. */
  public static ExecutorLosses watch(SparkContext context) {
    ExecutorLosses losses = new ExecutorLosses(context);
    context.addSparkListener(losses);
    return losses;
  }

  @Override
  public synchronized void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
    String reason = removed.reason();
    if (HEAP_FULL.matcher(reason).find()) {
      heapsFull++;
    } else if (!INTENDED.matcher(reason).find()) {
      others++;
      lastOther = reason.strip().replaceAll("\\s+", " ");
    }
  }

  /** For the message of a run that failed, lines that begin with a line break; empty for none. */
  public synchronized String told() {
    StringBuilder told = new StringBuilder();
    if (heapsFull > 0) {
      told.append(
          "%nThe heap of %s was full (exit code 52). Give executors more memory with --executor-memory (it is %s), or lower --max-num-seqs or --kv-cache-memory."
              .formatted(executors(heapsFull), context.conf().get("spark.executor.memory", "1g")));
    }
    if (others > 0) {
      told.append(
          "%n%s lost for other reasons; the last one: %s"
              .formatted(
                  others == 1 ? "1 executor was" : others + " executors were",
                  lastOther.length() <= MOST_CHARACTERS
                      ? lastOther
                      : lastOther.substring(0, MOST_CHARACTERS) + "..."));
    }
    return told.toString();
  }

  private static String executors(int count) {
    return count == 1 ? "1 executor" : count + " executors, one after the other,";
  }

  @Override
  public void close() {
    context.removeSparkListener(this);
  }
}
