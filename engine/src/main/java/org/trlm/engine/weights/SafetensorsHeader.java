package org.trlm.engine.weights;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Reads the header of a safetensors file: length, JSON, and then that the tensors' bytes follow
 * each other from the first data byte to the last one without hole or overlap. One use, one thread.
 */
final class SafetensorsHeader {
  private static final long MAX_HEADER_BYTES = 100_000_000;
  private static final int MAX_DIMENSIONS = 8;

  /** The largest integer that every JSON reader takes exactly. */
  private static final long MAX_INTEGER = 1L << 53;

  private static final String MEND = " Download or convert the model again.";

  /** A tensor of the header with its range of the data part. */
  private record Entry(TensorInfo info, long begin, long end) {}

  private final CheckpointBytes bytes;
  private final String where;
  private final List<Entry> entries = new ArrayList<>();

  SafetensorsHeader(CheckpointBytes bytes) {
    this.bytes = bytes;
    this.where = bytes.name();
  }

  TensorTable read() {
    FileKind.expect(FileKind.SAFETENSORS, bytes);
    long headerBytes = headerBytes();
    StrictJson.readObject(bytes.stream(8, headerBytes), where + ": header", this::tensors);
    checkRanges(bytes.length() - 8 - headerBytes);
    TensorTable table = new TensorTable(bytes);
    for (Entry entry : entries) {
      table.add(entry.info(), 8 + headerBytes + entry.begin());
    }
    return table;
  }

  private long headerBytes() {
    if (bytes.length() < 8) {
      throw bad(
          "the file has "
              + bytes.length()
              + " bytes; expected: 8 bytes of header length, a"
              + " header and data");
    }
    long found = bytes.longAt(0);
    long present = bytes.length() - 8;
    if (found >= 0 && found <= MAX_HEADER_BYTES && found <= present) {
      return found;
    }
    String value = "header length is " + Long.toUnsignedString(found);
    long swapped = Long.reverseBytes(found);
    if (swapped > 0 && swapped <= Math.min(present, MAX_HEADER_BYTES)) {
      throw bad(value + ", which is " + swapped + " in big-endian order; expected: little-endian");
    }
    if (found < 0 || found > MAX_HEADER_BYTES) {
      throw bad(
          value
              + "; allowed: at most "
              + MAX_HEADER_BYTES
              + ". The file is no safetensors file or is damaged");
    }
    throw bad(value + " but only " + present + " bytes follow: the file is truncated");
  }

