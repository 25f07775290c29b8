package org.trlm.job.waves;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.trlm.job.inference.CrashTrail;

/** What a run looks at first: what others have left in the output. Driver only. */
final class CleanUp {
  private static final int ATTEMPTS = 50;
  private static final long PAUSE_MILLIS = 100;

  private CleanUp() {}

  /** Names that readers would take for answers and that no run has written. */
  static List<String> foreign(OutputFiles output) throws IOException {
    List<String> foreign = new ArrayList<>();
    for (String name : output.names()) {
      boolean hidden = name.startsWith("_") || name.startsWith(".");
      if (!hidden && WaveName.parse(name).isEmpty()) {
        foreign.add(name);
      }
    }
    return foreign;
  }

  /**
   * Carries out what a crashed run has decided, then removes what it has not committed. With the
   * lease only.
   */
  static void afterCrash(OutputFiles output) throws IOException {
    WaveExchange.recover(output);
    for (String name : output.names()) {
      if (WaveName.parse(name).isPresent() && !output.isWhole(name)) {
        delete(output, name);
        System.err.println(
            "Warning: %s had no _SUCCESS, so it may lack rows; it is removed and its rows are answered anew."
                .formatted(output.path(name)));
      }
    }
    openWaves(output);
    for (String kind : List.of(StagedRows.DIRECTORY, CrashTrail.DIRECTORY)) {
      for (String left : output.stateNames(kind)) {
        output.deleteState(left);
      }
    }
  }

  /**
   * Removes the directories of waves that are not visible. With the lease, while no wave is being
   * written: copies of tasks that were told to end can make such a directory once more.
   */
  static void openWaves(OutputFiles output) throws IOException {
    for (String name : output.names()) {
      if (name.startsWith(WaveName.OPEN)) {
        delete(output, name);
      }
    }
  }

  /** Executors of a killed driver live some moments longer, and may write what is deleted here. */
  private static void delete(OutputFiles output, String name) throws IOException {
    for (int attempt = 1; ; attempt++) {
      try {
        output.delete(name);
        return;
      } catch (IOException e) {
        if (attempt == ATTEMPTS) {
          throw e;
        }
      }
      try {
        TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while removing " + output.path(name), e);
      }
    }
  }
}
