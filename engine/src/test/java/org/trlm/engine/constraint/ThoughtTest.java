package org.trlm.engine.constraint;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.trlm.engine.request.ThoughtTags;
import org.trlm.engine.request.ThoughtTags.State;

/** Where an answer stands with its thought. */
class ThoughtTest {
  private static final long SEED = Long.getLong("trlm.seed", 20260213);
  private static final int OPEN = 8;
  private static final int CLOSE = 9;
  private static final ThoughtTags IDS = ThoughtTags.ofIds(OPEN, CLOSE);
  private static final ThoughtTags TEXT =
      ThoughtTags.ofText(bytes("<think>"), bytes("</think>"), 1, 2);

  @Test
  void tagsAreFoundByTheirTokens() {
    Thought thought = new Thought(IDS, State.NONE);
    assertThat(thought.append(1, bytes("<think>"))).as("a spelling by other tokens").isZero();
    assertThat(thought.state()).isEqualTo(State.NONE);
    assertThat(thought.append(OPEN, bytes("<think>"))).isEqualTo(7);
    assertThat(thought.append(OPEN, bytes("<think>"))).as("said twice").isEqualTo(7);
    assertThat(thought.numTokens()).isZero();
    assertThat(thought.append(1, bytes("so"))).isEqualTo(2);
    assertThat(thought.append(OPEN, bytes("<think>"))).isEqualTo(7);
    assertThat(thought.numTokens()).isEqualTo(2);
    assertThat(thought.append(CLOSE, bytes("</think>"))).isEqualTo(8);
    assertThat(thought.state()).isEqualTo(State.CLOSED);
    assertThat(thought.append(OPEN, bytes("<think>"))).as("the second one is content").isZero();
    assertThat(thought.append(1, bytes("42"))).isZero();
    assertThat(thought.state()).isEqualTo(State.CLOSED);
    assertThat(thought.numTokens()).isEqualTo(2);
  }

  @Test
  void aPromptMayEndInsideTheThought() {
    Thought thought = new Thought(IDS, State.OPEN);
    assertThat(thought.append(3, bytes("hm"))).isEqualTo(2);
    assertThat(thought.numTokens()).isEqualTo(1);
    assertThat(thought.append(CLOSE, new byte[0])).isZero();
    assertThat(thought.state()).isEqualTo(State.CLOSED);
  }

  @Test
  void withoutTagsAllIsContent() {
    Thought thought = new Thought(ThoughtTags.NONE, State.NONE);
    assertThat(thought.append(0, bytes("<think>"))).isZero();
    assertThat(thought.state()).isEqualTo(State.NONE);
  }

  /** Text is cut into tokens at random places; the content begins right after the closing tag. */
  @Test
  void tagsAreFoundByTheirTextHoweverTokensCutIt() {
    System.out.println("seed " + SEED);
    Random random = new Random(SEED);
    String before = "<think><<think> a </thin</ <think> b</think>";
    String all = before + "c<think>d</think>e";
    for (int i = 0; i < 300; i++) {
      Thought thought = new Thought(TEXT, State.NONE);
      int at = 0;
      int content = -1;
      while (at < all.length()) {
        int end = Math.min(all.length(), at + 1 + random.nextInt(9));
        State last = thought.state();
        int offset = thought.append(0, bytes(all.substring(at, end)));
        if (thought.state() == State.CLOSED && last != State.CLOSED) {
          content = at + offset;
        } else if (last == State.CLOSED) {
          assertThat(offset).isZero();
        }
        at = end;
      }
      assertThat(content).isEqualTo(before.length());
    }
  }

  @Test
  void tokensThatCloseAndGoOnAreKnown() {
    Thought thought = new Thought(TEXT, State.OPEN);
    thought.append(0, bytes("so </thi"));
    assertThat(thought.closesBeforeEnd(bytes("nk>"))).isFalse();
    assertThat(thought.closesBeforeEnd(bytes("nk>!"))).isTrue();
    assertThat(thought.closesBeforeEnd(bytes("ng>!"))).isFalse();
    assertThat(thought.closesBeforeEnd(bytes("</think> "))).isTrue();
    assertThat(thought.state()).as("asking changes nothing").isEqualTo(State.OPEN);
    assertThat(thought.append(0, bytes("nk>"))).isEqualTo(3);
    assertThat(thought.state()).isEqualTo(State.CLOSED);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
