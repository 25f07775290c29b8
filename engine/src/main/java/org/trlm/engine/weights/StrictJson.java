package org.trlm.engine.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * JSON from files that are not trusted: strict UTF-8, no duplicate keys, one document, and bounds
 * on nesting, names, strings and the number of tokens, so that parsing costs little beyond the
 * file's own size. For the headers and configurations of models.
 */
public final class StrictJson {
  static final int MAX_NAME_CHARS = 256;
  private static final int MAX_DEPTH = 64;
  private static final int MAX_NUMBER_CHARS = 64;
  private static final int MAX_STRING_CHARS = 1 << 20;
  private static final int MAX_TOKENS = 500_000;

  /** The largest configuration file that is read as a whole. */
  private static final int MAX_TREE_BYTES = 1 << 20;

  private static final JsonFactory FACTORY =
      new JsonFactoryBuilder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          // a shared table of the names ever seen would grow with every file
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxNameLength(MAX_NAME_CHARS)
                  .maxNumberLength(MAX_NUMBER_CHARS)
                  .maxStringLength(MAX_STRING_CHARS)
                  .maxTokenCount(MAX_TOKENS)
                  .build())
          .build();

  private static final ObjectMapper MAPPER = new ObjectMapper(FACTORY);

  private StrictJson() {}

  /** What is done with a parser that stands at the opening brace of the document. */
  interface Body<T> {
    T read(JsonParser json) throws IOException;
  }

  /**
   * Reads a document that is one object, token by token.
   *
   * @param what names the document in messages: file and part
   * @throws WeightFormatException when it is not such JSON
   */
  static <T> T readObject(InputStream in, String what, Body<T> body) {
    try (JsonParser json =
        FACTORY.createParser(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()))) {
      JsonToken first = json.nextToken();
      if (first != JsonToken.START_OBJECT) {
        throw new WeightFormatException(
            what
                + (first == null ? " is empty" : " begins with " + first)
                + "; expected: a JSON object. Download or convert the model again.");
      }
      T result = body.read(json);
      if (json.nextToken() != null) {
        throw new WeightFormatException(
            what + " goes on after the end of its JSON object. Download the file again.");
      }
      return result;
    } catch (CharacterCodingException e) {
      throw new WeightFormatException(
          what + " is not UTF-8 text; expected: JSON. Download or convert the model again.", e);
    } catch (JsonProcessingException e) {
      throw new WeightFormatException(what + " is not valid JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new WeightFormatException(what + " could not be read: " + e.getMessage(), e);
    }
  }

  /**
   * Reads a small document, a configuration, as a tree.
   *
   * @throws WeightFormatException when it is not one JSON object of at most 1 MiB
   */
  public static JsonNode readTree(byte[] document, String where) {
    if (document.length > MAX_TREE_BYTES) {
      throw new WeightFormatException(
          where
              + " has "
              + document.length
              + " bytes; allowed: a configuration of at most "
              + MAX_TREE_BYTES
              + ". Check that it is the right file.");
    }
    return readObject(
        new ByteArrayInputStream(document), where, json -> MAPPER.<JsonNode>readTree(json));
  }
}
