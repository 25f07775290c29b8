package org.trlm.engine.constraint;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

/** Random strings that an automaton accepts. */
final class DfaWalks {
  private DfaWalks() {}

  /**
   * A string of the automaton's language.
   *
   * @param length bytes after which the walk takes the shortest way to an end
   */
  static String random(Dfa dfa, Random random, int length) {
    int[] distances = distances(dfa);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int state = dfa.start();
    while (!dfa.isFinal(state) || (bytes.size() < length && random.nextInt(5) > 0)) {
      int begin = dfa.edgeStart(state);
      int count = dfa.edgeEnd(state) - begin;
      if (count == 0) {
        break;
      }
      int edge = begin + random.nextInt(count);
      if (bytes.size() >= length) {
        for (int e = begin; e < begin + count; e++) {
          edge = distances[dfa.target(e)] < distances[dfa.target(edge)] ? e : edge;
        }
      }
      bytes.write(dfa.low(edge) + random.nextInt(dfa.high(edge) - dfa.low(edge) + 1));
      state = dfa.target(edge);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static int[] distances(Dfa dfa) {
    int[] distances = new int[dfa.numStates()];
    Arrays.setAll(distances, state -> dfa.isFinal(state) ? 0 : Integer.MAX_VALUE - 1);
    for (boolean changed = true; changed; ) {
      changed = false;
      for (int state = 0; state < distances.length; state++) {
        for (int edge = dfa.edgeStart(state); edge < dfa.edgeEnd(state); edge++) {
          int through = distances[dfa.target(edge)] + 1;
          if (through < distances[state]) {
            distances[state] = through;
            changed = true;
          }
        }
      }
    }
    return distances;
  }
}
