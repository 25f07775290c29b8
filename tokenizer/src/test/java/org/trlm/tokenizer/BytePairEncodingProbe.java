package org.trlm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Random;

/** Words around the length where the heap takes over, compared with the reference. */
final class BytePairEncodingProbe {

  private BytePairEncodingProbe() {}

  /** Random merges over two letters, where every pair of neighbours competes. */
  static void assertAlike(Random random) {
    for (int round = 0; round < 40; round++) {
      ObjectNode root = TestTokenizers.bytesOnly();
      ObjectNode vocabulary = (ObjectNode) root.get("model").get("vocab");
      ArrayNode merges = (ArrayNode) root.get("model").get("merges");
      java.util.List<String> tokens = new java.util.ArrayList<>(java.util.List.of("a", "b"));
      for (int i = 0; i < 25; i++) {
        String left = tokens.get(random.nextInt(tokens.size()));
        String right = tokens.get(random.nextInt(tokens.size()));
        merges.add(left + " " + right);
        if (!vocabulary.has(left + right)) {
          vocabulary.put(left + right, vocabulary.size());
          tokens.add(left + right);
        }
      }
      byte[] json = TestTokenizers.bytes(root);
      Tokenizer ours = TokenizerJson.read(json, "x");
      try (Reference reference = new Reference(json)) {
        for (int length = 1; length < 120; length++) {
          StringBuilder word = new StringBuilder();
          for (int i = 0; i < length; i++) {
            word.append(random.nextInt(3) == 0 ? 'b' : 'a');
          }
          assertThat(ours.encode(word.toString()))
              .as(word.toString())
              .isEqualTo(reference.encode(word.toString()));
        }
      }
    }
  }
}
