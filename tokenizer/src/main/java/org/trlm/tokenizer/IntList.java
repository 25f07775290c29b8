package org.trlm.tokenizer;

import java.util.Arrays;

/** A growing array of ints, so that ids and spans are never boxed. Not thread-safe. */
final class IntList {

  private int[] items;
  private int size;

  IntList(int capacity) {
    items = new int[Math.max(4, capacity)];
  }

  void add(int item) {
    if (size == items.length) {
      items = Arrays.copyOf(items, Math.addExact(size, size >> 1));
    }
    items[size++] = item;
  }

  void addPair(int first, int second) {
    add(first);
    add(second);
  }

  void addAll(int[] more) {
    for (int item : more) {
      add(item);
    }
  }

  int at(int index) {
    assert index < size;
    return items[index];
  }

  void set(int index, int item) {
    assert index < size;
    items[index] = item;
  }

  int size() {
    return size;
  }

  void clear() {
    size = 0;
  }

  int[] toArray() {
    return Arrays.copyOf(items, size);
  }
}
