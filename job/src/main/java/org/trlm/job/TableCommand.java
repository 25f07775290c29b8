package org.trlm.job;

import picocli.CommandLine.ArgGroup;

/** What the commands share that read a table of prompts and write another one. */
abstract class TableCommand extends ConfiguredCommand {
  @ArgGroup(validate = false, order = 10, heading = "%nModel:%n")
  ModelArguments model = new ModelArguments();

  @ArgGroup(validate = false, order = 20, heading = "%nInput:%n")
  InputArguments input = new InputArguments();

  @ArgGroup(validate = false, order = 30, heading = "%nOutput:%n")
  OutputArguments output = new OutputArguments();
}
