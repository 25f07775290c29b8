package org.trlm.tokenizer.chat;

import java.util.Iterator;
import java.util.NoSuchElementException;

/** The items that pass a test, found one by one. */
abstract class Lookahead implements Iterator<Object> {
  private final Iterator<Object> items;
  private Object next = Arguments.MISSING;

  Lookahead(Iterator<Object> items) {
    this.items = items;
  }

  abstract boolean keeps(Object item);

  @Override
  public boolean hasNext() {
    while (next == Arguments.MISSING && items.hasNext()) {
      Object candidate = items.next();
      if (keeps(candidate)) {
        next = candidate;
      }
    }
    return next != Arguments.MISSING;
  }

  @Override
  public Object next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    Object item = next;
    next = Arguments.MISSING;
    return item;
  }
}
