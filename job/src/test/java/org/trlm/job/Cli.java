package org.trlm.job;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;

/** The command line in this JVM, with what it prints. */
public record Cli(int exitCode, String out, String err) {

  public static Cli run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine commandLine = TrlmSpark.commandLine();
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(err, true));
    int exitCode = commandLine.execute(RepeatedOptions.lastOf(commandLine, arguments));
    return new Cli(exitCode, out.toString(), err.toString());
  }

  /** The command that these arguments make, with the file of --config read, not run. */
  static <C extends ConfiguredCommand> C parse(Class<C> type, String... arguments) {
    CommandLine commandLine = TrlmSpark.commandLine();
    CommandLine.ParseResult parsed =
        commandLine.parseArgs(RepeatedOptions.lastOf(commandLine, arguments));
    C command = type.cast(parsed.subcommand().commandSpec().userObject());
    command.readFile();
    return command;
  }

  /** What options of the input come to. */
  public static JobConfig.InputOptions inputOptions(String... options) {
    List<String> arguments = new ArrayList<>(List.of("generate", "--model=m", "--output=o"));
    arguments.addAll(List.of(options));
    return parse(GenerateCommand.class, arguments.toArray(String[]::new)).configuration().input();
  }
}
