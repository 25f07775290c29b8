package org.trlm.job;

import java.io.Serializable;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.trlm.engine.RequestedLimits;
import org.trlm.engine.cache.PrefixCaching;
import org.trlm.engine.kernel.ComputeMode;
import org.trlm.engine.kernel.KvCacheDtype;

/**
 * The effective, typed configuration of one run: options and the YAML file merged, defaults filled
 * in. Built once on the driver by the commands; each component takes the group it needs. Only
 * {@link SamplingOptions} stays "as given", because the row stands above it and the model's own
 * defaults below it. One long file, so that all there is to configure is read in one place.
 *
 * @param model which model and how its prompts are rendered
 * @param input which rows
 * @param output where the rows go
 * @param sampling the job-level sampling values
 * @param engine limits of the engine in each task
 * @param run how the job itself behaves
 */
public record JobConfig(
    ModelOptions model,
    InputOptions input,
    OutputOptions output,
    SamplingOptions sampling,
    EngineOptions engine,
    RunOptions run)
    implements Serializable {

  /** Nothing else given: the model's own sampling values, an engine as large as the memory. */
  public static JobConfig of(ModelOptions model, InputOptions input, OutputOptions output) {
    return new JobConfig(
        model, input, output, SamplingOptions.NONE, EngineOptions.DEFAULT, RunOptions.DEFAULT);
  }

  /** The same with another model. */
  public JobConfig with(ModelOptions other) {
    return new JobConfig(other, input, output, sampling, engine, run);
  }

  /** The same over other rows. */
  public JobConfig with(InputOptions other) {
    return new JobConfig(model, other, output, sampling, engine, run);
  }

  /** The same with another output. */
  public JobConfig with(OutputOptions other) {
    return new JobConfig(model, input, other, sampling, engine, run);
  }

  /** The same with other sampling values. */
  public JobConfig with(SamplingOptions other) {
    return new JobConfig(model, input, output, other, engine, run);
  }

  /** The same with another engine. */
  public JobConfig with(EngineOptions other) {
    return new JobConfig(model, input, output, sampling, other, run);
  }

  /** The same, run in another way. */
  public JobConfig with(RunOptions other) {
    return new JobConfig(model, input, output, sampling, engine, other);
  }

  /** A value of an option that is typed as a word. */
  public interface Spelled {
    String name();

    /** The word users type. */
    default String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * @param path a model directory or a {@code .gguf} file, as given
   * @param chatTemplate text of {@code --chat-template FILE}; null uses the model's own
   * @param noChatTemplate {@code prompt} is fed as it is, with what the tokenizer's post-processor
   *     adds
   * @param systemPrompt added as a system message where a row has none; null adds nothing
   * @param chatTemplateKwargs a JSON object of further template variables; null is none
   * @param templateDate ISO local date and time that {@code strftime_now} shows on every row,
   *     {@code 2026-01-31T00:00:00}; the job's start unless given, never null
   * @param specialTokensInContent what special tokens that a message of user or tool spells become
   * @param reasoning how the model marks its thought, and whether it shall think
   */
  public record ModelOptions(
      String path,
      String chatTemplate,
      boolean noChatTemplate,
      String systemPrompt,
      String chatTemplateKwargs,
      String templateDate,
      SpecialTokensInContent specialTokensInContent,
      ReasoningOptions reasoning)
      implements Serializable {

    /** Nothing else given: the model's own template, and as it marks its thought. */
    public static ModelOptions of(String path, String templateDate) {
      return new ModelOptions(
          path,
          null,
          false,
          null,
          null,
          templateDate,
          SpecialTokensInContent.TEXT,
          ReasoningOptions.DEFAULT);
    }

    /** The same but for the reasoning. */
    public ModelOptions with(ReasoningOptions other) {
      return new ModelOptions(
          path,
          chatTemplate,
          noChatTemplate,
          systemPrompt,
          chatTemplateKwargs,
          templateDate,
          specialTokensInContent,
          other);
    }
  }

  /**
   * @param parser how the thought is found in an answer
   * @param start text of the tag that opens a thought
   * @param end text of the tag that closes it
   * @param enableThinking whether the model shall think
   */
  public record ReasoningOptions(
      ReasoningPreset parser, String start, String end, EnableThinking enableThinking)
      implements Serializable {

    /** What holds unless something else is asked for. */
    public static final ReasoningOptions DEFAULT =
        new ReasoningOptions(ReasoningPreset.AUTO, "<think>", "</think>", EnableThinking.AUTO);
  }

  /**
   * @param paths files, directories or globs, at least one, absolute URIs once {@link Locations}
   *     resolved them; or {@code table:NAME}, a table that Spark's catalog knows, or {@code
   *     delta:PATH}
   * @param format null goes by prefix and extension
   * @param promptColumn column of prompt strings
   * @param messagesColumn column of message arrays; null is a column {@code messages} where it has
   *     their type, which is what holds when the column of prompts alone was named
   * @param idColumn column of ids; when the input has none, ids are hashes of the row's content
   * @param paramsColumn column (struct or JSON) of per-row sampling parameters; null is none
   * @param paramColumns columns that are per-row sampling parameters under their own names
   * @param limit most input rows; null takes all
   */
  public record InputOptions(
      List<String> paths,
      SourceFormat format,
      String promptColumn,
      String messagesColumn,
      String idColumn,
      String paramsColumn,
      List<String> paramColumns,
      Long limit)
      implements Serializable {
    public InputOptions {
      paths = List.copyOf(paths);
      paramColumns = List.copyOf(paramColumns);
    }

    /** Nothing else given: all rows, columns by their usual names. */
    public static InputOptions of(List<String> paths) {
      return new InputOptions(paths, null, "prompt", "messages", "id", null, List.of(), null);
    }

    /** Those of {@link #paths} that are places on a file system, without prefixes; no tables. */
    public List<String> places() {
      return paths.stream()
          .filter(path -> !path.startsWith(Locations.TABLE))
          .map(Locations::withoutPrefix)
          .toList();
    }
  }

  /**
   * @param path a directory that does not exist yet or is empty; null for commands that write
   *     nothing
   * @param format of the files written
   * @param includeTokenIds fill the column {@code token_ids}
   * @param includeRenderedPrompt fill the column {@code rendered_prompt}
   * @param waves how the output grows, and what becomes of what it holds already
   */
  public record OutputOptions(
      String path,
      Format format,
      boolean includeTokenIds,
      boolean includeRenderedPrompt,
      WaveOptions waves)
      implements Serializable {

    /** With waves as they are by default. */
    public OutputOptions(
        String path, Format format, boolean includeTokenIds, boolean includeRenderedPrompt) {
      this(path, format, includeTokenIds, includeRenderedPrompt, WaveOptions.DEFAULT);
    }

    /** The same in other waves. */
    public OutputOptions with(WaveOptions other) {
      return new OutputOptions(path, format, includeTokenIds, includeRenderedPrompt, other);
    }

    /** The same elsewhere, in another format. */
    OutputOptions at(String otherPath, Format otherFormat) {
      return new OutputOptions(
          otherPath, otherFormat, includeTokenIds, includeRenderedPrompt, waves);
    }
  }

  /**
   * @param rowsPerWave input rows that become visible together; null chooses by cores and slots
   * @param otherConfiguration what becomes of answers that another configuration has written
   * @param retry answers that are asked for again, and no others; empty for an ordinary run
   */
  public record WaveOptions(
      Long rowsPerWave, OtherConfiguration otherConfiguration, List<Retry> retry)
      implements Serializable {

    /** Nothing given. */
    public static final WaveOptions DEFAULT =
        new WaveOptions(null, OtherConfiguration.REFUSE, List.of());

    public WaveOptions {
      retry = List.copyOf(retry);
    }
  }

  /** What becomes of answers in the output that another configuration has written. */
  public enum OtherConfiguration {
    /** the run is refused */
    REFUSE,
    /** they go once all rows are answered anew */
    REPLACE,
    /** they stay beside the new ones */
    KEEP_BOTH
  }

  /** Answers that a run can be told to ask for again. */
  public enum Retry implements Spelled {
    /** error rows */
    ERROR,
    /** answers that ended at max_tokens or max_model_len */
    LENGTH,
    /** rows with status skipped */
    SKIPPED,
    /** answers that were ended because they repeated themselves */
    REPETITION
  }

  /**
   * The sampling values given by option or YAML. Precedence: row, then these, then the model's
   * generation_config.json, then our defaults.
   *
   * @param given by parameter name, as JSON would give them (numbers, strings, booleans, lists,
   *     JSON text of objects); nothing where neither gave one
   */
  public record SamplingOptions(TreeMap<String, Serializable> given) implements Serializable {

    /** Nothing given. */
    public static final SamplingOptions NONE = new SamplingOptions(new TreeMap<>());

    /** The values of a map, its nulls left out. */
    public static SamplingOptions of(Map<String, ? extends Serializable> values) {
      TreeMap<String, Serializable> given = new TreeMap<>(values);
      given.values().removeIf(Objects::isNull);
      return new SamplingOptions(given);
    }
  }

  /**
   * @param dtype type of the packed weights
   * @param compute what multiplies; AUTO until {@link ComputeChoice} has decided
   * @param maxModelLen most tokens of one sequence; null is the model's max_position_embeddings
   * @param maxNumSeqs sequences that run at the same time in one task; null lets the engine choose
   *     by memory
   * @param maxNumBatchedTokens tokens computed in one step; null lets the engine choose
   * @param kvCacheMemory bytes of keys and values in one task; null takes what the heap leaves
   * @param kvCacheDtype type of keys and values in memory
   * @param enablePrefixCaching rows share the keys and values of equal first tokens
   * @param allowScalar run without the Vector API
   */
  public record EngineOptions(
      Dtype dtype,
      Compute compute,
      Integer maxModelLen,
      Integer maxNumSeqs,
      Integer maxNumBatchedTokens,
      Long kvCacheMemory,
      KvCacheDtype kvCacheDtype,
      boolean enablePrefixCaching,
      boolean allowScalar)
      implements Serializable {

    /** Nothing given. */
    public static final EngineOptions DEFAULT =
        new EngineOptions(
            Dtype.AUTO, Compute.EXACT, null, null, null, null, KvCacheDtype.FLOAT32, true, false);

    /** The limits in the engine's words, where 0 leaves one to it. */
    public RequestedLimits limits() {
      return new RequestedLimits(
          orChosen(maxModelLen),
          orChosen(maxNumSeqs),
          orChosen(maxNumBatchedTokens),
          kvCacheMemory == null ? 0 : kvCacheMemory,
          enablePrefixCaching ? PrefixCaching.ENABLED : PrefixCaching.DISABLED,
          kvCacheDtype);
    }

    /** The same in a mode that was decided. */
    public EngineOptions with(Compute decided) {
      return new EngineOptions(
          dtype,
          decided,
          maxModelLen,
          maxNumSeqs,
          maxNumBatchedTokens,
          kvCacheMemory,
          kvCacheDtype,
          enablePrefixCaching,
          allowScalar);
    }

    /**
     * The same with other slots and memory for them.
     *
     * @param cacheBytes null takes what the heap leaves
     */
    public EngineOptions withSlots(int slots, Long cacheBytes) {
      return new EngineOptions(
          dtype,
          compute,
          maxModelLen,
          slots,
          maxNumBatchedTokens,
          cacheBytes,
          kvCacheDtype,
          enablePrefixCaching,
          allowScalar);
    }

    private static int orChosen(Integer asked) {
      return asked == null ? 0 : asked;
    }
  }

  /**
   * @param master Spark master; null leaves what spark-submit set, else {@code local[*]}
   * @param partitions number of partitions of the input; null chooses by rows and cores
   * @param maxErrorRate share of error rows, 0 to 1, above which the run fails at its end
   * @param promptTooLong what becomes of a prompt that leaves no room for one token
   * @param dryRun check everything and report, generate nothing
   * @param verbose say more, with stack traces
   */
  public record RunOptions(
      String master,
      Integer partitions,
      double maxErrorRate,
      PromptTooLong promptTooLong,
      boolean dryRun,
      boolean verbose)
      implements Serializable {

    /** Nothing given. */
    public static final RunOptions DEFAULT =
        new RunOptions(null, null, 1, PromptTooLong.ERROR, false, false);

    /** The same in so many partitions. */
    public RunOptions withPartitions(int number) {
      return new RunOptions(master, number, maxErrorRate, promptTooLong, dryRun, verbose);
    }
  }

  /** What an input can be. */
  public enum SourceFormat implements Spelled {
    PARQUET,
    /** a JSON object a line */
    JSONL,
    /** RFC 4180 with a header line */
    CSV,
    /** a request of OpenAI's batch API a line */
    OPENAI_BATCH,
    /** a Delta Lake table on a path */
    DELTA,
    /** a table of Spark's catalog, whatever its files are */
    TABLE;

    @Override
    public String word() {
      return Spelled.super.word().replace('_', '-');
    }
  }

  /** File formats of the output. */
  public enum Format implements Spelled {
    PARQUET,
    JSONL,
    /** lines as OpenAI's batch API gives them back, errors apart */
    OPENAI_BATCH,
    /** a Delta Lake table, which generate makes of waves of Parquet */
    DELTA;

    @Override
    public String word() {
      return Spelled.super.word().replace('_', '-');
    }
  }

  /**
   * Type of the packed weights; AUTO keeps bfloat16 checkpoints bfloat16 and takes float32 else.
   */
  public enum Dtype implements Spelled {
    AUTO,
    FLOAT32,
    BFLOAT16
  }

  /** What computes the matrix products. */
  public enum Compute implements Spelled {
    /** the Vector API: the same bits on every machine */
    EXACT,
    /** bfloat16 on the CPU's matrix or vector units, through an optional jar */
    BF16,
    /** BF16 where every executor can, else EXACT */
    AUTO;

    /**
     * The engine's word for it.
     *
     * @throws IllegalStateException when nobody has decided what AUTO comes to
     */
    public ComputeMode mode() {
      return switch (this) {
        case EXACT -> ComputeMode.EXACT;
        case BF16 -> ComputeMode.BF16;
        case AUTO -> throw new IllegalStateException("what --compute auto comes to is not decided");
      };
    }
  }

  /** What the spelling of a special token, such as {@code <|im_end|>}, becomes in data. */
  public enum SpecialTokensInContent implements Spelled {
    /** plain text: data cannot write control tokens */
    TEXT,
    /** the special token, as transformers does: only for data that is trusted like a template */
    PARSE
  }

  /** How the thought is found in an answer. */
  public enum ReasoningPreset implements Spelled {
    /** by the think tags' token ids where they are tokens, else as the chat template writes them */
    AUTO,
    /** by the token ids of the think tags */
    THINK_IDS,
    /** by the text of the think tags */
    THINK_TEXT,
    /** the opening tag may be missing, and a tool call ends the thought */
    QWEN3,
    /** the tags are {@code <thought>} and {@code </thought>}, or EXAONE 4's think tokens */
    EXAONE,
    /** no thought is looked for */
    NONE
  }

  /** Whether the model shall think before it answers. */
  public enum EnableThinking implements Spelled {
    /** as the template and the model do */
    AUTO,
    /** think */
    TRUE,
    /** answer at once */
    FALSE
  }

  /** What becomes of a prompt that leaves no room for one token. */
  public enum PromptTooLong implements Spelled {
    /** an error row with code prompt_too_long */
    ERROR,
    /** the first tokens are dropped until max_tokens fit */
    TRUNCATE_LEFT,
    /** a row with status skipped */
    SKIP
  }
}
