package org.trlm.engine.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

class StopStringsTest {

  @Test
  void aStringAcrossTokensIsFound() {
    StopStrings stop = stop("END", "###");
    assertThat(stop.append(bytes("the E"), 0)).isFalse();
    assertThat(stop.append(bytes("N"), 0)).isFalse();
    assertThat(stop.append(bytes(""), 0)).isFalse();
    assertThat(stop.append(bytes("D and more"), 0)).isTrue();
    assertThat(stop.found()).isEqualTo(bytes("END"));
    assertThat(stop.foundOffset()).isEqualTo(4);
  }

  @Test
  void halfACharacterInATokenIsNoObstacle() {
    byte[] text = bytes("x中y");
    StopStrings stop = stop("中");
    for (int i = 0; i < 3; i++) {
      assertThat(stop.append(new byte[] {text[i]}, 0)).isFalse();
    }
    assertThat(stop.append(new byte[] {text[3]}, 0)).isTrue();
    assertThat(stop.foundOffset()).isEqualTo(1);
  }

  @Test
  void aFailedMatchThatHidesAnotherIsFound() {
    StopStrings stop = stop("aab");
    assertThat(stop.append(bytes("aaaab"), 0)).isTrue();
    assertThat(stop.foundOffset()).isEqualTo(2);
  }

  @Test
  void theFirstToEndWinsAndThenTheFirstToBegin() {
    StopStrings inner = stop("abcd", "bc");
    assertThat(inner.append(bytes("abcd"), 0)).isTrue();
    assertThat(inner.found()).isEqualTo(bytes("bc"));
    StopStrings longer = stop("c", "abc", "bc");
    assertThat(longer.append(bytes("xabc"), 0)).isTrue();
    assertThat(longer.found()).isEqualTo(bytes("abc"));
    assertThat(longer.foundOffset()).isEqualTo(1);
  }

  @Test
  void aMatchThatEndsInPassedTextDoesNotCountButMayOverlapTheNext() {
    StopStrings stop = stop("abab", "x");
    stop.pass(bytes("x abab"), 0);
    assertThat(stop.append(bytes("a"), 0)).isFalse();
    assertThat(stop.append(bytes("b"), 0)).isTrue();
    assertThat(stop.found()).isEqualTo(bytes("abab"));
    assertThat(stop.foundOffset()).isEqualTo(4);
  }

  @Test
  void equalsASearchOfTheWholeText() {
    long seed = 20260101;
    Random random = new Random(seed);
    int matches = 0;
    for (int round = 0; round < 5_000; round++) {
      List<String> strings = new ArrayList<>();
      for (int i = random.nextInt(4); i >= 0; i--) {
        strings.add(randomText(random, 1 + random.nextInt(6)));
      }
      String text = randomText(random, random.nextInt(40));
      StopStrings stop = stop(strings.toArray(String[]::new));
      boolean found = false;
      for (int at = 0; at < text.length() && !found; ) {
        int end = Math.min(text.length(), at + random.nextInt(5));
        found = stop.append(bytes(text.substring(at, end)), 0);
        at = end;
      }
      String expected = search(text, strings);
      String actual =
          found
              ? new String(stop.found(), StandardCharsets.UTF_8) + "@" + stop.foundOffset()
              : null;
      assertThat(actual).as("seed %s: %s in %s", seed, strings, text).isEqualTo(expected);
      matches += found ? 1 : 0;
    }
    assertThat(matches).isBetween(500, 4_900);
  }

  @Test
  void longTextsAndStringsTakeLinearTime() {
    String string = "a".repeat(50_000) + "b";
    StopStrings stop = stop(string);
    byte[] token = bytes("a".repeat(1_000));
    Assertions.assertTimeout(
        Duration.ofSeconds(5),
        () -> {
          for (int i = 0; i < 5_000; i++) {
            assertThat(stop.append(token, 0)).isFalse();
          }
        });
    assertThat(stop.append(bytes("b"), 0)).isTrue();
  }

  private static String search(String text, List<String> strings) {
    for (int end = 1; end <= text.length(); end++) {
      for (int begin = 0; begin < end; begin++) {
        if (strings.contains(text.substring(begin, end))) {
          return text.substring(begin, end) + "@" + begin;
        }
      }
    }
    return null;
  }

  private static String randomText(Random random, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append((char) ('a' + random.nextInt(3)));
    }
    return text.toString();
  }

  private static StopStrings stop(String... strings) {
    return new StopStrings(Arrays.stream(strings).map(StopStringsTest::bytes).toList());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
