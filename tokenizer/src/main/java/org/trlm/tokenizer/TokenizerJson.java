package org.trlm.tokenizer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Reads Hugging Face's {@code tokenizer.json} with a byte-level BPE model.
 *
 * <p>The file is streamed; merges and added tokens are taken after the vocabulary, before which
 * they may stand. A call allocates no more than the file's size and 64 MB, whatever the file holds;
 * garbage counts. Truncation and padding in the file are ignored, as transformers does unless a
 * call asks for them.
 */
public final class TokenizerJson {

  private static final int MAX_DEPTH = 64;

  /** Of one name or text: no token is this long. */
  private static final int MAX_TEXT = 1 << 16;

  /** A vocabulary's entry takes at least this much of a file, ids of one digit aside. */
  private static final int ENTRY_BYTES = 8;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxStringLength(MAX_TEXT)
                  .maxNameLength(MAX_TEXT)
                  .build())
          .build();

  private final byte[] json;
  private final String where;
  private final ModelSection model;
  private final TokenizerAssembly assembly;
  private final Set<String> fieldsSeen = new HashSet<>();
  private final List<JsonTree> addedTokens = new ArrayList<>();
  private JsonTree normalizer;
  private JsonTree preTokenizer;
  private JsonTree postProcessor;
  private JsonTree decoder;
  private boolean modelSeen;

  private TokenizerJson(byte[] json, String where) {
    this.json = json;
    this.where = where;
    assembly = new TokenizerAssembly(where, json.length / ENTRY_BYTES, json.length);
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
    readSections();
    if (!modelSeen) {
      throw assembly.refused("the field model is missing; it must hold a BPE model");
    }
    model.finishVocabulary();
    try (JsonParser parser = parserAt(model.mergesAt())) {
      parser.nextToken();
      model.readMerges(parser);
    }
    addedTokens.forEach(this::addedToken);
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

  /** A parser of the file from one of its characters on. */
  private JsonParser parserAt(long character) throws IOException {
    Reader reader =
        new InputStreamReader(new ByteArrayInputStream(json), StandardCharsets.UTF_8.newDecoder());
    reader.skip(character);
    return FACTORY.createParser(reader);
  }

  private void readSections() throws IOException {
    try (JsonParser parser = parserAt(0)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw assembly.refused(
            "the file does not begin with a JSON object; it must be a tokenizer.json");
      }
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String name = parser.currentName();
        parser.nextToken();
        assembly.checkOnce(name, fieldsSeen.add(name));
        section(name, parser);
      }
      if (parser.nextToken() != null) {
        throw assembly.refused("something follows the JSON object; it must be the whole file");
      }
    }
  }

  private void section(String name, JsonParser parser) throws IOException {
    switch (name) {
      case "version" -> {
        if (!"1.0".equals(parser.getText())) {
          throw assembly.refused("the version is " + parser.getText() + "; supported is \"1.0\"");
        }
      }
      case "truncation", "padding" -> JsonTree.read(parser, where + ": " + name);
      case "added_tokens" -> readAddedTokens(parser);
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

  private void readAddedTokens(JsonParser parser) throws IOException {
    if (parser.currentToken() == JsonToken.VALUE_NULL) {
      return;
    }
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw assembly.refused("added_tokens must be a list");
    }
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      String place = "added_tokens[" + addedTokens.size() + "]";
      JsonTree token = JsonTree.read(parser, where + ": " + place);
      if (token == null) {
        throw assembly.refused(place + " is null; it must be an object");
      }
      assembly.checkAddedTokens(addedTokens.size() + 1);
      token.allowOnly("id", "content", "single_word", "lstrip", "rstrip", "normalized", "special");
      addedTokens.add(token);
    }
  }

  private void addedToken(JsonTree token) {
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
