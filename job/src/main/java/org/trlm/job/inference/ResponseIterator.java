package org.trlm.job.inference;

import java.sql.Timestamp;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Row;
import org.trlm.engine.Engine;
import org.trlm.engine.EngineConfig;
import org.trlm.engine.request.Request;
import org.trlm.engine.request.RequestOutput;
import org.trlm.job.JobConfig.PromptTooLong;
import org.trlm.job.inference.RowAdmission.Admitted;
import org.trlm.job.output.ResponseRow;
import org.trlm.job.output.ResponseRow.Metrics;
import org.trlm.job.output.ResponseRow.Status;
import org.trlm.job.output.ResponseRow.Usage;
import org.trlm.job.output.ResponseSchema;
import org.trlm.job.output.RowError;
import org.trlm.job.progress.RunCounters;

/** The rows of one partition, answered by generated text. */
final class ResponseIterator extends EngineIterator<PendingRow> {
  private final RowAdmission admission;
  private final ResponseAssembler assembler;
  private final InferenceSettings settings;
  private final ResponseSchema.Common common;
  private final RunCounters counters;
  private final TaskContext task;

  /**
   * @param engines makes the task's engine, and another one when a step of it has failed
   * @param limits of an engine for more rows than are read ahead
   */
  ResponseIterator(
      Iterator<Row> input,
      Function<EngineConfig, Engine> engines,
      EngineConfig limits,
      RowAdmission admission,
      ResponseAssembler assembler,
      InferenceSettings settings,
      ResponseSchema.Common common,
      RunCounters counters,
      TaskContext task) {
    super(input, engines, limits, counters, task);
    this.admission = admission;
    this.assembler = assembler;
    this.settings = settings;
    this.common = common;
    this.counters = counters;
    this.task = task;
  }

  @Override
  List<PendingRow> admit(Row input) {
    Admitted admitted = admission.admit(input);
    if (admitted.refusal() == null) {
      return admitted.samples();
    }
    for (PendingRow sample : admitted.samples()) {
      leave(refused(sample, admitted.refusal(), admitted.promptTokens()), sample);
    }
    return List.of();
  }

  @Override
  Request request(PendingRow row) {
    return row.request();
  }

  @Override
  void addTo(Engine engine, List<Request> requests) {
    engine.addSamples(requests);
  }

  @Override
  void finish(RequestOutput output, PendingRow row) {
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
    leave(response, row);
  }

  @Override
  void refuse(PendingRow row, RowError error) {
    leave(refused(row, error, row.request().promptTokenIds().length), row);
  }

  private void leave(ResponseRow response, PendingRow row) {
    counters.rowDone(response.status(), response.error(), response.usage());
    emit(settings.schema().row(row.kept(), response, common));
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
