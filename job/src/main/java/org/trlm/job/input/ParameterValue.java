package org.trlm.job.input;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.trlm.job.Words;
import org.trlm.job.output.RowError;

/**
 * A sampling parameter's value as somebody wrote it, and the kinds of values it may be read as.
 *
 * @param source who wrote it, for messages
 * @param name its name as it was spelled there
 * @param value as JSON gives it; never null
 * @param vocabSize token ids are below it
 */
record ParameterValue(String source, String name, Object value, int vocabSize) {

  /** The refusal of this value. */
  RowRefusedException refused(String allowed) {
    return refused(value, allowed);
  }

  /** The refusal of a part of it. */
  private RowRefusedException refused(Object found, String allowed) {
    String shown =
        found instanceof String text ? "'" + Words.shorten(text) + "'" : String.valueOf(found);
    return new RowRefusedException(
        RowError.Code.PARAMS_INVALID,
        "%s: %s is %s; allowed: %s.".formatted(source, name, Words.shorten(shown), allowed));
  }

  double number(double least, double most, String allowed) throws RowRefusedException {
    return number(value, least, most, allowed);
  }

  private double number(Object found, double least, double most, String allowed)
      throws RowRefusedException {
    if (found instanceof Number number) {
      // through text, so that a float column's 0.7 is 0.7 and not 0.699999988
      double read =
          found instanceof Float ? Double.parseDouble(found.toString()) : number.doubleValue();
      if (read >= least && read <= most) {
        return read == 0 ? 0 : read;
      }
    }
    throw refused(found, "a number, " + allowed);
  }

  long whole(long least, long most, String allowed) throws RowRefusedException {
    return whole(value, least, most, allowed);
  }

  private long whole(Object found, long least, long most, String allowed)
      throws RowRefusedException {
    if (found instanceof Number number && JsonValues.isWhole(number)) {
      long read = number.longValue();
      if (read >= least && read <= most) {
        return read;
      }
    }
    throw refused(found, allowed);
  }

  boolean flag() throws RowRefusedException {
    if (value instanceof Boolean found) {
      return found;
    }
    throw refused("true or false");
  }

  /** A string or a list of strings, none of them empty. */
  List<String> strings() throws RowRefusedException {
    List<?> items = value instanceof List<?> list ? list : List.of(value);
    List<String> found = new ArrayList<>(items.size());
    for (Object item : items) {
      if (!(item instanceof String text) || text.isEmpty()) {
        throw refused("a string or a list of strings, each at least one character");
      }
      found.add(text);
    }
    return found;
  }

  List<Integer> tokenIds() throws RowRefusedException {
    if (!(value instanceof List<?> items)) {
      throw refused("a list of token ids");
    }
    List<Integer> found = new ArrayList<>(items.size());
    for (Object item : items) {
      found.add((int) whole(item, 0, vocabSize - 1L, "token ids from 0 to " + (vocabSize - 1)));
    }
    return found;
  }

  /**
   * An object of numbers by token id, as {@code {"42": -3.5}}; values beyond the limits count as
   * the limit.
   */
  SortedMap<Integer, Double> numbersByTokenId(double least, double most)
      throws RowRefusedException {
    SortedMap<Integer, Double> found = new TreeMap<>();
    for (Map.Entry<?, ?> entry : object("an object of token ids and numbers").entrySet()) {
      String key = String.valueOf(entry.getKey());
      int id = key.matches("\\d{1,9}") ? Integer.parseInt(key) : vocabSize;
      if (id >= vocabSize) {
        throw refused(key, "token ids from 0 to " + (vocabSize - 1) + " as keys");
      }
      Object given = entry.getValue();
      double number =
          number(given, -Double.MAX_VALUE, Double.MAX_VALUE, "a bias for each token id");
      found.put(id, Math.max(least, Math.min(most, number)));
    }
    return found;
  }

  /** Whole numbers by field name; a field that is left out is 0. */
  int wholeField(Map<?, ?> object, String field, String allowed) throws RowRefusedException {
    Object found = object.get(field);
    return found == null ? 0 : (int) part(field).whole(found, 0, Integer.MAX_VALUE, allowed);
  }

  private ParameterValue part(String field) {
    return new ParameterValue(source, name + "." + field, value, vocabSize);
  }

  /** An object, or the JSON text of one, as an option or a string column holds it. */
  Map<?, ?> object(String allowed) throws RowRefusedException {
    Object found = value;
    if (value instanceof String text) {
      try {
        found = JsonValues.parse(text);
      } catch (JsonProcessingException e) {
        throw refused(allowed);
      }
    }
    if (found instanceof Map<?, ?> object) {
      return object;
    }
    throw refused(allowed);
  }
}
