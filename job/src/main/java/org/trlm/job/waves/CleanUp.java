package org.trlm.job.waves;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.trlm.job.inference.CrashTrail;

/** What a run looks at first: what others have left in the output. Driver only. */
final class CleanUp {
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
      boolean wave = WaveName.parse(name).isPresent();
      if (name.startsWith(WaveName.OPEN) || (wave && !output.isWhole(name))) {
        output.delete(name);
        if (wave) {
          System.err.println(
              "Warning: %s had no _SUCCESS, so it may lack rows; it is removed and its rows are answered anew."
                  .formatted(output.path(name)));
        }
      }
    }
    for (String kind : List.of(StagedRows.DIRECTORY, CrashTrail.DIRECTORY)) {
      for (String left : output.stateNames(kind)) {
        output.deleteState(left);
      }
    }
  }
}
