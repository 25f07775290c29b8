package org.trlm.tokenizer;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/** The field {@code model} of a tokenizer.json. Used once, by one thread. */
final class ModelSection {

  private static final char[] VERSION = "#version".toCharArray();

  private final TokenizerAssembly assembly;
  private boolean wholeWordsFirst;
  private boolean vocabularySeen;
  private long mergesAt = -1;
  private int mergeCount;
  private final Set<String> fieldsSeen = new HashSet<>();
  private String unknownToken;

  ModelSection(TokenizerAssembly assembly) {
    this.assembly = assembly;
  }

  boolean wholeWordsFirst() {
    return wholeWordsFirst;
  }

  void readBesidesMerges(JsonParser parser) throws IOException {
    checkObject(parser);
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      assembly.checkOnce("model." + name, fieldsSeen.add(name));
      JsonToken value = parser.nextToken();
      switch (name) {
        case "type" -> {
          if (!"BPE".equals(parser.getText())) {
            throw unsupported("type", parser, "\"BPE\"");
          }
        }
        case "vocab" -> readVocabulary(parser);
        case "merges" -> {
          mergesAt = parser.currentTokenLocation().getCharOffset();
          countMerges(parser);
        }
        case "ignore_merges" -> wholeWordsFirst = flag(name, parser);
        case "unk_token" -> {
          if (value != JsonToken.VALUE_NULL && value != JsonToken.VALUE_STRING) {
            throw unsupported(name, parser, "a string or null");
          }
          unknownToken = value == JsonToken.VALUE_NULL ? null : parser.getText();
        }
        case "fuse_unk", "byte_fallback" -> {
          if (flag(name, parser)) {
            throw unsupported(name, parser, "false");
          }
        }
        case "dropout" -> {
          if (value != JsonToken.VALUE_NULL
              && !(value.isNumeric() && parser.getText().matches("0(\\.0+)?"))) {
            throw unsupported(name, parser, "null");
          }
        }
        case "continuing_subword_prefix", "end_of_word_suffix" -> {
          boolean empty = value == JsonToken.VALUE_STRING && parser.getText().isEmpty();
          if (value != JsonToken.VALUE_NULL && !empty) {
            throw unsupported(name, parser, "null or \"\"");
          }
        }
        default ->
            throw assembly.refused(
                "the field model."
                    + TokenizerAssembly.quoted(name)
                    + " is not known for a BPE model");
      }
    }
  }

  private void checkObject(JsonParser parser) throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw assembly.refused(
          "model is " + TokenizerAssembly.quoted(parser.getText()) + "; it must be an object");
    }
  }

  private boolean flag(String name, JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case VALUE_TRUE -> true;
      case VALUE_FALSE, VALUE_NULL -> false;
      default -> throw unsupported(name, parser, "true or false");
    };
  }

  private TokenizerFormatException unsupported(String name, JsonParser parser, String allowed)
      throws IOException {
    return assembly.refused(
        "model."
            + name
            + " is "
            + TokenizerAssembly.quoted(parser.getText())
            + ", which is not supported; supported is "
            + allowed);
  }

  private void readVocabulary(JsonParser parser) throws IOException {
    vocabularySeen = true;
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw unsupported("vocab", parser, "an object of tokens and ids");
    }
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String token = parser.currentName();
      boolean whole = parser.nextToken() == JsonToken.VALUE_NUMBER_INT;
      JsonParser.NumberType type = whole ? parser.getNumberType() : null;
      if (type == null || type == JsonParser.NumberType.BIG_INTEGER) {
        throw assembly.refused(
            "the vocabulary gives "
                + TokenizerAssembly.quoted(token)
                + " the id "
                + TokenizerAssembly.quoted(parser.getText())
                + "; ids are whole numbers that count from 0");
      }
      assembly.modelToken(token, parser.getLongValue());
    }
  }

  void finishVocabulary() {
    if (!vocabularySeen || mergesAt < 0) {
      throw assembly.refused(
          "model." + (vocabularySeen ? "merges" : "vocab") + " is missing; a BPE model has both");
    }
    assembly.finishModel(mergeCount);
  }

  /** Where in the file the merges stand, in characters: they may come before the vocabulary. */
  long mergesAt() {
    return mergesAt;
  }

  private void countMerges(JsonParser parser) throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw unsupported("merges", parser, "a list");
    }
    int depth = 1;
    while (depth > 0) {
      JsonToken token = parser.nextToken();
      if (token == JsonToken.START_OBJECT) {
        throw mergeForm(mergeCount);
      }
      mergeCount += depth == 1 && token != JsonToken.END_ARRAY ? 1 : 0;
      depth += token == JsonToken.START_ARRAY ? 1 : token == JsonToken.END_ARRAY ? -1 : 0;
    }
  }

  /** All in the form {@code "a b"}, or all in the form {@code ["a", "b"]}. */
  void readMerges(JsonParser parser) throws IOException {
    JsonToken form = null;
    for (int i = 0; parser.nextToken() != JsonToken.END_ARRAY; i++) {
      form = form == null ? parser.currentToken() : form;
      if (parser.currentToken() != form) {
        throw mergeForm(i);
      }
      if (form == JsonToken.VALUE_STRING) {
        mergeInOneText(parser);
      } else if (form != JsonToken.START_ARRAY || !isPairTaken(parser)) {
        throw mergeForm(i);
      }
    }
  }

  private void mergeInOneText(JsonParser parser) throws IOException {
    char[] text = parser.getTextCharacters();
    int start = parser.getTextOffset();
    int length = parser.getTextLength();
    // a merges.txt begins with a line that names its version
    if (Arrays.mismatch(text, start, start + Math.min(length, 8), VERSION, 0, 8) >= 0) {
      assembly.merge(text, start, length);
    }
  }

  private boolean isPairTaken(JsonParser parser) throws IOException {
    if (parser.nextToken() != JsonToken.VALUE_STRING) {
      return false;
    }
    int left =
        assembly.beginMerge(
            parser.getTextCharacters(), parser.getTextOffset(), parser.getTextLength());
    if (parser.nextToken() != JsonToken.VALUE_STRING) {
      return false;
    }
    assembly.endMerge(
        left, parser.getTextCharacters(), parser.getTextOffset(), parser.getTextLength());
    return parser.nextToken() == JsonToken.END_ARRAY;
  }

  private TokenizerFormatException mergeForm(int index) {
    return assembly.refused(
        "merge "
            + index
            + " has another form; all must be \"left right\", or all [\"left\", \"right\"], of two"
            + " tokens each");
  }

  /** An unknown token can never be needed when every byte has a token; else it would be. */
  void checkWhole() {
    if (unknownToken != null && !assembly.spellsEveryByte()) {
      throw assembly.refused(
          "model.unk_token is "
              + TokenizerAssembly.quoted(unknownToken)
              + ", which is not supported where the vocabulary lacks the tokens of some bytes;"
              + " supported is null");
    }
  }
}
