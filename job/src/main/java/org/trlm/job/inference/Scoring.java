package org.trlm.job.inference;

import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.trlm.job.JobException;
import org.trlm.job.input.ChoiceReader;
import org.trlm.job.input.PromptTable;
import org.trlm.job.input.ScoreOptions;
import org.trlm.job.input.ScoreOptions.Kind;
import org.trlm.job.model.ModelBundle;
import org.trlm.job.output.ScoreSchema;

/** The workload of {@code score}: each row's choices, or its text, get their log-likelihoods. */
public final class Scoring implements Workload {
  private final RunContext run;
  private final ScoreSettings settings;

  private Scoring(RunContext run, ScoreSettings settings) {
    this.run = run;
    this.settings = settings;
  }

  /** Makes the workload once input and model are known. */
  public static Workload.Factory of(ScoreOptions options) {
    return (table, run) -> of(options, table, run);
  }

  private static Scoring of(ScoreOptions options, PromptTable table, RunContext run) {
    boolean rolling = options.kind() == Kind.ROLLING;
    ChoiceReader choices = rolling ? null : ChoiceReader.of(table, options);
    return new Scoring(
        run,
        new ScoreSettings(
            run.config(),
            options,
            table.reader(),
            choices,
            new ScoreSchema(table.columns()),
            new ScoreKeys(options, choices, run.keySettings(), run.bundle().fingerprint()),
            rolling ? firstToken(run.bundle()) : -1));
  }

  /** The token that a text by itself begins after: the model's first one, else its end token. */
  private static int firstToken(ModelBundle model) {
    for (String name : List.of("bos_token", "eos_token")) {
      String text = model.specialTokens().get(name);
      OptionalInt id = text == null ? OptionalInt.empty() : model.tokenizer().tokenId(text);
      if (id.isPresent()) {
        return id.getAsInt();
      }
    }
    throw new JobException(
        "--rolling scores a text from its first token on, and the model %s names no bos_token and no eos_token to begin after. Add one to its tokenizer_config.json."
            .formatted(model.path()));
  }

  @Override
  public String command() {
    return "score";
  }

  @Override
  public StructType columns() {
    return settings.schema().columns();
  }

  @Override
  public List<String> warnings() {
    return settings.schema().warnings();
  }

  @Override
  public Map<String, Object> parameters() {
    Map<String, Object> parameters = new TreeMap<>();
    parameters.put("rolling", settings.choices() == null);
    if (settings.choices() != null) {
      parameters.put("choice_prefix", settings.options().choicePrefix());
    }
    return parameters;
  }

  @Override
  public Map<String, Object> keyParameters() {
    Map<String, Object> parameters = parameters();
    parameters.remove("rolling", false);
    parameters.remove("choice_prefix", ScoreOptions.DEFAULT.choicePrefix());
    return parameters;
  }

  @Override
  public ExpectedTokens expectedTokens() {
    return new ScoreTokens(settings.choices());
  }

  @Override
  public RequestKeys requestKeys() {
    return settings.keys();
  }

  @Override
  public MapPartitionsFunction<Row, Row> tasks(Broadcast<ModelBundle> model) {
    return new ScoreInference(model, settings, run.common(), run.counters(), run.tasksPerJvm());
  }
}
