package org.trlm.job.input;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.temporal.TemporalAccessor;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/**
 * Values as JSON gives them (Map, List, String, Number, Boolean, null), whether they come from text
 * or from the columns of a table, so that the same row reads the same from both.
 */
public final class JsonValues {
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .build();

  /** Nesting of a line: Spark's schemas, readers and writers of columns are recursive. */
  private static final int DEEPEST_LINE = 100;

  private static final ObjectReader LINES =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(DEEPEST_LINE).build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build()
          .readerFor(Object.class);

  private JsonValues() {}

  /**
   * @throws JsonProcessingException when the text is not exactly one JSON value, or is nested too
   *     deeply
   */
  public static Object parse(String text) throws JsonProcessingException {
    return JSON.readValue(text, Object.class);
  }

  /**
   * A line of JSON Lines, whose fields become columns.
   *
   * @throws JsonProcessingException as {@link #parse} does, and when it is nested deeper than
   *     columns can be
   */
  static Object parseLine(String line) throws JsonProcessingException {
    return LINES.readValue(line);
  }

  /** JSON text with sorted keys, for hashing. */
  public static String canonical(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a value read as JSON cannot be written as JSON", e);
    }
  }

  /**
   * A value of a Spark row as JSON. Null fields of structs are left out, because a column of
   * structs has every field in every row and JSON has not.
   */
  static Object fromColumn(Object value) {
    if (value == null
        || value instanceof String
        || value instanceof Boolean
        || value instanceof Number) {
      return value;
    }
    if (value instanceof Row row) {
      return fromStruct(row);
    }
    if (value instanceof scala.collection.Map<?, ?> map) {
      Map<String, Object> fields = new LinkedHashMap<>();
      map.foreachEntry(
          (key, item) -> {
            fields.put(String.valueOf(key), fromColumn(item));
            return null;
          });
      return fields;
    }
    if (value instanceof scala.collection.Iterable<?> items) {
      List<Object> list = new ArrayList<>(items.size());
      scala.collection.Iterator<?> iterator = items.iterator();
      while (iterator.hasNext()) {
        list.add(fromColumn(iterator.next()));
      }
      return list;
    }
    if (value instanceof byte[] bytes) {
      return Base64.getEncoder().encodeToString(bytes);
    }
    if (value instanceof java.util.Date || value instanceof TemporalAccessor) {
      return value.toString();
    }
    return String.valueOf(value);
  }

  private static Map<String, Object> fromStruct(Row row) {
    Map<String, Object> fields = new LinkedHashMap<>();
    StructType schema = row.schema();
    for (int i = 0; i < row.length(); i++) {
      if (!row.isNullAt(i)) {
        fields.put(schema.fields()[i].name(), fromColumn(row.get(i)));
      }
    }
    return fields;
  }

  /** Whether a number has no fraction and fits 64 bits. */
  static boolean isWhole(Number number) {
    if (number instanceof Double || number instanceof Float) {
      double value = number.doubleValue();
      return value == Math.rint(value) && Math.abs(value) <= 1L << 53;
    }
    if (number instanceof BigInteger big) {
      return big.bitLength() < Long.SIZE;
    }
    if (number instanceof BigDecimal big) {
      return big.stripTrailingZeros().scale() <= 0 && big.toBigInteger().bitLength() < Long.SIZE;
    }
    return true;
  }

  /** The kind of a value in JSON's words, for messages. */
  static String kind(Object value) {
    if (value == null) {
      return "null";
    }
    if (value instanceof String) {
      return "a string";
    }
    if (value instanceof Boolean) {
      return "a boolean";
    }
    if (value instanceof Number) {
      return "a number";
    }
    return value instanceof List ? "an array" : "an object";
  }
}
