package org.trlm.job.inference;

import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.Supplier;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.sql.Row;
import org.trlm.engine.Engine;
import org.trlm.engine.request.RequestOutput;
import org.trlm.engine.request.RequestRefusedException;
import org.trlm.job.JobConfig.PromptTooLong;
import org.trlm.job.inference.RowAdmission.Admitted;
import org.trlm.job.output.ResponseRow;
import org.trlm.job.output.ResponseRow.Metrics;
import org.trlm.job.output.ResponseRow.Status;
import org.trlm.job.output.ResponseRow.Usage;
import org.trlm.job.output.ResponseSchema;
import org.trlm.job.output.RowError;
import org.trlm.job.progress.RunCounters;

/**
 * The rows of one partition through one engine. Lazy: it reads as many rows as its engine can use,
 * and rows leave as they finish, so memory is bounded by the slots. Looks for a kill in every step.
 * One task, one thread.
 */
final class ResponseIterator implements Iterator<Row> {
  /** Rows that wait in the engine for each slot, so that a slot never stays empty. */
  private static final int WAITING_PER_SLOT = 2;

  private final Iterator<Row> input;
  private final Supplier<Engine> engines;
  private final int maxUnfinished;
  private final RowAdmission admission;
  private final ResponseAssembler assembler;
  private final InferenceSettings settings;
  private final ResponseSchema.Common common;
  private final RunCounters counters;
  private final TaskContext task;

  private final Map<String, PendingRow> unfinished = new LinkedHashMap<>();
  private final ArrayDeque<Row> ready = new ArrayDeque<>();
  private Engine engine;

  /** Tokens of this engine that are counted, and how many of them stand in answers. */
  private long countedTokens;

  private long answeredTokens;
  private int shownRunning;
  private int shownWaiting;

  /**
   * @param engines makes the task's engine, and another one when a step of it has failed
   * @param maxNumSeqs slots of such an engine
   */
  ResponseIterator(
      Iterator<Row> input,
      Supplier<Engine> engines,
      int maxNumSeqs,
      RowAdmission admission,
      ResponseAssembler assembler,
      InferenceSettings settings,
      ResponseSchema.Common common,
      RunCounters counters,
      TaskContext task) {
    this.input = input;
    this.engines = engines;
    this.maxUnfinished = Math.multiplyExact(maxNumSeqs, 1 + WAITING_PER_SLOT);
    this.admission = admission;
    this.assembler = assembler;
    this.settings = settings;
    this.common = common;
    this.counters = counters;
    this.task = task;
  }

  @Override
  public boolean hasNext() {
    while (ready.isEmpty()) {
      stopIfKilled();
      admitRows();
      if (!unfinished.isEmpty()) {
        step();
      } else if (ready.isEmpty()) {
        close();
        return false;
      }
    }
    return true;
  }

