package org.trlm.job.input;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Each line once, wherever a file is cut, and of a long one its head alone. */
class BoundedLinesTest {
  private static List<String> rest(BoundedLines lines) throws IOException {
    List<String> found = new ArrayList<>();
    while (lines.next()) {
      found.add(new String(lines.line(), StandardCharsets.UTF_8));
    }
    return found;
  }

  private static List<String> whole(byte[] text) throws IOException {
    return rest(BoundedLines.of(new ByteArrayInputStream(text)));
  }

  private static List<String> parts(byte[] text, int... cuts) throws IOException {
    List<String> found = new ArrayList<>();
    int start = 0;
    for (int i = 0; i <= cuts.length; i++) {
      int end = i < cuts.length ? cuts[i] : text.length;
      ByteArrayInputStream in = new ByteArrayInputStream(text, start, text.length - start);
      found.addAll(rest(BoundedLines.between(in, start, end)));
      start = end;
    }
    return found;
  }

  @Test
  void linesEndAsTextFilesDo() throws IOException {
    byte[] text = "a\nbb\r\n\rc\n\n\u00e4".getBytes(StandardCharsets.UTF_8);
    assertThat(whole(text)).containsExactly("a", "bb", "", "c", "", "\u00e4");
    assertThat(whole(new byte[0])).isEmpty();
    assertThat(whole("\n".getBytes(StandardCharsets.UTF_8))).containsExactly("");
  }

  @Test
  void aCutAnywhereLosesAndRepeatsNoLine() throws IOException {
    byte[] text = "a\nbb\r\n\r\nccc\rd\n\n\r\neeee\nf".getBytes(StandardCharsets.UTF_8);
    List<String> lines = whole(text);
    for (int first = 1; first < text.length; first++) {
      for (int second = first; second < text.length; second++) {
        assertThat(parts(text, first, second)).as("%d, %d", first, second).isEqualTo(lines);
      }
    }
  }

  @Test
  void linesLongerThanABufferAreWhole() throws IOException {
    long seed = 20260131;
    Random random = new Random(seed);
    StringBuilder text = new StringBuilder();
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      String line = "x".repeat(random.nextInt(200_000)) + i;
      lines.add(line);
      text.append(line).append(random.nextBoolean() ? "\n" : "\r\n");
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    assertThat(whole(bytes)).as("seed %d", seed).isEqualTo(lines);
    assertThat(parts(bytes, bytes.length / 3, bytes.length / 2))
        .as("seed %d", seed)
        .isEqualTo(lines);
  }

  @Test
  void ofALineThatIsTooLongTheHeadIsKept() throws IOException {
    byte[] most = new byte[LongLine.MOST_BYTES];
    Arrays.fill(most, (byte) 'm');
    byte[] text = new byte[2 * most.length + 20];
    Arrays.fill(text, (byte) 'l');
    System.arraycopy(most, 0, text, 0, most.length);
    text[most.length] = '\n';
    text[text.length - 2] = '\n';
    List<String> lines = whole(text);
    assertThat(lines).hasSize(3);
    assertThat(lines.get(0)).hasSize(most.length);
    assertThat(LongLine.isMarked(lines.get(0))).isFalse();
    assertThat(LongLine.isMarked(lines.get(1))).isTrue();
    assertThat(LongLine.problem(lines.get(1)))
        .isEqualTo("is 16777233 bytes long, more than the 16777216 that are read");
    assertThat(LongLine.head(lines.get(1))).isEqualTo("l".repeat(LongLine.HEAD_BYTES));
    assertThat(lines.get(2)).isEqualTo("l");
  }
}
