package org.trlm.job.input;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonEOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;
import org.apache.spark.sql.SparkSession;
import org.trlm.job.JobException;

/**
 * Finds files that hold JSON, but not a value a line: one array of all rows, or objects over
 * several lines. Each of their lines would be an error row. Only the head of a file is looked at.
 */
final class JsonDocuments {
  private static final int HEAD_BYTES = 64 << 10;
  private static final JsonFactory JSON = new JsonFactory();

  /** How the values of a file are laid out. */
  enum Layout {
    /** a value a line, or what else a reader of lines has to say something about */
    LINES,
    /** all of it is one array */
    ARRAY,
    /** the first object ends on another line than it begins */
    OBJECT_OVER_LINES
  }

  private JsonDocuments() {}

  /**
   * @param files URIs
   * @throws JobException naming the first file that is no JSON Lines, and how to make it so
   */
  static void refuse(SparkSession spark, String[] files) {
    InputFiles.check(spark, files, (file, hadoop) -> problem(layout(file, hadoop)));
  }

  private static String problem(Layout layout) {
    String mend =
        " and JSON Lines are one object a line. Turn it into lines, as with: jq -c '%s' FILE.json > FILE.jsonl";
    return switch (layout) {
      case LINES -> null;
      case ARRAY -> " is one JSON array," + mend.formatted(".[]");
      case OBJECT_OVER_LINES ->
          " holds a JSON object over several lines,"
              + mend.formatted(".")
              + " (or '.NAME[]' in place of '.' where the rows are a list in it)";
    };
  }

  private static Layout layout(Path path, Configuration hadoop) throws IOException {
    CompressionCodec codec = new CompressionCodecFactory(hadoop).getCodec(path);
    try (FSDataInputStream file = path.getFileSystem(hadoop).open(path);
        InputStream in = codec == null ? file : codec.createInputStream(file)) {
      byte[] head = in.readNBytes(HEAD_BYTES);
      return layout(head, in.read() < 0);
    }
  }

  /**
   * @param head of a file
   * @param whole whether the file ends there
   */
  static Layout layout(byte[] head, boolean whole) throws IOException {
    boolean array = false;
    boolean ofObjects = false;
    int line = 0;
    try (JsonParser parser = JSON.createParser(head)) {
      array = parser.nextToken() == JsonToken.START_ARRAY;
      if (!array && !parser.hasToken(JsonToken.START_OBJECT)) {
        return Layout.LINES;
      }
      line = parser.currentTokenLocation().getLineNr();
      int depth = 1;
      for (boolean first = true; depth > 0; first = false) {
        // never null: inside a value the parser throws where the head ends
        JsonToken token = parser.nextToken();
        ofObjects |= first && array && token == JsonToken.START_OBJECT;
        depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
      }
      if (parser.currentLocation().getLineNr() > line) {
        return overLines(array);
      }
      int end = (int) parser.currentLocation().getByteOffset();
      return array && whole && isBlank(head, end) ? Layout.ARRAY : Layout.LINES;
    } catch (JsonEOFException e) {
      boolean later = e.getLocation().getLineNr() > line;
      boolean goesOn = !whole && later;
      return goesOn || (ofObjects && (later || !whole)) ? overLines(array) : Layout.LINES;
    } catch (JsonProcessingException e) {
      // an array may have a comma too many; a first line may just be wrong
      return ofObjects && e.getLocation().getLineNr() > line ? Layout.ARRAY : Layout.LINES;
    }
  }

  private static Layout overLines(boolean array) {
    return array ? Layout.ARRAY : Layout.OBJECT_OVER_LINES;
  }

  private static boolean isBlank(byte[] text, int from) {
    return new String(text, from, text.length - from, StandardCharsets.UTF_8).isBlank();
  }
}
