package org.trlm.job;

import java.util.Arrays;
import java.util.Iterator;
import java.util.Set;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.trlm.job.input.EncodedPrompt;
import org.trlm.job.input.PromptEncoder;
import org.trlm.job.input.PromptRow;
import org.trlm.job.input.PromptRowReader;
import org.trlm.job.input.PromptTable;
import org.trlm.job.input.RowRefusedException;
import org.trlm.job.model.ModelBundle;
import org.trlm.job.output.KeptColumns;
import org.trlm.job.output.RowError;
import org.trlm.job.output.TableWriter;

/** The run of {@code tokenize}: rows in, rows with token ids out, error rows included. */
final class Tokenization {
  /** Our columns, in the order written. */
  static final StructType COLUMNS =
      new StructType()
          .add("custom_id", DataTypes.StringType)
          .add("token_ids", DataTypes.createArrayType(DataTypes.IntegerType))
          .add("num_tokens", DataTypes.IntegerType)
          .add("rendered_prompt", DataTypes.StringType)
          .add("status", DataTypes.StringType)
          .add("error", RowError.SCHEMA);

  private Tokenization() {}

  static void run(SparkSession session, JobConfig config, ModelBundle bundle) {
    PromptTable input = PromptTable.open(session, config.input());
    KeptColumns layout = new KeptColumns(input.columns(), Set.of(), COLUMNS);
    layout.warnings().forEach(warning -> System.err.println("Warning: " + warning));
    Dataset<Row> rows =
        config.run().partitions() == null
            ? input.rows()
            : input.rows().repartition(config.run().partitions());
    Broadcast<ModelBundle> model =
        JavaSparkContext.fromSparkContext(session.sparkContext())
            .broadcast(bundle.withoutWeights());
    PromptRowReader reader = input.reader();
    Dataset<Row> tokenized =
        rows.mapPartitions(
            (MapPartitionsFunction<Row, Row>)
                partition -> tokenize(partition, config, model.value(), reader, layout),
            Encoders.row(layout.schema()));
    TableWriter.write(tokenized, config.output().format(), config.output().path());
    model.destroy();
  }

  /** One partition, lazily; runs on an executor. */
  private static Iterator<Row> tokenize(
      Iterator<Row> partition,
      JobConfig config,
      ModelBundle model,
      PromptRowReader reader,
      KeptColumns layout) {
    PromptEncoder encoder = PromptEncoder.of(config.model(), model);
    boolean rendered = config.output().includeRenderedPrompt();
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return partition.hasNext();
      }

      @Override
      public Row next() {
        Row row = partition.next();
        return layout.row(layout.keep(row), tokenize(reader.read(row), encoder, rendered));
      }
    };
  }

  private static Object[] tokenize(PromptRow row, PromptEncoder encoder, boolean rendered) {
    try {
      EncodedPrompt prompt = encoder.encode(row);
      Integer[] ids = Arrays.stream(prompt.tokenIds()).boxed().toArray(Integer[]::new);
      return new Object[] {
        row.customId(), ids, ids.length, rendered ? prompt.text() : null, "ok", null
      };
    } catch (RowRefusedException e) {
      return refused(row, e);
    } catch (RuntimeException | StackOverflowError e) {
      return refused(row, RowRefusedException.unforeseen(e));
    }
  }

  private static Object[] refused(PromptRow row, RowRefusedException refusal) {
    return new Object[] {row.customId(), null, null, null, "error", refusal.error().toRow()};
  }
}
