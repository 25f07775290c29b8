package org.trlm.job.input;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobException;
import org.trlm.job.Words;

/**
 * Which columns of the input mean something to the job; null where the input has no such column.
 * Made and checked on the driver, before any work.
 *
 * @param id column of the row's own id
 * @param prompt column of the text of one user turn
 * @param messages column of conversations
 * @param params column of sampling parameters, a struct, a map or JSON text
 * @param paramColumns columns that are sampling parameters under their own names
 */
public record PromptColumns(
    String id, String prompt, String messages, String params, List<String> paramColumns)
    implements Serializable {

  /** What the names of internal columns begin with. */
  private static final String RESERVED = "_trlm_";

  private static final String DEFAULT_ID = "id";
  private static final String DEFAULT_PROMPT = "prompt";
  private static final String DEFAULT_MESSAGES = "messages";

  public PromptColumns {
    paramColumns = List.copyOf(paramColumns);
  }

  /** Columns that the output does not repeat: they come back as {@code sampling_params}. */
  public Set<String> consumed() {
    Set<String> consumed = new TreeSet<>(paramColumns);
    if (params != null) {
      consumed.add(params);
    }
    return consumed;
  }

  /** The columns that the options mean, for a table of which nothing is known. */
  static PromptColumns named(InputOptions options) {
    return new PromptColumns(
        options.idColumn(),
        options.promptColumn(),
        options.messagesColumn(),
        options.paramsColumn(),
        options.paramColumns());
  }

  /**
   * The columns that the options mean and the table has.
   *
   * @throws JobException when a column that was asked for is missing or has a type that cannot work
   */
  static PromptColumns find(InputOptions options, StructType table, String where) {
    PromptColumns found = findNames(options, table, where);
    found.checkTypes(types(table), where);
    return found;
  }

  /**
   * The same by name alone: for inputs whose rows are typed one by one.
   *
   * @throws JobException when a column that was asked for is missing
   */
  static PromptColumns findNames(InputOptions options, StructType table, String where) {
    checkReserved(table, where);
    Map<String, DataType> types = types(table);
    PromptColumns found =
        new PromptColumns(
            present(options.idColumn(), DEFAULT_ID, types, where, "--id-column"),
            present(options.promptColumn(), DEFAULT_PROMPT, types, where, "--prompt-column"),
            messages(options, types, where),
            present(options.paramsColumn(), null, types, where, "--params-column"),
            options.paramColumns());
    for (String column : options.paramColumns()) {
      present(column, null, types, where, "--param-columns");
    }
    if (found.prompt == null && found.messages == null) {
      throw new JobException(
          "%s: neither a column %s nor a column %s. Found: %s. Name it with --prompt-column or --messages-column."
              .formatted(where, options.promptColumn(), messagesName(options), describe(types)));
    }
    return found;
  }

  /**
   * The column of messages; beside prompts that were named, one that nobody named has their type.
   */
  private static String messages(InputOptions options, Map<String, DataType> types, String where) {
    String column = messagesName(options);
    DataType type = types.get(column);
    boolean byChance =
        options.messagesColumn() == null
            && types.containsKey(options.promptColumn())
            && !(type instanceof ArrayType && holdsMessages(type));
    return byChance ? null : present(column, DEFAULT_MESSAGES, types, where, "--messages-column");
  }

  /** The name that a column of messages has, should there be one. */
  static String messagesName(InputOptions options) {
    return options.messagesColumn() == null ? DEFAULT_MESSAGES : options.messagesColumn();
  }

  private static boolean isNested(DataType type) {
    return type instanceof StructType || type instanceof ArrayType || type instanceof MapType;
  }

  /** The rows get columns of the job's own, under names that nobody else would give. */
  private static void checkReserved(StructType table, String where) {
    for (String name : table.fieldNames()) {
      if (name.toLowerCase(Locale.ROOT).startsWith(RESERVED)) {
        throw new JobException(
            "%s: the input has a column %s, and names that begin with %s are the job's own. Rename it in the input."
                .formatted(where, name, RESERVED));
      }
    }
  }

  private static Map<String, DataType> types(StructType table) {
    Map<String, DataType> types = new TreeMap<>();
    for (StructField field : table.fields()) {
      types.put(field.name(), field.dataType());
    }
    return types;
  }

  private void checkTypes(Map<String, DataType> types, String where) {
    if (prompt != null && !(types.get(prompt) instanceof StringType)) {
      throw wrongType(where, prompt, types, "string", "Cast it, or name another --prompt-column.");
    }
    if (messages != null && !holdsMessages(types.get(messages))) {
      throw wrongType(
          where,
          messages,
          types,
          "array<struct<role: string, content: string, …>>, or string (JSON)",
          "Convert it, name another --messages-column, or name the --prompt-column: this one is then left alone.");
    }
    if (params != null
        && !(types.get(params) instanceof StringType
            || types.get(params) instanceof StructType
            || types.get(params) instanceof MapType)) {
      throw wrongType(
          where, params, types, "struct, map or string (JSON)", "Name another --params-column.");
    }
    if (id != null && isNested(types.get(id))) {
      throw wrongType(
          where, id, types, "string or a number", "Name another --id-column, or rename it.");
    }
  }

  private static boolean holdsMessages(DataType type) {
    if (type instanceof StringType) {
      return true;
    }
    if (!(type instanceof ArrayType array)) {
      return false;
    }
    if (array.elementType() instanceof MapType map) {
      return map.keyType() instanceof StringType;
    }
    return array.elementType() instanceof StructType message
        && Arrays.stream(message.fields())
            .anyMatch(
                field -> field.name().equals("role") && field.dataType() instanceof StringType);
  }

  private static JobException wrongType(
      String where, String column, Map<String, DataType> types, String expected, String mend) {
    return new JobException(
        "%s: column %s is %s; expected: %s. %s"
            .formatted(where, column, types.get(column).simpleString(), expected, mend));
  }

  /**
   * The column if the table has it; a default name may be absent, a name that was typed may not.
   */
  private static String present(
      String column, String defaultName, Map<String, DataType> types, String where, String option) {
    if (column == null || types.containsKey(column)) {
      return column;
    }
    if (column.equals(defaultName)) {
      return null;
    }
    String hint =
        Words.nearest(column, types.keySet())
            .map(nearest -> " Did you mean %s?".formatted(nearest))
            .orElse("");
    throw new JobException(
        "%s: no column %s, which %s names.%s Found: %s."
            .formatted(where, column, option, hint, describe(types)));
  }

  private static String describe(Map<String, DataType> types) {
    List<String> shown = new ArrayList<>();
    types.forEach((name, type) -> shown.add(name + " " + type.simpleString()));
    return shown.isEmpty()
        ? "no columns"
        : shown.stream().limit(30).collect(Collectors.joining(", "));
  }
}