  @Override
  public Row next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return ready.removeFirst();
  }

  /** Frees the engine and its cache; also called when the task ends for any reason. */
  void close() {
    engine = null;
    showLoad();
    unfinished.clear();
    ready.clear();
  }

  /** Whether it holds an engine. */
  boolean isOpen() {
    return engine != null;
  }

  private void stopIfKilled() {
    if (task.isInterrupted()) {
      close();
      throw new TaskKilledException("the task was killed; its engine stopped between two steps");
    }
  }

  private void admitRows() {
    while (unfinished.size() < maxUnfinished && ready.size() < maxUnfinished && input.hasNext()) {
      Admitted admitted = admission.admit(input.next());
      if (admitted.refusal() != null) {
        refuse(admitted.samples(), admitted.refusal(), admitted.promptTokens());
      } else {
        counters.rowEntered();
        add(admitted.samples());
      }
    }
  }

  private void refuse(List<PendingRow> samples, RowError error, Integer promptTokens) {
    for (PendingRow sample : samples) {
      finish(refused(sample, error, promptTokens), sample);
    }
  }

  private void add(List<PendingRow> samples) {
    try {
      engine().addSamples(samples.stream().map(PendingRow::request).toList());
      for (PendingRow sample : samples) {
        unfinished.put(sample.request().id(), sample);
      }
    } catch (RequestRefusedException e) {
      RowError.Code code =
          e.reason() == RequestRefusedException.Reason.PROMPT_TOO_LONG
              ? RowError.Code.PROMPT_TOO_LONG
              : RowError.Code.ENGINE_FAILED;
      int promptTokens = samples.get(0).request().promptTokenIds().length;
      refuse(samples, new RowError(code, e.getMessage() + "."), promptTokens);
    }
  }

  private Engine engine() {
    if (engine == null) {
      engine = engines.get();
      countedTokens = 0;
      answeredTokens = 0;
    }
    return engine;
  }

  /**
   * Lets go of an engine that failed; what it chose for rows that it did not finish is no output.
   */
  private void dropEngine() {
    counters.discarded(countedTokens - answeredTokens);
    engine = null;
  }

  private List<RequestOutput> stepEngine() {
    List<RequestOutput> outputs = engine.step();
    counters.generated(engine.tokensGenerated() - countedTokens);
    countedTokens = engine.tokensGenerated();
    showLoad();
    return outputs;
  }

  private void showLoad() {
    int running = engine == null ? 0 : engine.numRunning();
    int waiting = engine == null ? 0 : engine.numWaiting();
    counters.load(running - shownRunning, waiting - shownWaiting);
    shownRunning = running;
    shownWaiting = waiting;
  }

  private void step() {
    List<RequestOutput> outputs;
    try {
      outputs = stepEngine();
    } catch (RuntimeException failure) {
      runOneByOne();
      return;
    }
    for (RequestOutput output : outputs) {
      finish(output, unfinished.remove(output.id()));
    }
  }

  /**
   * A step failed, and nobody can say for which of its rows. Each of them runs again alone: answers
   * do not depend on neighbours, so only the row that fails again pays for it.
   */
  private void runOneByOne() {
    List<PendingRow> suspects = new ArrayList<>(unfinished.values());
    unfinished.clear();
    dropEngine();
    for (PendingRow row : suspects) {
      try {
        engine().add(row.request());
        List<RequestOutput> outputs = List.of();
        while (outputs.isEmpty()) {
          stopIfKilled();
          outputs = stepEngine();
        }
        finish(outputs.get(0), row);
      } catch (TaskKilledException e) {
        throw e;
      } catch (RuntimeException alone) {
        dropEngine();
        String message =
            "the engine failed on this row: %s. Please report it with the row."
                .formatted(alone.toString());
        finish(
            refused(
                row,
                new RowError(RowError.Code.ENGINE_FAILED, message),
                row.request().promptTokenIds().length),
            row);
      }
    }
  }

  private void finish(RequestOutput output, PendingRow row) {
    answeredTokens += output.tokenIds().length;
    if (output.failure() != null) {
      RowError error = new RowError(RowError.Code.ENGINE_FAILED, output.failure());
      finish(refused(row, error, output.promptTokens()), row);
      return;
    }
    ResponseRow response =
        new ResponseRow(
            row.customId(),
            row.rowKey(),
            row.requestId(),
            row.sampleIndex(),
            assembler.answer(output, row),
            Status.OK,
            null,
            assembler.usage(output, row),
            ResponseAssembler.metrics(output, task.attemptNumber()),
            row.sampling().json(),
            row.sampling().seed(),
            task.partitionId(),
            Timestamp.from(Instant.now()),
            row.renderedPrompt());
    finish(response, row);
  }

  private void finish(ResponseRow response, PendingRow row) {
    counters.rowDone(response);
    ready.add(settings.schema().row(row.kept(), response, common));
  }

  private ResponseRow refused(PendingRow row, RowError error, Integer promptTokens) {
    boolean skipped =
        error.code() == RowError.Code.PROMPT_TOO_LONG
            && settings.config().run().promptTooLong() == PromptTooLong.SKIP;
    return new ResponseRow(
        row.customId(),
        row.rowKey(),
        row.requestId(),
        row.sampleIndex(),
        null,
        skipped ? Status.SKIPPED : Status.ERROR,
        error,
        new Usage(promptTokens, null, null, null),
        Metrics.notRun(task.attemptNumber()),
        row.sampling().json(),
        row.sampling().seed(),
        task.partitionId(),
        Timestamp.from(Instant.now()),
        row.renderedPrompt());
  }
}
