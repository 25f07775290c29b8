package org.trlm.job.waves;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Puts one wave in the place of others, so that a crash at any moment loses no row: the new wave is
 * written, then a journal says what is to happen, then it is done and can be done again.
 *
 * <ol>
 *   <li>journal, not decided: a crash from here on takes the new wave back
 *   <li>the new wave is written to its open directory
 *   <li>journal, decided: a crash from here on is carried to the end by the next run
 *   <li>the new wave becomes visible
 *   <li>the old waves are deleted
 *   <li>the journal is deleted
 * </ol>
 */
final class WaveExchange {
  private static final String FILE = "exchange.json";

  /**
   * The journal.
   *
   * @param decided whether the new wave is whole
   * @param runId of the new wave; null when there is none, because no row is left
   * @param number of the new wave
   * @param dropped directories of the old waves
   */
  record Journal(boolean decided, String runId, int number, List<String> dropped) {
    private Optional<WaveName> added() {
      return runId == null ? Optional.empty() : Optional.of(new WaveName(runId, number));
    }
  }

  /** Writes the new wave to a directory. */
  interface Writer {
    void write(String directory) throws IOException;
  }

  /** Called after each step; a test throws there. */
  interface Step {
    Step NONE = step -> {};

    void done(int step) throws IOException;
  }

  private WaveExchange() {}

  /**
   * @param added the new wave; null drops the old ones without one
   */
  static void exchange(
      OutputFiles output, WaveName added, Writer writer, List<String> dropped, Step step)
      throws IOException {
    String runId = added == null ? null : added.runId();
    int number = added == null ? 0 : added.number();
    output.writeState(FILE, new Journal(false, runId, number, dropped));
    step.done(1);
    if (added != null) {
      writer.write(output.writtenTo(added));
      step.done(2);
    }
    Journal decided = new Journal(true, runId, number, dropped);
    output.writeState(FILE, decided);
    step.done(3);
    carryOut(output, decided, step);
  }

  /** Takes back or carries out what a crashed run left in the middle. */
  static void recover(OutputFiles output) throws IOException {
    Optional<Journal> found = output.readState(FILE, Journal.class);
    if (found.isEmpty()) {
      return;
    }
    Journal journal = found.get();
    if (journal.decided) {
      carryOut(output, journal, Step.NONE);
      return;
    }
    if (journal.added().isPresent()) {
      // where waves are written in place, the new one may be whole: it is not wanted without this
      output.delete(journal.added().get().open());
      output.delete(journal.added().get().committed());
    }
    output.deleteState(FILE);
  }

  private static void carryOut(OutputFiles output, Journal journal, Step step) throws IOException {
    if (journal.added().isPresent()) {
      output.publish(journal.added().get());
    }
    step.done(4);
    for (String wave : journal.dropped) {
      output.delete(wave);
    }
    step.done(5);
    output.deleteState(FILE);
    step.done(6);
  }
}
