package org.trlm.tokenizer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;

/**
 * Reads Hugging Face's {@code tokenizer.json} with a byte-level BPE model.
 *
 * <p>The file is streamed twice, the merges in the second pass, because they may stand before the
 * vocabulary: memory stays near the size of what is kept. Truncation and padding in the file are
 * ignored, as transformers does unless a call asks for them.
 */
public final class TokenizerJson {

  private static final int MAX_DEPTH = 64;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
          .build();

  private final byte[] json;
  private final String where;
  private final ModelSection model;
  private final TokenizerAssembly assembly;
  private JsonTree normalizer;
  private JsonTree preTokenizer;
  private JsonTree postProcessor;
  private JsonTree decoder;
  private boolean modelSeen;

  private TokenizerJson(byte[] json, String where) {
    this.json = json;
    this.where = where;
    assembly = new TokenizerAssembly(where);
    model = new ModelSection(assembly);
  }

  /**
   * Reads a tokenizer.
   *
   * @param json the bytes of the file
   * @param where the file's name, for messages
   * @throws TokenizerFormatException if the file is damaged, contradicts itself, or asks for
   *     something that is not done exactly
   */
  public static Tokenizer read(byte[] json, String where) {
    try {
      return new TokenizerJson(json, where).read();
    } catch (IOException e) {
      throw new TokenizerFormatException(
          where + " is not a JSON file of the expected form: " + firstLine(e.getMessage()), e);
    }
  }

  private static String firstLine(String message) {
    return message == null ? "no detail" : message.lines().findFirst().orElse("no detail");
  }

  private Tokenizer read() throws IOException {
    eachField(this::sectionBesidesMerges);
    if (!modelSeen) {
      throw assembly.refused("the field model is missing; it must hold a BPE model");
    }
    model.finishVocabulary();
    eachField(this::mergesAndAddedTokens);
    model.checkWhole();
    PipelineSections sections = new PipelineSections(where, assembly);
    sections.checkDecoder(decoder);
    sections.postProcessor(postProcessor);
    return assembly.build(
        model.wholeWordsFirst(),
        sections.normalization(normalizer),
        sections.words(preTokenizer),
        sections.prefix(),
        sections.suffix());
  }

  /** What is done with one field of the file; the parser stands at its value. */
  private interface FieldReader {
    void read(String name, JsonParser parser) throws IOException;
  }

  private void eachField(FieldReader reader) throws IOException {
    try (JsonParser parser = FACTORY.createParser(json)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw assembly.refused(
            "the file does not begin with a JSON object; it must be a tokenizer.json");
      }
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String name = parser.currentName();
        parser.nextToken();
        reader.read(name, parser);
      }
      if (parser.nextToken() != null) {
        throw assembly.refused("something follows the JSON object; it must be the whole file");
      }
    }
  }

  private void sectionBesidesMerges(String name, JsonParser parser) throws IOException {
    switch (name) {
      case "version" -> {
        if (!"1.0".equals(parser.getText())) {
          throw assembly.refused("the version is " + parser.getText() + "; supported is \"1.0\"");
        }
      }
      case "truncation", "padding", "added_tokens" -> parser.skipChildren();
      case "normalizer" -> normalizer = JsonTree.read(parser, where + ": normalizer");
      case "pre_tokenizer" -> preTokenizer = JsonTree.read(parser, where + ": pre_tokenizer");
      case "post_processor" -> postProcessor = JsonTree.read(parser, where + ": post_processor");
      case "decoder" -> decoder = JsonTree.read(parser, where + ": decoder");
      case "model" -> {
        modelSeen = true;
        model.readBesidesMerges(parser);
      }
      default ->
          throw assembly.refused(
              "the field "
                  + TokenizerAssembly.quoted(name)
                  + " is not known; a tokenizer.json has version, truncation, padding, added_tokens,"
                  + " normalizer, pre_tokenizer, post_processor, decoder and model");
    }
  }

  private void mergesAndAddedTokens(String name, JsonParser parser) throws IOException {
    if (name.equals("model")) {
      model.readMerges(parser);
    } else if (name.equals("added_tokens")) {
      addedTokens(parser);
    } else {
      parser.skipChildren();
    }
  }

  private void addedTokens(JsonParser parser) throws IOException {
    if (parser.currentToken() == JsonToken.VALUE_NULL) {
      return;
    }
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw assembly.refused("added_tokens must be a list");
    }
    for (int i = 0; parser.nextToken() != JsonToken.END_ARRAY; i++) {
      JsonTree token = JsonTree.read(parser, where + ": added_tokens[" + i + "]");
      if (token == null) {
        throw assembly.refused("added_tokens[" + i + "] is null; it must be an object");
      }
      token.allowOnly("id", "content", "single_word", "lstrip", "rstrip", "normalized", "special");
      long id = token.number("id");
      assembly.addedToken(
          new AddedToken(
              (int) id,
              token.string("content"),
              token.flag("special"),
              token.flag("normalized"),
              token.flag("lstrip"),
              token.flag("rstrip"),
              token.flag("single_word")),
          id);
    }
  }
}
