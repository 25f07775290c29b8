package org.trlm.job;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.percentile_approx;
import static org.apache.spark.sql.functions.sum;

import java.io.PrintWriter;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.trlm.job.input.ConstraintChecks;
import org.trlm.job.input.EffectiveSampling;
import org.trlm.job.input.PromptEncoder;
import org.trlm.job.input.PromptFit;
import org.trlm.job.input.PromptRow;
import org.trlm.job.input.PromptRowReader;
import org.trlm.job.input.PromptTable;
import org.trlm.job.input.RowRefusedException;
import org.trlm.job.input.SamplingResolver;
import org.trlm.job.model.ModelBundle;

/**
 * What an input table is to a model: its rows are read, rendered and tokenized as {@code generate}
 * would, and only counted. The driver sees one row per error code.
 *
 * @param schema the input's columns
 * @param byCode one row per error code (null for rows that can be answered): code, rows, tokens
 *     shortest, quantiles, longest, in all, and the most that can be generated
 */
record InputReport(StructType schema, List<Row> byCode) {
  private static final StructType CHECKED =
      new StructType()
          .add("code", DataTypes.StringType)
          .add("tokens", DataTypes.IntegerType)
          .add("most_generated", DataTypes.LongType);

  private static final int ACCURACY = 10_000;

  static InputReport of(SparkSession session, JobConfig config, ModelBundle bundle) {
    PromptTable input = PromptTable.open(session, config.input());
    int asked = config.engine().maxModelLen() == null ? 0 : config.engine().maxModelLen();
    int maxModelLen = asked > 0 ? asked : bundle.config().maxPositionEmbeddings();
    SamplingResolver sampling =
        new SamplingResolver(
            config.sampling(), bundle.generationDefaults(), bundle.config().vocabSize());
    PromptFit fit = new PromptFit(maxModelLen, config.run().promptTooLong());
    Broadcast<ModelBundle> model =
        JavaSparkContext.fromSparkContext(session.sparkContext())
            .broadcast(bundle.withoutWeights());
    PromptRowReader reader = input.reader();
    Dataset<Row> checked =
        input
            .rows()
            .mapPartitions(
                (MapPartitionsFunction<Row, Row>)
                    rows ->
                        check(
                            rows,
                            reader,
                            PromptEncoder.of(config.model(), model.value()),
                            sampling,
                            fit),
                Encoders.row(CHECKED));
    List<Row> byCode =
        checked
            .groupBy("code")
            .agg(
                count(lit(1)).as("rows"),
                min("tokens").as("shortest"),
                percentile_approx(col("tokens"), quantiles(), lit(ACCURACY)).as("quantiles"),
                max("tokens").as("longest"),
                sum("tokens").as("tokens"),
                sum("most_generated").as("most_generated"))
            .orderBy("code")
            .collectAsList();
    model.destroy();
    return new InputReport(input.columns(), byCode);
  }

  private static org.apache.spark.sql.Column quantiles() {
    return org.apache.spark.sql.functions.array(lit(0.5), lit(0.95));
  }

  /** One partition, lazily; runs on an executor. */
  private static Iterator<Row> check(
      Iterator<Row> rows,
      PromptRowReader reader,
      PromptEncoder encoder,
      SamplingResolver sampling,
      PromptFit fit) {
    ConstraintChecks constraints = new ConstraintChecks();
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return rows.hasNext();
      }

