package org.trlm.job;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/**
 * What all commands share: the file of {@code --config} is laid under the options of the command
 * line, then the command runs. picocli parses and converts both, so that a value means the same in
 * either place.
 */
abstract class ConfiguredCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @ArgGroup(validate = false, order = 90, heading = "%nJob:%n")
  RunArguments run = new RunArguments();

  /** Runs with all options in place; returns the exit code. */
  abstract int execute();

  @Override
  public final Integer call() {
    readFile();
    return execute();
  }

  /** Lays the file of {@code --config}, if one is given, under the options already parsed. */
  final void readFile() {
    if (run.config != null) {
      parseAgain(YamlFile.read(run.config));
    }
  }

  private void parseAgain(YamlFile file) {
    CommandLine commandLine = spec.commandLine();
    ParseResult given = commandLine.getParseResult();
    List<String> typed = new ArrayList<>(given.originalArgs());
    if (!typed.isEmpty() && typed.get(0).equals(spec.name())) {
      typed.remove(0);
    }
    Set<OptionSpec> onCommandLine = new HashSet<>(given.matchedOptions());
    Map<String, List<String>> fromFile = new LinkedHashMap<>();
    Map<OptionSpec, String> keys = new HashMap<>();
    file.values()
        .forEach(
            (key, words) -> {
              OptionSpec option = option(file, key);
              if (option != null && !onCommandLine.contains(option)) {
                checkGivenOnce(file, key, words, option, keys.put(option, key));
                fromFile.put(key, arguments(key, words));
              }
            });
    fromFile.forEach((key, arguments) -> check(commandLine, file, key, arguments));
    List<String> all = new ArrayList<>(typed);
    fromFile.values().forEach(all::addAll);
    commandLine.parseArgs(all.toArray(String[]::new));
  }

  /**
   * picocli would begin the option's group anew, and lose what the file says of its other options.
   *
   * @param twin an earlier key of the same option; null when there is none
   */
  private static void checkGivenOnce(
      YamlFile file, String key, List<String> words, OptionSpec option, String twin) {
    if (twin != null) {
      throw new JobException(
          "--config %s: %s and %s mean the same option; give one of them."
              .formatted(file.path(), twin, key));
    }
    if (words.size() > 1 && !option.isMultiValue()) {
      throw new JobException(
          "--config %s, key %s: a list of %d values; allowed: one value."
              .formatted(file.path(), key, words.size()));
    }
  }

  /** Converts the values of one key alone, so that a message can name it. */
  private static void check(
      CommandLine commandLine, YamlFile file, String key, List<String> arguments) {
    try {
      commandLine.parseArgs(arguments.toArray(String[]::new));
    } catch (ParameterException e) {
      throw new JobException("--config " + file.path() + ", key " + key + ": " + e.getMessage(), e);
    }
  }

  private static List<String> arguments(String key, List<String> words) {
    return words.stream().map(word -> optionName(key) + "=" + word).toList();
  }

  private static String optionName(String key) {
    return "--" + key.replace('_', '-');
  }

  /**
   * The option of this command that a key names; null when only another command has it, so that one
   * file serves all commands.
   */
  private OptionSpec option(YamlFile file, String key) {
    Set<String> known = new TreeSet<>();
    Set<CommandSpec> commands = new LinkedHashSet<>();
    commands.add(spec);
    if (spec.parent() != null) {
      spec.parent().subcommands().values().forEach(sub -> commands.add(sub.getCommandSpec()));
    }
    for (CommandSpec command : commands) {
      for (OptionSpec option : command.options()) {
        for (String name : option.names()) {
          if (name.startsWith("--") && !name.equals("--config") && !option.usageHelp()) {
            known.add(name.substring(2).replace('-', '_'));
          }
        }
      }
    }
    if (!known.contains(key)) {
      String hint =
          Words.nearest(key.replace('-', '_'), known)
              .map(near -> "; did you mean " + near + "?")
              .orElse(".");
      throw new JobException(
          "--config "
              + file.path()
              + ": unknown key "
              + Words.shorten(key)
              + hint
              + " Keys are the option names with underscores; see trlm-spark "
              + spec.name()
              + " --help.");
    }
    return spec.findOption(optionName(key));
  }
}
