package org.trlm.engine.constraint;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** A set of Unicode code points, surrogates left out: they have no UTF-8. Immutable. */
final class CodePoints implements Language {
  private static final int LAST = Character.MAX_CODE_POINT;

  /** All code points. */
  static final CodePoints ALL = of(0, LAST);

  /** Ranges, first and last in turn, ascending and apart from each other. */
  private final int[] ranges;

  private CodePoints(int[] ranges) {
    this.ranges = ranges;
  }

  /**
   * @param ranges first and last of each range in turn, in any order
   */
  static CodePoints of(int... ranges) {
    int[][] pairs = new int[ranges.length / 2][];
    for (int i = 0; i < pairs.length; i++) {
      pairs[i] = new int[] {ranges[2 * i], ranges[2 * i + 1]};
    }
    return joined(pairs).common(new CodePoints(new int[] {0, 0xd7ff, 0xe000, LAST}));
  }

  /** Each of these characters. */
  static CodePoints ofCharacters(String characters) {
    return of(characters.codePoints().flatMap(c -> IntStream.of(c, c)).toArray());
  }

  private static CodePoints joined(int[][] pairs) {
    Arrays.sort(pairs, (a, b) -> Integer.compare(a[0], b[0]));
    int[] joined = new int[2 * pairs.length];
    int length = 0;
    for (int[] pair : pairs) {
      if (length > 0 && pair[0] <= joined[length - 1] + 1) {
        joined[length - 1] = Math.max(joined[length - 1], pair[1]);
      } else {
        joined[length++] = pair[0];
        joined[length++] = pair[1];
      }
    }
    return new CodePoints(Arrays.copyOf(joined, length));
  }

  CodePoints union(CodePoints other) {
    return union(List.of(this, other));
  }

  static CodePoints union(List<CodePoints> sets) {
    return of(sets.stream().flatMapToInt(set -> IntStream.of(set.ranges)).toArray());
  }

  CodePoints common(CodePoints other) {
    int[] common = new int[ranges.length + other.ranges.length + 2];
    int length = 0;
    int j = 0;
    for (int i = 0; i < ranges.length; i += 2) {
      while (j < other.ranges.length && other.ranges[j + 1] < ranges[i]) {
        j += 2;
      }
      for (int k = j; k < other.ranges.length && other.ranges[k] <= ranges[i + 1]; k += 2) {
        common[length++] = Math.max(ranges[i], other.ranges[k]);
        common[length++] = Math.min(ranges[i + 1], other.ranges[k + 1]);
      }
    }
    return new CodePoints(Arrays.copyOf(common, length));
  }

  CodePoints complement() {
    List<Integer> others = new ArrayList<>();
    int next = 0;
    for (int i = 0; i < ranges.length; i += 2) {
      if (next < ranges[i]) {
        others.add(next);
        others.add(ranges[i] - 1);
      }
      next = ranges[i + 1] + 1;
    }
    if (next <= LAST) {
      others.add(next);
      others.add(LAST);
    }
    return of(others.stream().mapToInt(Integer::intValue).toArray());
  }

  boolean contains(int codePoint) {
    for (int i = 0; i < ranges.length; i += 2) {
      if (ranges[i] <= codePoint && codePoint <= ranges[i + 1]) {
        return true;
      }
    }
    return false;
  }

  /** The only code point of the set; negative if there is none or another one. */
  int single() {
    return ranges.length == 2 && ranges[0] == ranges[1] ? ranges[0] : -1;
  }

  boolean isEmpty() {
    return ranges.length == 0;
  }

  /** One character of the set, as UTF-8. */
  @Override
  public int addTo(Nfa nfa, int from) throws ConstraintException {
    return new Utf8Steps(nfa, from).add(ranges);
  }
}
