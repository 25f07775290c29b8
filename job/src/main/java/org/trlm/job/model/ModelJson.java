package org.trlm.job.model;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.trlm.job.JobException;

/** Reads the JSON objects of a model directory; a file that is none is refused with its reason. */
final class ModelJson {
  private static final int DEEPEST = 200;

  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  static {
    MAPPER
        .getFactory()
        .setStreamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(DEEPEST).build());
  }

  private ModelJson() {}

  /**
   * @throws JobException naming file and reason when the bytes are not one JSON object
   */
  static JsonNode object(byte[] bytes, String where) {
    JsonNode parsed;
    try {
      parsed = MAPPER.readTree(bytes);
    } catch (JsonProcessingException e) {
      String line = e.getLocation() == null ? "" : ", line " + e.getLocation().getLineNr();
      throw new JobException(
          where + line + " is not JSON: " + e.getOriginalMessage() + ". Download the file again.",
          e);
    } catch (IOException e) {
      throw new JobException(
          where + " is not JSON: " + e.getMessage() + ". Download the file again.", e);
    }
    if (parsed == null || !parsed.isObject()) {
      String found = parsed == null ? "nothing" : "a JSON " + parsed.getNodeType();
      throw new JobException(
          where + " holds " + found.toLowerCase(java.util.Locale.ROOT) + "; expected an object.");
    }
    return parsed;
  }

  /** Files that downloads leave where a model file should be. */
  static void checkIsNotSomethingElse(byte[] bytes, String where) {
    if (bytes.length == 0) {
      throw new JobException(where + " is empty (0 bytes). Download the file again.");
    }
    checkIsNotAPointer(bytes, where);
    if (start(bytes).startsWith("<")) {
      throw new JobException(
          where
              + " is an HTML or XML page, not a model file: the download was answered by a web page."
              + " Download the file again.");
    }
  }

  static void checkIsNotAPointer(byte[] bytes, String where) {
    if (start(bytes).startsWith("version https://git-lfs")) {
      throw new JobException(
          where
              + " is a git-lfs pointer, not the file itself. Run git lfs pull in the model's"
              + " repository, or download the file.");
    }
  }

  private static String start(byte[] bytes) {
    int length = Math.min(bytes.length, 64);
    return new String(bytes, 0, length, StandardCharsets.ISO_8859_1).stripLeading();
  }
}
