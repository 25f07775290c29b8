package org.trlm.job.inference;

import java.nio.charset.StandardCharsets;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Row;
import org.trlm.engine.Engine;
import org.trlm.engine.EngineConfig;
import org.trlm.engine.request.Request;
import org.trlm.engine.request.RequestOutput;
import org.trlm.engine.request.RequestRefusedException;
import org.trlm.job.JobConfig.PromptTooLong;
import org.trlm.job.inference.ScoredRow.Part;
import org.trlm.job.input.PromptRow;
import org.trlm.job.input.RowRefusedException;
import org.trlm.job.input.ScoreOptions.Kind;
import org.trlm.job.output.ResponseRow.Metrics;
import org.trlm.job.output.ResponseRow.Status;
import org.trlm.job.output.ResponseRow.Usage;
import org.trlm.job.output.ResponseSchema;
import org.trlm.job.output.RowError;
import org.trlm.job.output.ScoreRow;
import org.trlm.job.output.ScoreRow.ChoiceScore;
import org.trlm.job.output.ScoreRow.TextScore;
import org.trlm.job.progress.RunCounters;

/** The rows of one partition, scored: a row leaves once all of its parts are. */
final class ScoreIterator extends EngineIterator<Part> {
  private final ScoreAdmission admission;
  private final ScoreSettings settings;
  private final ResponseSchema.Common common;
  private final RunCounters counters;
  private final TaskContext task;

  ScoreIterator(
      Iterator<Row> input,
      Function<EngineConfig, Engine> engines,
      EngineConfig limits,
      ScoreAdmission admission,
      ScoreSettings settings,
      ResponseSchema.Common common,
      RunCounters counters,
      TaskContext task) {
    super(input, engines, limits, counters, task);
    this.admission = admission;
    this.settings = settings;
    this.common = common;
    this.counters = counters;
    this.task = task;
  }

  @Override
  List<Part> admit(Row input) {
    PromptRow prompt = settings.reader().read(input);
    ScoredRow row = admission.open(input, prompt);
    try {
      admission.admit(input, prompt, row);
      return row.parts;
    } catch (RowRefusedException e) {
      refuse(row, e.error());
    } catch (RuntimeException | StackOverflowError e) {
      refuse(row, RowRefusedException.unforeseen(e).error());
    }
    return List.of();
  }

  @Override
  Request request(Part part) {
    return part.request;
  }

  /** The first computes the prompt's keys and values, the others find them. */
  @Override
  void addTo(Engine engine, List<Request> requests) {
    int added = 0;
    try {
      for (Request request : requests) {
        engine.add(request);
        added++;
      }
    } catch (RequestRefusedException e) {
      requests.subList(0, added).forEach(request -> engine.abort(request.id()));
      throw e;
    }
  }

  @Override
  void finish(RequestOutput output, Part part) {
    if (part.row.finish(part, output)) {
      boolean rolling = settings.options().kind() == Kind.ROLLING;
      leave(
          part.row,
          rolling ? null : choices(part.row),
          rolling ? text(part.row) : null,
          null,
          metrics(part.row));
    }
  }

  @Override
  void refuse(Part part, RowError error) {
    refuse(part.row, error);
  }

  private void refuse(ScoredRow row, RowError error) {
    if (row.refuse()) {
      leave(row, null, null, error, Metrics.notRun(task.attemptNumber()));
    }
  }

  private void leave(
      ScoredRow row, List<ChoiceScore> choices, TextScore text, RowError error, Metrics metrics) {
    ScoreRow score =
        new ScoreRow(
            row.customId,
            row.rowKey,
            row.requestId,
            choices,
            text,
            status(error),
            error,
            usage(row, error == null),
            metrics,
            task.partitionId(),
            Timestamp.from(Instant.now()),
            row.renderedPrompt);
    counters.rowDone(score.status(), score.error(), score.usage());
    emit(settings.schema().row(row.kept, score, common));
  }

  private Status status(RowError error) {
    if (error == null) {
      return Status.OK;
    }
    return error.code() == RowError.Code.PROMPT_TOO_LONG
            && settings.config().run().promptTooLong() == PromptTooLong.SKIP
        ? Status.SKIPPED
        : Status.ERROR;
  }

  private static List<ChoiceScore> choices(ScoredRow row) {
    List<ChoiceScore> choices = new ArrayList<>();
    for (int i = 0; i < row.texts.size(); i++) {
      String text = row.texts.get(i);
      Part part = row.parts.get(i);
      choices.add(
          new ChoiceScore(
              text,
              part.logprob(),
              part.numScored,
              text.codePointCount(0, text.length()),
              text.getBytes(StandardCharsets.UTF_8).length,
              part.isGreedy()));
    }
    return choices;
  }

  private static TextScore text(ScoredRow row) {
    double logprob = 0;
    for (Part part : row.parts) {
      logprob += part.logprob();
    }
    int bytes = row.texts.get(0).getBytes(StandardCharsets.UTF_8).length;
    return TextScore.of(logprob, numScored(row), bytes);
  }

  private static int numScored(ScoredRow row) {
    return row.parts.stream().mapToInt(part -> part.numScored).sum();
  }

  /** Cached tokens are those of the first part: the others find what it computed. */
  private static Usage usage(ScoredRow row, boolean scored) {
    return scored
        ? new Usage(
            row.promptTokens, numScored(row), null, row.parts.get(0).output().cachedTokens())
        : new Usage(row.promptTokens, null, null, null);
  }

  /** From the first request in to the last one out. */
  private Metrics metrics(ScoredRow row) {
    double queue = Double.POSITIVE_INFINITY;
    double all = 0;
    for (Part part : row.parts) {
      queue = Math.min(queue, part.output().timings().queueMs());
      all = Math.max(all, part.output().timings().e2eMs());
    }
    return new Metrics(queue, null, null, null, all, null, task.attemptNumber());
  }
}
