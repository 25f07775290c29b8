package org.trlm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Damaged, contradictory and unsupported files, each with the message that names what is wrong. */
class MalformedFileTest {

  @Test
  void theBaseOfTheseTestsIsRead() {
    assertThat(read(root -> {}).encode("az")).containsExactly('a', 'z');
  }

  @Test
  void truncatedAtAnyLength() {
    byte[] whole = TestTokenizers.bytes(TestTokenizers.bytesOnly());
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> TokenizerJson.read(cut, "cut.json"))
          .isInstanceOf(TokenizerFormatException.class)
          .hasMessageStartingWith("cut.json");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[] | does not begin with a JSON object",
        "{} | model is missing",
        "{'model':{}} | model.vocab is missing",
        "{'model':{'vocab':{'a':0}}} | model.merges is missing",
        "{'model':{'vocab':{},'merges':[]}} | vocabulary is empty",
        "{'model':[]} | model is",
        "{'version':'2.0'} | version is 2.0",
        "{'version':'1.0','version':'1.0'} | \"version\" stands twice",
        "{'surprise':1} | \"surprise\" is not known",
        "{'model':{'type':'WordPiece'}} | model.type is \"WordPiece\"",
        "{'model':{'vocab':{'a':0},'merges':{}}} | model.merges is",
        "{'model':{'vocab':[1],'merges':[]}} | model.vocab is",
        "{'model':{'vocab':{'a':0,'a':1},'merges':[]}} | \"a\" stands twice, with the ids 0 and 1",
        "{'model':{'vocab':{'a':0,'b':0},'merges':[]}} | the id 0 to both \"a\" and \"b\"",
        "{'model':{'vocab':{'a':-1},'merges':[]}} | the id -1",
        "{'model':{'vocab':{'a':1},'merges':[]}} | without gaps",
        "{'model':{'vocab':{'a':2147483647},'merges':[]}} | without gaps",
        "{'model':{'vocab':{'a':99999999999},'merges':[]}} | the id 99999999999",
        "{'model':{'vocab':{'a':99999999999999999999999},'merges':[]}} | ids are whole numbers",
        "{'model':{'vocab':{'a':1e3},'merges':[]}} | ids are whole numbers",
        "{'model':{'vocab':{'a':0.5},'merges':[]}} | ids are whole numbers",
        "{'model':{'vocab':{'a':'0'},'merges':[]}} | ids are whole numbers",
        "{'model':{'vocab':{'a':{}},'merges':[]}} | ids are whole numbers",
        "{'model':{'vocab':{'\\ud800':0},'merges':[]}} | half a character",
        "{'model':{'vocab':{'a':0},'merges':[]}} trailing | not a JSON file",
        "{'model':{'vocab':{'a':0},'merges':[]}} {} | something follows",
      })
  void smallFiles(String json, String message) {
    byte[] bytes = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> TokenizerJson.read(bytes, "x.json"))
        .isInstanceOf(TokenizerFormatException.class)
        .hasMessageStartingWith("x.json")
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'a'| must be two tokens with one space",
        "'a b c'| must be two tokens with one space",
        "'a b','a'| merge 1 is \"a\"",
        "'a zz'| needs the token \"zz\"",
        "'a c'| needs the token \"ac\"",
        "['a']| has another form",
        "['a','b','c']| has another form",
        "['a',1]| has another form",
        "[]| has another form",
        "7| has another form",
        "'a b',['a','b']| merge 1 has another form",
      })
  void merges(String merges, String message) {
    assertRefused(
        root -> {
          model(root).set("merges", TestTokenizers.json("[" + merges + "]"));
          ((ObjectNode) model(root).get("vocab")).put("ab", 256);
        },
        message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "dropout|0.1|model.dropout is \"0.1\"",
        "byte_fallback|true|model.byte_fallback",
        "fuse_unk|true|model.fuse_unk",
        "continuing_subword_prefix|'##'|model.continuing_subword_prefix is \"##\"",
        "end_of_word_suffix|'</w>'|model.end_of_word_suffix is \"</w>\"",
        "ignore_merges|1|model.ignore_merges is \"1\"",
        "unk_token|[]|model.unk_token is \"[\"",
        "unk_token|{}|model.unk_token is \"{\"",
        "novelty|1|model.\"novelty\" is not known",
      })
  void modelOptions(String field, String value, String message) {
    assertRefused(root -> model(root).set(field, TestTokenizers.json(value)), message);
  }

  @Test
  void unknownTokenWhereBytesAreMissing() {
    assertRefused(
        root -> {
          model(root).put("unk_token", "<unk>");
          ObjectNode vocabulary = (ObjectNode) model(root).get("vocab");
          vocabulary.removeAll().put("<unk>", 0);
        },
        "model.unk_token is \"<unk>\"");
    assertThat(read(root -> model(root).put("unk_token", "a")).encode("b")).containsExactly('b');
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "normalizer|{'type':'NFKC'}|the normalizer NFKC is not supported",
        "normalizer|{'type':'Sequence','normalizers':[{'type':'NFC'},{'type':'Lowercase'}]}|Lowercase",
        "normalizer|{}|normalizer.type is missing",
        "normalizer|5|normalizer is \"5\"",
        "pre_tokenizer|null|has no ByteLevel",
        "pre_tokenizer|{'type':'Whitespace'}|the pre-tokenizer Whitespace is not supported",
        "pre_tokenizer|{'type':'Metaspace'}|the pre-tokenizer Metaspace is not supported",
        "pre_tokenizer|{'type':'ByteLevel','add_prefix_space':'no'}|add_prefix_space is \"no\"",
        "pre_tokenizer|{'type':'ByteLevel','add_prefix_space':false,'mode':1}|\"mode\" is not supported",
        "pre_tokenizer|{'type':'Sequence','pretokenizers':[{'type':'ByteLevel'},{'type':'Digits'}]}|Digits after ByteLevel",
        "pre_tokenizer|{'type':'Sequence'}|pretokenizers is missing",
        "pre_tokenizer|{'type':'Split','pattern':'x','behavior':'Isolated'}|pattern is \"x\"",
        "pre_tokenizer|{'type':'Split','pattern':{'Glob':'x'},'behavior':'Isolated'}|\"Glob\" is not supported",
        "pre_tokenizer|{'type':'Split','pattern':{'Regex':'x'},'behavior':'Exploded'}|the behavior Exploded",
        "decoder|null|decoder is missing or null",
        "decoder|{'type':'WordPiece'}|the decoder WordPiece",
        "decoder|{'type':'Sequence','decoders':[{'type':'Fuse'},{'type':'ByteLevel'}]}|the decoder Fuse at place 0",
        "decoder|{'type':'Sequence','decoders':[]}|empty decoder",
        "post_processor|{'type':'BertProcessing'}|the post-processor BertProcessing",
        "post_processor|{'type':'TemplateProcessing','single':[],'special_tokens':{}}|without the text itself",
        "post_processor|{'type':'TemplateProcessing','single':[{'Sequence':{'id':'B'}}],'special_tokens':{}}|this piece",
        "post_processor|{'type':'TemplateProcessing','single':[{'SpecialToken':{'id':'x'}}],'special_tokens':{'x':{'ids':[256]}}}|the id 256",
        "post_processor|{'type':'TemplateProcessing','single':[{'SpecialToken':{'id':'x'}}],'special_tokens':{}}|special_tokens.x is missing",
      })
  void sections(String field, String value, String message) {
    assertRefused(root -> root.set(field, TestTokenizers.json(value)), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "^a|the anchor ^",
        "a$|the anchor $",
        "\\bword|the escape \\b",
        "\\Ga|the escape \\G",
        "(a)\\1|the escape \\1",
        "(?i)abc|the group (?i)abc",
        "(?<name>a)|the group (?<name>a)",
        "(?i:st)|the letters st without regard to case",
        "(?i:é)|characters beyond ASCII without regard to case",
        "(?i:\\p{Lu})|the property Lu without regard to case",
        "\\p{Han}|the property Han",
        "\\pL|a property without braces",
        "[[:alpha:]]|a POSIX class",
        "[]|an empty class",
        "[a|an end where a character must follow",
        "[z-a]|a range whose end is below its start",
        "[a-\\s]|a range that ends in a class",
        "(a|a group that is not closed",
        "a)|a closing parenthesis without its opening one",
        "(a*)*|a repeated group that can match nothing",
        "a**|a repeat of a repeat",
        "*a|a repeat of nothing: *",
        "a{2,1}|a count whose end is below its start",
        "a{100000}|a count above 1000",
        "((a{1000}b){1000}c){1000}|more than 20000 steps",
        "(?<=a+)b|a look-behind of varying length",
        "(?=a)*|a repeated look-around",
        "\\x{110000}|the character number 110000",
        "\\ud800|the character number d800",
      })
  void regularExpressions(String pattern, String message) {
    assertRefused(
        root -> TestTokenizers.withStages(root, TestTokenizers.split(pattern, "Isolated", false)),
        message);
  }

  @Test
  void deepNesting() {
    String deep = "[".repeat(100_000);
    assertThatThrownBy(() -> TokenizerJson.read(deep.getBytes(StandardCharsets.UTF_8), "deep"))
        .isInstanceOf(TokenizerFormatException.class);
    String inside = "{\"truncation\":" + deep;
    assertThatThrownBy(() -> TokenizerJson.read(inside.getBytes(StandardCharsets.UTF_8), "deep"))
        .isInstanceOf(TokenizerFormatException.class)
        .hasMessageContaining("depth");
    assertRefused(
        root ->
            TestTokenizers.withStages(
                root, TestTokenizers.split("(".repeat(3000), "Isolated", false)),
        "nested groups");
  }

  @Test
  void addedTokens() {
    assertRefused(root -> added(root, "new", 300), "\"new\" has the id 300; expected is 256");
    assertRefused(root -> added(root, "new", 97), "belongs to \"a\"");
    assertRefused(root -> added(root, "new", -5), "has the id -5");
    assertRefused(root -> added(root, "a", 256), "expected is 97, its id in the vocabulary");
    assertRefused(root -> added(root, "", 256), "is empty");
    assertRefused(
        root -> {
          added(root, "new", 256);
          added(root, "new", 256);
        },
        "\"new\" stands twice");
    assertRefused(
        root -> added(root, "new", 256).remove("lstrip"), "added_tokens[0].lstrip is missing");
    assertRefused(root -> added(root, "new", 256).put("color", 1), "\"color\" is not supported");
    assertRefused(root -> root.put("added_tokens", 1), "added_tokens must be a list");
  }

  @Test
  void ggufMetadata() {
    assertGgufRefused("model", "llama", "\"gpt2\"");
    assertGgufRefused("model", null, "model is missing");
    assertGgufRefused("pre", "deepseek-llm", "smollm, gpt-2, llama-bpe and qwen2");
    assertGgufRefused("pre", "default", "smollm, gpt-2, llama-bpe and qwen2");
    assertGgufRefused("tokens", "x", "supported are arrays");
    assertGgufRefused("tokens", List.of("a", 5, "c"), "tokens[1] is \"5\"");
    assertGgufRefused("tokens", List.of("a", "a", "c"), "\"a\" stands twice");
    assertGgufRefused("token_type", new int[] {1, 1}, "2 entries for 3 tokens");
    assertGgufRefused("token_type", new int[] {1, 6, 1}, "token_type[1] is 6");
    assertGgufRefused("merges", List.of("a b", "ab"), "merge 1 is \"ab\"");
    assertGgufRefused("merges", List.of("a z"), "needs the token \"z\"");
    assertGgufRefused("add_bos_token", "yes", "true and false");
    assertGgufRefused("bos_token_id", 3, "ids from 0 to 2");
  }

  private static void assertGgufRefused(String key, Object value, String message) {
    Map<String, Object> metadata = smallGguf();
    metadata.put("tokenizer.ggml." + key, value);
    assertThatThrownBy(() -> TokenizerGguf.read(metadata, "m.gguf"))
        .isInstanceOf(TokenizerFormatException.class)
        .hasMessageStartingWith("m.gguf: ")
        .hasMessageContaining(message);
  }

  static Map<String, Object> smallGguf() {
    Map<String, Object> metadata = new java.util.HashMap<>();
    metadata.put("tokenizer.ggml.model", "gpt2");
    metadata.put("tokenizer.ggml.pre", "gpt-2");
    metadata.put("tokenizer.ggml.tokens", List.of("a", "b", "ab"));
    metadata.put("tokenizer.ggml.token_type", new int[] {1, 1, 1});
    metadata.put("tokenizer.ggml.merges", List.of("a b"));
    metadata.put("tokenizer.ggml.add_bos_token", true);
    metadata.put("tokenizer.ggml.bos_token_id", 1L);
    return metadata;
  }

  private static ObjectNode model(ObjectNode root) {
    return (ObjectNode) root.get("model");
  }

  private static ObjectNode added(ObjectNode root, String content, int id) {
    TestTokenizers.withAdded(root, content, "special");
    ArrayNode tokens = (ArrayNode) root.get("added_tokens");
    return ((ObjectNode) tokens.get(tokens.size() - 1)).put("id", id);
  }

  private static Tokenizer read(Consumer<ObjectNode> change) {
    ObjectNode root = TestTokenizers.bytesOnly();
    ObjectNode vocabulary = (ObjectNode) root.get("model").get("vocab");
    assertThat(vocabulary.size()).isEqualTo(256);
    change.accept(root);
    return TokenizerJson.read(TestTokenizers.bytes(root), "x.json");
  }

  private static void assertRefused(Consumer<ObjectNode> change, String message) {
    assertThatThrownBy(() -> read(change))
        .isInstanceOf(TokenizerFormatException.class)
        .hasMessageStartingWith("x.json")
        .hasMessageContaining(message);
  }
}
