package org.trlm.job.inference;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.Function;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.sql.Row;
import org.trlm.engine.Engine;
import org.trlm.engine.EngineConfig;
import org.trlm.engine.request.Request;
import org.trlm.engine.request.RequestOutput;
import org.trlm.engine.request.RequestRefusedException;
import org.trlm.job.output.RowError;
import org.trlm.job.progress.RunCounters;

/**
 * The rows of one partition through one engine. Lazy: it reads as many rows as its engine can use,
 * and rows leave as they finish, so memory is bounded by the slots. Looks for a kill in every step.
 * One task, one thread.
 *
 * @param <P> what waits for the output of one request
 */
abstract class EngineIterator<P> implements Iterator<Row> {
  /** Requests that wait in the engine for each slot, so that a slot never stays empty. */
  private static final int WAITING_PER_SLOT = 2;

  private final Iterator<Row> input;
  private final Function<EngineConfig, Engine> engines;
  private final EngineConfig limits;
  private final int maxUnfinished;
  private final RunCounters counters;
  private final TaskContext task;

  private final Map<String, P> unfinished = new LinkedHashMap<>();
  private final ArrayDeque<Row> ready = new ArrayDeque<>();
  private Engine engine;

  /** Of the next engine: with less cache than the limits if all its rows are known. */
  private EngineConfig engineConfig;

  /** Tokens of this engine that are counted, and how many of them stand in answers. */
  private long countedTokens;

  private long answeredTokens;
  private int shownRunning;
  private int shownWaiting;

  /**
   * @param engines makes the task's engine, and another one when a step of it has failed
   * @param limits of an engine for more rows than are read ahead
   */
  EngineIterator(
      Iterator<Row> input,
      Function<EngineConfig, Engine> engines,
      EngineConfig limits,
      RunCounters counters,
      TaskContext task) {
    this.input = input;
    this.engines = engines;
    this.limits = limits;
    this.maxUnfinished = Math.multiplyExact(limits.maxNumSeqs(), 1 + WAITING_PER_SLOT);
    this.counters = counters;
    this.task = task;
  }

  /**
   * What is to be asked for a row of the input; none when the row was refused, and its output is
   * {@linkplain #emit emitted}.
   */
  abstract List<P> admit(Row row);

  /** What the engine gets. */
  abstract Request request(P pending);

  /** Lets all requests of a row wait in the engine, or none of them when it refuses one. */
  abstract void addTo(Engine engine, List<Request> requests);

  /** An output that is no failure. */
  abstract void finish(RequestOutput output, P pending);

  /** The engine refused the request, or failed on it. */
  abstract void refuse(P pending, RowError error);

  /** Lets a finished row leave. */
  final void emit(Row row) {
    ready.add(row);
  }

  @Override
  public final boolean hasNext() {
    try {
      return hasReady();
    } catch (OutOfMemoryError e) {
      // what filled the heap goes with this engine
      close();
      throw HeapShare.exhausted(e);
    }
  }

  private boolean hasReady() {
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
  public final Row next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return ready.removeFirst();
  }

  /** Frees the engine and its cache; also called when the task ends for any reason. */
  final void close() {
    engine = null;
    showLoad();
    unfinished.clear();
    ready.clear();
  }

  /** Whether it holds an engine. */
  final boolean isOpen() {
    return engine != null;
  }

  private void stopIfKilled() {
    if (task.isInterrupted()) {
      close();
      throw new TaskKilledException("the task was killed; its engine stopped between two steps");
    }
  }

  private void admitRows() {
    List<List<P>> admitted = new ArrayList<>();
    int requests = unfinished.size();
    while (requests < maxUnfinished && ready.size() < maxUnfinished && input.hasNext()) {
      List<P> row = admit(input.next());
      if (!row.isEmpty()) {
        counters.rowEntered();
        admitted.add(row);
        requests += row.size();
      }
    }
    if (engine == null) {
      engineConfig = input.hasNext() ? limits : limits.forNoMoreThan(requests(admitted));
    }
    admitted.forEach(this::add);
  }

  private List<Request> requests(List<List<P>> rows) {
    return rows.stream().flatMap(List::stream).map(this::request).toList();
  }

  private void add(List<P> row) {
    try {
      addTo(engine(), row.stream().map(this::request).toList());
      row.forEach(pending -> unfinished.put(request(pending).id(), pending));
    } catch (RequestRefusedException e) {
      RowError.Code code =
          switch (e.reason()) {
            case PROMPT_TOO_LONG -> RowError.Code.PROMPT_TOO_LONG;
            case CONSTRAINT -> RowError.Code.PARAMS_INVALID;
            case KV_CACHE_TOO_SMALL, INVALID -> RowError.Code.ENGINE_FAILED;
          };
      RowError error = new RowError(code, e.getMessage() + ".");
      row.forEach(pending -> refuse(pending, error));
    }
  }

  private Engine engine() {
    if (engine == null) {
      engine = engines.apply(engineConfig);
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
      take(output, unfinished.remove(output.id()));
    }
  }

  /**
   * A step failed, and nobody can say for which of its requests. Each of them runs again alone:
   * answers do not depend on neighbours, so only the row that fails again pays for it.
   */
  private void runOneByOne() {
    List<P> suspects = new ArrayList<>(unfinished.values());
    unfinished.clear();
    dropEngine();
    for (P pending : suspects) {
      try {
        engine().add(request(pending));
        List<RequestOutput> outputs = List.of();
        while (outputs.isEmpty()) {
          stopIfKilled();
          outputs = stepEngine();
        }
        take(outputs.get(0), pending);
      } catch (TaskKilledException e) {
        throw e;
      } catch (RuntimeException alone) {
        dropEngine();
        String message =
            "the engine failed on this row: %s. Please report it with the row."
                .formatted(alone.toString());
        refuse(pending, new RowError(RowError.Code.ENGINE_FAILED, message));
      }
    }
  }

  private void take(RequestOutput output, P pending) {
    answeredTokens += output.tokenIds().length;
    if (output.failure() != null) {
      refuse(pending, new RowError(RowError.Code.ENGINE_FAILED, output.failure()));
    } else {
      finish(output, pending);
    }
  }
}