      @Override
      public Row next() {
        PromptRow row = reader.read(rows.next());
        try {
          return check(row, encoder, sampling, fit, constraints);
        } catch (RowRefusedException e) {
          return refused(e);
        } catch (RuntimeException | StackOverflowError e) {
          return refused(RowRefusedException.unforeseen(e));
        }
      }
    };
  }

  /** In the order in which {@code generate} looks at a row: the first that is wrong counts. */
  private static Row check(
      PromptRow row,
      PromptEncoder encoder,
      SamplingResolver sampling,
      PromptFit fit,
      ConstraintChecks constraints)
      throws RowRefusedException {
    EffectiveSampling effective = sampling.resolve(row.error() == null ? row.params() : null);
    int[] ids = encoder.encode(row).tokenIds();
    int tokens = fit.fit(ids, effective.maxTokens()).length;
    constraints.check(effective);
    return RowFactory.create(
        null,
        tokens,
        (long) effective.n() * Math.min(effective.maxTokens(), fit.maxModelLen() - tokens));
  }

  private static Row refused(RowRefusedException refusal) {
    return RowFactory.create(refusal.error().code().word(), null, 0L);
  }

  /** All rows, those that would be error rows among them. */
  long rows() {
    return byCode.stream().mapToLong(row -> row.getAs("rows")).sum();
  }

  /** The rows that can be answered; null when there are none. */
  private Row answerable() {
    return byCode.stream().filter(row -> row.getAs("code") == null).findFirst().orElse(null);
  }

  /** Rows that can be answered. */
  long answerableRows() {
    return answerable() == null ? 0 : answerable().<Long>getAs("rows");
  }

  void print(PrintWriter out, String path, EffectiveSampling sampling) {
    long rows = rows();
    out.println("Input " + path);
    ModelReport.line(out, "columns", columns());
    ModelReport.line(out, "rows", String.format(Locale.ROOT, "%,d", rows));
    ModelReport.line(out, "error rows", errors());
    ModelReport.line(out, "sampling", sampling.json());
    if (answerable() != null) {
      tokens(out, answerable());
    }
  }

  /**
   * What the job will amount to, reckoned from a measured part of it.
   *
   * @param cores tasks that the job will run at the same time
   */
  void print(PrintWriter out, Calibration measured, int cores) {
    long prompt = answerable().<Long>getAs("tokens");
    long most = answerable().<Long>getAs("most_generated");
    double generated = Math.min(most, measured.tokensPerRow() * answerableRows());
    double computed = prompt * measured.computedShare() + generated;
    long seconds = (long) Math.ceil(computed / (measured.tokensPerSecondPerTask() * cores));
    ModelReport.line(
        out,
        "estimate",
        String.format(
            Locale.ROOT,
            "%,.0f generated tokens (%.1f a row), %d:%02d:%02d on %d tasks at once, loading and start left out",
            generated,
            measured.tokensPerRow(),
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60,
            cores));
    ModelReport.line(
        out,
        "measured on",
        String.format(
            Locale.ROOT,
            "%,d rows drawn at random, %d tasks, %.1f s: %.0f generated tokens/s, %.0f %% of prompt tokens cached",
            measured.counts().rows(),
            measured.tasks(),
            measured.counts().millis() / 1000.0,
            measured.counts().tokensPerSecond(),
            100 * (1 - measured.computedShare())));
  }

  private String columns() {
    String columns =
        java.util.Arrays.stream(schema.fields())
            .map(field -> field.name() + " " + field.dataType().simpleString())
            .collect(Collectors.joining(", "));
    return columns.isEmpty() ? "none" : columns;
  }

  private String errors() {
    String errors =
        byCode.stream()
            .filter(row -> row.getAs("code") != null)
            .map(row -> row.getAs("rows") + " " + row.getAs("code"))
            .collect(Collectors.joining(", "));
    return errors.isEmpty() ? "none" : errors;
  }

  private static void tokens(PrintWriter out, Row row) {
    List<Integer> quantiles = row.getList(row.fieldIndex("quantiles"));
    ModelReport.line(
        out,
        "prompt tokens",
        String.format(
            Locale.ROOT,
            "%,d in all; a row: min %d, median %d, p95 %d, max %d",
            row.<Long>getAs("tokens"),
            row.<Integer>getAs("shortest"),
            quantiles.get(0),
            quantiles.get(1),
            row.<Integer>getAs("longest")));
    ModelReport.line(
        out,
        "generated tokens",
        String.format(
            Locale.ROOT,
            "at most %,d (max_tokens of every row; answers mostly end earlier)",
            row.<Long>getAs("most_generated")));
  }
}
