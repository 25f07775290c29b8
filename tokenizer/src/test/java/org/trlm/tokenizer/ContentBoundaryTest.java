package org.trlm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Where template text and content meet: no added token of both, and none of the template's that
 * content beside it could break or widen. Texts are written with the content in guillemets.
 */
class ContentBoundaryTest {

  private static final int TOKEN = 256;

  private static Tokenizer tokenizer(String token, String flags) {
    ObjectNode root = TestTokenizers.bytesOnly();
    root.set("normalizer", TestTokenizers.json("{'type':'NFC'}"));
    TestTokenizers.withAdded(root, token, "special " + flags);
    return TokenizerJson.read(TestTokenizers.bytes(root), "x");
  }

  private static RenderedText marked(String shown) {
    StringBuilder text = new StringBuilder();
    List<Integer> ranges = new ArrayList<>();
    for (char c : shown.toCharArray()) {
      if (c == '«' || c == '»') {
        ranges.add(text.length());
      } else {
        text.append(c);
      }
    }
    return new RenderedText(text.toString(), ranges.stream().mapToInt(i -> i).toArray());
  }

  /** The tokenizer's own bytes are their ids; the added token is shown as T. */
  private static String encoded(String flags, String shown) {
    StringBuilder ids = new StringBuilder();
    for (int id : tokenizer("<|im|>", flags).encode(marked(shown), false)) {
      ids.append(id == TOKEN ? 'T' : (char) id);
    }
    return ids.toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "normalized", "lstrip rstrip", "single_word"})
  void noTokenAcrossTheBoundary(String flags) {
    String token = "<|im|>";
    for (int at = 1; at < token.length(); at++) {
      String head = token.substring(0, at);
      String tail = token.substring(at);
      assertThat(encoded(flags, head + "«" + tail + "»")).isEqualTo(token);
      assertThat(encoded(flags, "«" + head + "»" + tail)).isEqualTo(token);
      assertThat(encoded(flags, head + "«" + tail + "»" + token)).isEqualTo(token + "T");
      assertThat(encoded(flags, token + "«" + head + "»" + tail)).isEqualTo("T" + token);
    }
    assertThat(encoded(flags, "«<|im»«|>»")).isEqualTo(token);
  }

  @ParameterizedTest
  @CsvSource({
    "lstrip, 'a « »<|im|>', 'a  T'",
    "lstrip, 'a« » <|im|>', 'a T'",
    "rstrip, '<|im|> « »b', 'T b'",
    "rstrip, '<|im|>« » b', 'T  b'",
    "lstrip rstrip, '« a »<|im|>« b »', ' a T b '",
    "lstrip rstrip, ' <|im|> ', T",
  })
  void whiteSpaceOfContentStaysContent(String flags, String shown, String ids) {
    assertThat(encoded(flags, shown)).isEqualTo(ids);
  }

  @Test
  void wordsOfContentDoNotHideASingleWordToken() {
    assertThat(encoded("single_word", "«a»<|im|>«b»")).isEqualTo("aTb");
    assertThat(encoded("single_word", "a<|im|>")).isEqualTo("a<|im|>");
    assertThat(encoded("single_word normalized", "«a»<|im|>«b»")).isEqualTo("aTb");
  }

  /** U+0338 after {@code >} composes to U+226F, U+0301 after e to U+00E9. */
  @Test
  void combiningCharactersOfContentDoNotChangeATokenBeforeThem() {
    for (String flags : new String[] {"none", "normalized"}) {
      int[] ids = tokenizer("<|im|>", flags).encode(marked("<|im|>«\u0338x»"), false);
      assertThat(ids).containsExactly(TOKEN, 0xCC, 0xB8, 'x');
      assertThat(tokenizer("tok<e", flags).encode(marked("tok<e«\u0301»"), false))
          .containsExactly(TOKEN, 0xCC, 0x81);
    }
    assertThat(tokenizer("tok<e", "normalized").encode("tok<e\u0301")).doesNotContain(TOKEN);
    assertThat(tokenizer("tok<e", "none").encode(marked("«e\u0301»"), false))
        .containsExactly(0xC3, 0xA9);
  }

  @Test
  void contentThatEndsRightBeforeATokenLeavesItWhole() {
    for (String content :
        new String[] {"<", "<|im|", "<|im|>", " ", "\uD83D\uDE00", "\u0301", "x"}) {
      int[] ids = tokenizer("<|im|>", "none").encode(marked("«" + content + "»<|im|>"), false);
      assertThat(ids).endsWith(TOKEN);
      assertThat(java.util.Arrays.stream(ids).filter(id -> id == TOKEN).count()).isEqualTo(1);
    }
  }
}
