package org.trlm.job;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The last one wins when an option with one value is given twice, as scripts that pass their own
 * arguments on expect. picocli would start its group of options anew and lose the group's others.
 */
final class RepeatedOptions {
  private RepeatedOptions() {}

  /**
   * @param commandLine knows the options of the command that the first argument names
   * @return the arguments without the earlier ones of repeated options
   */
  static String[] lastOf(CommandLine commandLine, String[] arguments) {
    CommandLine command =
        arguments.length == 0 ? null : commandLine.getSubcommands().get(arguments[0]);
    if (command == null) {
      return arguments;
    }
    List<List<String>> kept = new ArrayList<>();
    Map<OptionSpec, List<String>> seen = new HashMap<>();
    for (int i = 0; i < arguments.length; i++) {
      OptionSpec option = option(command, arguments[i]);
      List<String> words = new ArrayList<>(List.of(arguments[i]));
      if (option != null && i + 1 < arguments.length && takesNext(option, arguments, i)) {
        words.add(arguments[++i]);
      }
      if (option != null && !option.isMultiValue()) {
        List<String> earlier = seen.put(option, words);
        kept.removeIf(candidate -> candidate == earlier);
      }
      kept.add(words);
    }
    return kept.stream().flatMap(List::stream).toArray(String[]::new);
  }

  private static OptionSpec option(CommandLine command, String word) {
    return command.getCommandSpec().optionsMap().get(word.replaceFirst("=.*", ""));
  }

  private static boolean takesNext(OptionSpec option, String[] arguments, int i) {
    if (arguments[i].contains("=")) {
      return false;
    }
    String next = arguments[i + 1];
    return option.arity().min() > 0
        || (option.arity().max() > 0 && (next.equals("true") || next.equals("false")));
  }
}
