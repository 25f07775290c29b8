package org.trlm.engine;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/**
 * One step of an engine, for Java Flight Recorder: how full the batch was, and how long it took. An
 * engine has one and fills it again each step, so that a step allocates nothing; without a
 * recording it costs nothing. Slots that stay empty at the end of a task are seen here.
 */
@Name("trlm.Step")
@Label("Step")
@Category("trlm")
@StackTrace(false)
final class StepEvent extends Event {
  @Label("Number")
  @Description("Steps of this engine before it")
  long number;

  @Label("Sequences")
  int sequences;

  @Label("Tokens")
  @Description("One a sequence that decodes; the others are of prompts, or computed again")
  int tokens;

  @Label("Waiting")
  @Description("Sequences without a slot")
  int waiting;

  @Label("Slots")
  int slots;

  @Label("Preemptions")
  @Description("Of this engine so far")
  long preemptions;
}