  private Void tensors(JsonParser json) throws IOException {
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String name = json.currentName();
      if (name.equals("__metadata__")) {
        metadata(json);
      } else if (entries.size() == TensorTable.MAX_TENSORS) {
        throw bad(
            "header lists more than " + TensorTable.MAX_TENSORS + " tensors, the most allowed");
      } else {
        entries.add(tensor(json, name));
      }
    }
    return null;
  }

  private void metadata(JsonParser json) throws IOException {
    if (json.nextToken() != JsonToken.START_OBJECT) {
      throw bad("__metadata__ is " + json.currentToken() + "; expected: an object of strings");
    }
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String key = json.currentName();
      if (json.nextToken() != JsonToken.VALUE_STRING) {
        throw bad("__metadata__." + key + " is " + json.currentToken() + "; expected: a string");
      }
    }
  }

  private Entry tensor(JsonParser json, String name) throws IOException {
    if (json.nextToken() != JsonToken.START_OBJECT) {
      throw bad(
          "tensor "
              + name
              + " is "
              + json.currentToken()
              + "; expected: an object with dtype, shape and data_offsets");
    }
    WeightType type = null;
    long[] shape = null;
    long[] offsets = null;
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String field = json.currentName();
      json.nextToken();
      switch (field) {
        case "dtype" -> type = type(json, name);
        case "shape" -> shape = integers(json, name, field);
        case "data_offsets" -> offsets = integers(json, name, field);
        default ->
            throw bad(
                "tensor "
                    + name
                    + " has the field "
                    + field
                    + "; allowed: dtype, shape, data_offsets");
      }
    }
    if (type == null || shape == null || offsets == null) {
      String missing = type == null ? "dtype" : shape == null ? "shape" : "data_offsets";
      throw bad("tensor " + name + " has no " + missing);
    }
    return entry(new TensorInfo(name, type, shape), offsets);
  }

  private WeightType type(JsonParser json, String name) throws IOException {
    if (json.currentToken() != JsonToken.VALUE_STRING) {
      throw bad("tensor " + name + ": dtype is " + json.currentToken() + "; expected: a string");
    }
    WeightType type = WeightType.ofSafetensors(json.getText());
    if (type == null) {
      throw bad(
          "tensor "
              + name
              + ": dtype is "
              + Messages.quote(json.getText())
              + "; allowed for weights: F32, F16, BF16");
    }
    return type;
  }

  private long[] integers(JsonParser json, String name, String field) throws IOException {
    if (json.currentToken() != JsonToken.START_ARRAY) {
      throw bad(
          "tensor "
              + name
              + ": "
              + field
              + " is "
              + json.currentToken()
              + "; expected: an array of integers");
    }
    long[] values = new long[MAX_DIMENSIONS];
    int count = 0;
    while (json.nextToken() != JsonToken.END_ARRAY) {
      if (json.currentToken() != JsonToken.VALUE_NUMBER_INT) {
        throw bad(
            "tensor "
                + name
                + ": "
                + field
                + " holds "
                + Messages.quote(json.getText())
                + "; allowed: integers");
      }
      if (count == MAX_DIMENSIONS) {
        throw bad(
            "tensor "
                + name
                + ": "
                + field
                + " holds more than "
                + MAX_DIMENSIONS
                + " integers, the most allowed");
      }
      boolean isLong = json.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
      long value = isLong ? json.getLongValue() : Long.MAX_VALUE;
      if (value < 0 || value > MAX_INTEGER) {
        throw bad(
            "tensor " + name + ": " + field + " holds " + json.getText() + "; allowed: 0 to 2^53");
      }
      values[count++] = value;
    }
    return Arrays.copyOf(values, count);
  }

  private Entry entry(TensorInfo info, long[] offsets) {
    if (offsets.length != 2 || offsets[0] > offsets[1]) {
      throw bad(
          "tensor "
              + info.name()
              + ": data_offsets are "
              + Arrays.toString(offsets)
              + "; expected: [begin, end] with begin at most end");
    }
    long stored = offsets[1] - offsets[0];
    long needed = TensorSizes.bytes(info, where);
    if (stored != needed) {
      throw bad(
          "tensor "
              + info
              + " takes "
              + stored
              + " bytes by its data_offsets "
              + Arrays.toString(offsets)
              + "; expected for its shape and dtype: "
              + needed);
    }
    return new Entry(info, offsets[0], offsets[1]);
  }

  /**
   * Sorted by offset, each tensor begins where the one before it ended, and the last one ends the
   * file.
   */
  private void checkRanges(long dataBytes) {
    List<Entry> sorted = new ArrayList<>(entries);
    sorted.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    long expected = 0;
    for (Entry entry : sorted) {
      if (entry.begin() != expected) {
        throw bad(
            "tensor "
                + entry.info().name()
                + " begins at data offset "
                + entry.begin()
                + "; expected: "
                + expected
                + ", where the tensor before it ends ("
                + (entry.begin() < expected ? "they overlap)" : "there is a hole)"));
      }
      expected = entry.end();
    }
    if (expected > dataBytes) {
      throw bad(
          "the tensors need "
              + expected
              + " bytes of data but only "
              + dataBytes
              + " follow the header: the file is truncated");
    }
    if (expected < dataBytes) {
      throw bad(
          "the tensors end after "
              + expected
              + " bytes of data but "
              + dataBytes
              + " follow the header; allowed: nothing after the last tensor");
    }
  }

  private WeightFormatException bad(String problem) {
    return new WeightFormatException(where + ": " + problem + "." + MEND);
  }
}
