package org.trlm.tokenizer.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Python's {@code sorted}: stable, reversed without turning equal items around, and failing on
 * values without an order.
 */
final class Sorting {
  private record Keyed<T>(Object key, T item) {}

  private Sorting() {}

  static <T> void sort(List<T> items, Function<T, Object> key, boolean reverse, Budget budget) {
    List<Keyed<T>> keyed = new ArrayList<>(items.size());
    for (T item : items) {
      budget.items(2);
      keyed.add(new Keyed<>(key.apply(item), item));
    }
    mergeSort(keyed, new ArrayList<>(keyed), 0, keyed.size(), reverse, budget);
    for (int i = 0; i < items.size(); i++) {
      items.set(i, keyed.get(i).item());
    }
  }

  /**
   * Sorts {@code into[from, to)}; both lists hold the same items there. Java's own sort may reject
   * NaN's order.
   */
  private static <T> void mergeSort(
      List<Keyed<T>> into, List<Keyed<T>> other, int from, int to, boolean reverse, Budget budget) {
    if (to - from < 2) {
      return;
    }
    int middle = (from + to) >>> 1;
    mergeSort(other, into, from, middle, reverse, budget);
    mergeSort(other, into, middle, to, reverse, budget);
    int left = from;
    int right = middle;
    for (int i = from; i < to; i++) {
      boolean takeRight =
          left >= middle
              || (right < to && before(other.get(right), other.get(left), reverse, budget));
      into.set(i, other.get(takeRight ? right++ : left++));
    }
  }

  private static <T> boolean before(
      Keyed<T> second, Keyed<T> first, boolean reverse, Budget budget) {
    return reverse
        ? Operators.ordered("<", first.key(), second.key(), budget)
        : Operators.ordered("<", second.key(), first.key(), budget);
  }
}
