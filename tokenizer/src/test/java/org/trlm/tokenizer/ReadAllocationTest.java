package org.trlm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Files built to make reading them expensive: none makes it allocate more than its own size and 64
 * MB, whether it is read or refused.
 */
class ReadAllocationTest {

  private static final String SECTIONS =
      "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false},"
          + "\"decoder\":{\"type\":\"ByteLevel\"}";

  @Test
  void theLargestVocabularyAndMerges() {
    int tokens = 400_000;
    int half = tokens / 2;
    String vocabulary =
        list(half, i -> '"' + shortText(i) + "\":" + i)
            + ','
            + list(half, i -> '"' + shortText(i) + shortText(0) + "\":" + (half + i));
    String merges = list(half, i -> '"' + shortText(i) + ' ' + shortText(0) + '"');
    merges = merges + ',' + merges + ',' + merges;
    assertThat(reads(file(vocabulary, merges, ""))).isTrue();
    assertThat(reads(file(vocabulary, merges + ',' + merges, ""))).isFalse();
    String added = list(4096, i -> addedToken(tokens + i, shortText(i) + "<>"));
    String costly = splitting("[\\\\p{L}a]".repeat(430)).substring(1);
    String everything =
        "{\"added_tokens\":["
            + added
            + "],"
            + costly
                .replace("\"a\":0", vocabulary)
                .replace("\"merges\":[", "\"merges\":[" + merges);
    assertThat(reads(everything)).isTrue();
  }

  @Test
  void mergesBeforeTheVocabulary() {
    int tokens = 1 << 18;
    String vocabulary = "\"!\":0," + list(tokens - 1, i -> "\"!" + shortText(i) + "\":" + (i + 1));
    String merge = "\"! !\"";
    assertThat(
            reads(
                ("{\"model\":{\"type\":\"BPE\",\"merges\":["
                    + list(1 << 20, i -> merge)
                    + "],\"vocab\":{"
                    + vocabulary
                    + "}},"
                    + SECTIONS
                    + "}")))
        .isFalse();
  }

  @Test
  void moreTokensThanAllowed() {
    assertThat(reads(file(list(1_200_000, i -> '"' + shortText(i) + "\":" + i), "", ""))).isFalse();
    assertThat(reads(file(list(1_200_000, i -> "\"a\":" + i), "", ""))).isFalse();
  }

  @Test
  void longTokens() {
    String longText = "x".repeat(30_000);
    assertThat(reads(file(list(400, i -> '"' + longText + "☃" + i + "\":" + i), "", ""))).isFalse();
    assertThat(reads(file("\"a\":0", "", added(60, i -> longText + i)))).isFalse();
    assertThat(reads(file('"' + "x".repeat(20_000_000) + "\":0", "", ""))).isFalse();
  }

  @Test
  void addedTokens() {
    assertThat(reads(file("\"a\":0", "", added(4096, i -> shortText(i) + "<>")))).isTrue();
    assertThat(reads(file("\"a\":0", "", added(200_000, i -> shortText(i) + "<>")))).isFalse();
    assertThat(reads(file("\"a\":0", "", list(900_000, i -> "{}")))).isFalse();
  }

  @Test
  void sectionsThatMeanNothing() {
    for (String section : new String[] {"truncation", "padding", "decoder", "normalizer"}) {
      String fields = list(1_000_000, i -> '"' + shortText(i) + "\":0");
      assertThat(reads("{\"" + section + "\":{" + fields + "}}")).isFalse();
      assertThat(reads("{\"" + section + "\":[" + list(1_000_000, i -> "[]") + "]}")).isFalse();
    }
    assertThat(reads("{" + list(1_000_000, i -> "\"version\":\"1.0\"") + "}")).isFalse();
    assertThat(reads("{\"model\":{\"merges\":[" + list(999_999, i -> "{\"a\":1}") + "]}}"))
        .isFalse();
  }

  @Test
  void regularExpressions() {
    for (String piece :
        new String[] {"[\\\\p{L}a]", "\\\\p{L}", "(?:[^\\\\p{L}]{90})", "(?:a{999}){20}|"}) {
      String pattern = piece.repeat(3900 / piece.length());
      assertThat(reads(splitting(pattern)) || !reads(splitting("[" + pattern + "]"))).isTrue();
    }
  }

  private static String splitting(String pattern) {
    return "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]},"
        + "\"decoder\":{\"type\":\"ByteLevel\"},\"pre_tokenizer\":{\"type\":\"Sequence\","
        + "\"pretokenizers\":[{\"type\":\"Split\",\"behavior\":\"Isolated\",\"pattern\":{\"Regex\":\""
        + pattern
        + "\"}},{\"type\":\"ByteLevel\",\"add_prefix_space\":false}]}}";
  }

  private static String file(String vocabulary, String merges, String added) {
    return "{\"added_tokens\":["
        + added
        + "],\"model\":{\"type\":\"BPE\",\"vocab\":{"
        + vocabulary
        + "},\"merges\":["
        + merges
        + "]},"
        + SECTIONS
        + "}";
  }

  private static String added(int count, IntFunction<String> content) {
    return list(count, i -> addedToken(i + 1, content.apply(i)));
  }

  private static String addedToken(int id, String content) {
    return "{\"id\":"
        + id
        + ",\"content\":\""
        + content
        + "\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,"
        + "\"normalized\":false,\"special\":false}";
  }

  private static String list(int count, IntFunction<String> item) {
    return IntStream.range(0, count).mapToObj(item).collect(Collectors.joining(","));
  }

  /** As many different texts of four characters as needed. */
  private static String shortText(int number) {
    char[] text = new char[4];
    for (int i = 0, rest = number; i < text.length; i++, rest /= 32) {
      text[i] = (char) ('?' + 1 + rest % 32 + (rest % 32 > 27 ? 10 : 0));
    }
    return new String(text).replace('\\', '!');
  }

  private static boolean reads(String json) {
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    boolean[] read = new boolean[1];
    long allocated =
        BoundedRead.allocatedBy(
            () -> {
              try {
                TokenizerJson.read(bytes, "x");
                read[0] = true;
              } catch (TokenizerFormatException e) {
                assertThat(e).hasMessageStartingWith("x");
              }
            });
    System.out.printf(
        "ReadAllocationTest: %,d bytes of file, %,d allocated, %s%n",
        bytes.length, allocated, read[0] ? "read" : "refused");
    assertThat(allocated).isLessThanOrEqualTo(bytes.length + BoundedRead.EXTRA_BYTES);
    return read[0];
  }
}
