package org.trlm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Damaged tokenizer files end in a {@link TokenizerFormatException} or in a tokenizer that works:
 * never in another exception, never in a hang, never with more allocated, garbage included, than
 * the file's size and 64 MB. Longer with {@code -Dtrlm.fuzz.seconds=…}.
 */
class TokenizerFuzzTest {

  private static final String[] STRINGS = {
    "", "a", "Ġ", "ab", "BPE", "NFC", "Sequence", "ByteLevel", "Split", "Digits", "Removed",
        "Isolated", "Contiguous",
    "(a|b)*c", "(?:a+)+$", "[\\s\\S]+?(?=x)", "\\p{L}+|", "(?:a|aa)+b", "((((", "a{999}", "[^",
        "\\", "\u0000", "\uD83D\uDE00", "Template", "é"
  };

  @Test
  void damagedFilesAreRefusedOrWork() {
    long seed = Long.getLong("trlm.test.seed", new Random().nextLong());
    long seconds = Long.getLong("trlm.fuzz.seconds", 8);
    System.out.println("seed " + seed + " (-Dtrlm.test.seed=…), seconds " + seconds);
    ObjectNode base = base();
    byte[] baseBytes = TestTokenizers.bytes(base);
    Random random = new Random(seed);
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    int refused = 0;
    int rounds = 0;
    while (System.nanoTime() < end) {
      byte[] damaged = random.nextInt(3) == 0 ? damaged(baseBytes, random) : mutated(base, random);
      refused += tryRead(damaged, seed, rounds++) ? 0 : 1;
    }
    System.out.println(rounds + " files, " + refused + " refused");
    assertThat(refused).isPositive().isLessThan(rounds);
  }

  private static ObjectNode base() {
    ObjectNode root = TestTokenizers.parse(TestTokenizers.tinyReasoner());
    TestTokenizers.withStages(
        root,
        TestTokenizers.split(KnownPatterns.LLAMA3, "Isolated", false),
        "{'type':'Digits','individual_digits':true}");
    TestTokenizers.withAdded(root, "<new>", "normalized lstrip rstrip");
    root.set("normalizer", TestTokenizers.json("{'type':'NFC'}"));
    root.set(
        "post_processor",
        TestTokenizers.json(
            "{'type':'TemplateProcessing','single':[{'SpecialToken':{'id':'S','type_id':0}},{'Sequence':{'id':'A','type_id':0}}],"
                + "'pair':[],'special_tokens':{'S':{'id':'S','ids':[1],'tokens':['x']}}}"));
    return root;
  }

  /** Whether the file was read; anything but the named exception fails the test. */
  private static boolean tryRead(byte[] json, long seed, int round) {
    try {
      return assertTimeoutPreemptively(
          Duration.ofSeconds(20),
          () -> {
            try {
              Tokenizer tokenizer = readBounded(json);
              int[] ids =
                  tokenizer.encode("Hello <new> 12\u0301 \n\n aaaaaaaaaaaaaaaab \uD83D\uDE00");
              tokenizer.decode(ids, true);
              return true;
            } catch (TokenizerFormatException e) {
              return false;
            }
          });
    } catch (Throwable e) {
      throw new AssertionError("seed " + seed + ", round " + round, e);
    }
  }

  private static Tokenizer readBounded(byte[] json) {
    Tokenizer[] tokenizer = new Tokenizer[1];
    TokenizerFormatException[] refusal = new TokenizerFormatException[1];
    long allocated =
        BoundedRead.allocatedBy(
            () -> {
              try {
                tokenizer[0] = TokenizerJson.read(json, "fuzz");
              } catch (TokenizerFormatException e) {
                refusal[0] = e;
              }
            });
    assertThat(allocated).isLessThanOrEqualTo(json.length + BoundedRead.EXTRA_BYTES);
    if (refusal[0] != null) {
      throw refusal[0];
    }
    return tokenizer[0];
  }

  private static byte[] damaged(byte[] base, Random random) {
    byte[] bytes = base.clone();
    if (random.nextInt(4) == 0) {
      return Arrays.copyOf(bytes, random.nextInt(bytes.length));
    }
    for (int n = 1 + random.nextInt(4); n > 0; n--) {
      int at = random.nextInt(random.nextBoolean() ? 1500 : bytes.length);
      bytes[at] =
          random.nextBoolean()
              ? (byte) (bytes[at] ^ 1 << random.nextInt(8))
              : (byte) random.nextInt();
    }
    return bytes;
  }

  private static byte[] mutated(ObjectNode base, Random random) {
    ObjectNode root = base.deepCopy();
    for (int n = 1 + random.nextInt(3); n > 0; n--) {
      List<JsonNode> containers = new ArrayList<>();
      collect(root, containers, random);
      mutate(containers.get(random.nextInt(containers.size())), random);
    }
    return TestTokenizers.bytes(root);
  }

  /** Objects and lists; of the many merges only a few, so that the rest is hit as well. */
  private static void collect(JsonNode node, List<JsonNode> into, Random random) {
    if (node.isContainerNode() && !node.isEmpty()) {
      into.add(node);
      int step = node.size() > 100 ? 1 + random.nextInt(node.size()) : 1;
      int i = 0;
      for (JsonNode child : node) {
        if (i++ % step == 0) {
          collect(child, into, random);
        }
      }
    }
  }

  private static void mutate(JsonNode container, Random random) {
    if (container instanceof ObjectNode object) {
      List<String> names = new ArrayList<>();
      object.fieldNames().forEachRemaining(names::add);
      String name = names.get(random.nextInt(names.size()));
      switch (random.nextInt(4)) {
        case 0 -> object.remove(name);
        case 1 -> object.set(STRINGS[random.nextInt(STRINGS.length)], object.get(name));
        default -> object.set(name, value(random, object.get(name)));
      }
    } else {
      ArrayNode list = (ArrayNode) container;
      int at = random.nextInt(list.size());
      switch (random.nextInt(4)) {
        case 0 -> list.remove(at);
        case 1 -> list.insert(at, list.get(random.nextInt(list.size())));
        default -> list.set(at, value(random, list.get(at)));
      }
    }
  }

  private static JsonNode value(Random random, JsonNode old) {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    return switch (random.nextInt(9)) {
      case 0 -> nodes.nullNode();
      case 1 -> nodes.booleanNode(random.nextBoolean());
      case 2 -> nodes.numberNode(random.nextInt(800));
      case 3 -> nodes.numberNode(random.nextLong());
      case 4 -> nodes.numberNode(random.nextGaussian() * 1e300);
      case 5 -> nodes.arrayNode().add(old);
      case 6 -> nodes.objectNode().set("type", old);
      default -> nodes.textNode(STRINGS[random.nextInt(STRINGS.length)]);
    };
  }
}
