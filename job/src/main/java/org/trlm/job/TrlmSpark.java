package org.trlm.job;

import java.io.PrintWriter;
import java.util.Collection;
import org.trlm.job.input.Causes;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The main class of trlm-spark.jar. Exit codes: 0 done, 1 failed while running, 2 wrong use or
 * configuration, found before any work.
 */
@Command(
    name = "trlm-spark",
    description = "Batch inference with tiny reasoning language models on Apache Spark.",
    mixinStandardHelpOptions = true,
    versionProvider = TrlmSpark.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      GenerateCommand.class,
      ScoreCommand.class,
      TokenizeCommand.class,
      InspectCommand.class,
      CompactCommand.class
    },
    footer = {
      "",
      "Exit codes: 0 done, 1 failed while running, 2 wrong use or configuration.",
      "trlm-spark COMMAND --help shows a command's options, defaults and units."
    })
public final class TrlmSpark {
  static final int DONE = 0;
  static final int FAILED = 1;
  static final int WRONG_USE = 2;

  private static final int HELP_WIDTH = 110;

  public static void main(String[] arguments) {
    int exitCode = run(arguments);
    if (exitCode != DONE) {
      System.exit(exitCode);
    }
  }

  /**
   * Runs one command in this JVM and returns its exit code; what {@link #main} does before exit.
   */
  public static int run(String... arguments) {
    CommandLine commandLine = commandLine();
    return commandLine.execute(
        arguments.length == 0
            ? new String[] {"--help"}
            : RepeatedOptions.lastOf(commandLine, arguments));
  }

  static CommandLine commandLine() {
    CommandLine commandLine = new CommandLine(new TrlmSpark());
    commandLine.setParameterExceptionHandler((e, arguments) -> report(e));
    commandLine.setExecutionExceptionHandler(TrlmSpark::report);
    // --stop @@ means @@, and no file of arguments
    commandLine.setExpandAtFiles(false);
    commandLine.setUsageHelpWidth(HELP_WIDTH);
    commandLine.setUsageHelpLongOptionsMaxWidth(HELP_WIDTH / 3);
    return commandLine;
  }

  private static int report(ParameterException e) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("Error: " + e.getMessage() + suggestion(e));
    err.println("See " + command.getCommandSpec().qualifiedName() + " --help.");
    return WRONG_USE;
  }

  /** The nearest known option or command to the first unknown one. */
  private static String suggestion(ParameterException e) {
    if (!(e instanceof UnmatchedArgumentException unmatched)
        || unmatched.getUnmatched().isEmpty()) {
      return "";
    }
    String found = unmatched.getUnmatched().get(0).replaceFirst("=.*", "");
    Collection<String> known =
        found.startsWith("-")
            ? e.getCommandLine().getCommandSpec().optionsMap().keySet()
            : e.getCommandLine().getSubcommands().keySet();
    return Words.nearest(found, known).map(near -> "; did you mean " + near + "?").orElse("");
  }

  private static int report(Exception e, CommandLine command, ParseResult parsed) {
    if (e instanceof ParameterException wrongUse) {
      return report(wrongUse);
    }
    if (e instanceof RunStoppedException) {
      return FAILED;
    }
    boolean refused = e instanceof JobException;
    PrintWriter err = command.getErr();
    boolean told = refused || e instanceof RunFailedException;
    err.println(
        (refused ? "Error: " : "Failed: ")
            + (told ? Secrets.redact(e.getMessage()) : Causes.chain(e)));
    boolean verbose =
        command.getCommand() instanceof ConfiguredCommand configured && configured.run.isVerbose();
    if (verbose) {
      e.printStackTrace(err);
    } else if (!refused) {
      err.println("--verbose shows the stack trace.");
    }
    err.flush();
    return refused ? WRONG_USE : FAILED;
  }

  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"trlm-spark " + version()};
    }
  }

  /** The version in the jar's manifest; {@code development} when classes run from a directory. */
  public static String version() {
    String version = TrlmSpark.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}
