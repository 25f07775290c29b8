package org.trlm.tokenizer;

import java.util.List;

/**
 * All stages of pre-tokenization in order, the byte-level one last: pieces of text go in, the words
 * whose bytes are merged come out. Immutable and thread-safe.
 */
final class WordSplitter {

  /** Takes the words of one piece. */
  interface WordSink {
    /** One word, {@code text[start, end)}, never empty; the array is only lent. */
    void word(int[] text, int start, int end);
  }

  private final List<PreTokenizer> stages;
  private final boolean prefixSpace;
  private final PreTokenizer byteLevel;

  /**
   * @param stages the stages before the byte-level one
   * @param prefixSpace a space is put before each piece that does not begin with one
   * @param byteLevel the split of the byte-level stage itself, or null for none
   */
  WordSplitter(List<PreTokenizer> stages, boolean prefixSpace, PreTokenizer byteLevel) {
    this.stages = List.copyOf(stages);
    this.prefixSpace = prefixSpace;
    this.byteLevel = byteLevel;
  }

  void split(int[] text, int start, int end, WordSink sink) {
    IntList spans = new IntList(16);
    spans.addPair(start, end);
    for (PreTokenizer stage : stages) {
      IntList smaller = new IntList(spans.size() * 2);
      for (int i = 0; i < spans.size(); i += 2) {
        if (spans.at(i) < spans.at(i + 1)) {
          stage.split(text, spans.at(i), spans.at(i + 1), smaller);
        }
      }
      spans = smaller;
    }
    IntList words = new IntList(16);
    for (int i = 0; i < spans.size(); i += 2) {
      if (spans.at(i) < spans.at(i + 1)) {
        words.clear();
        splitWords(text, spans.at(i), spans.at(i + 1), words, sink);
      }
    }
  }

  private void splitWords(int[] text, int start, int end, IntList words, WordSink sink) {
    int[] of = text;
    int from = start;
    int to = end;
    if (prefixSpace && text[start] != ' ') {
      of = new int[end - start + 1];
      of[0] = ' ';
      System.arraycopy(text, start, of, 1, end - start);
      from = 0;
      to = of.length;
    }
    if (byteLevel == null) {
      words.addPair(from, to);
    } else {
      byteLevel.split(of, from, to, words);
    }
    for (int i = 0; i < words.size(); i += 2) {
      if (words.at(i) < words.at(i + 1)) {
        sink.word(of, words.at(i), words.at(i + 1));
      }
    }
  }
}
