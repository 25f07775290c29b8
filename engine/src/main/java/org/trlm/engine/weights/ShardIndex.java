package org.trlm.engine.weights;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A parsed model.safetensors.index.json: which tensor lies in which shard. The caller reads {@link
 * #shardNames} from the index's own directory and opens a {@link SafetensorsCheckpoint}.
 */
public final class ShardIndex {
  private final String where;
  private final Map<String, String> shardOfTensor;

  private ShardIndex(String where, Map<String, String> shardOfTensor) {
    this.where = where;
    this.shardOfTensor = Collections.unmodifiableMap(shardOfTensor);
  }

  /**
   * @param where the index file, for messages
   * @throws WeightFormatException when it is not an index, or names a file outside its directory
   */
  public static ShardIndex parse(byte[] indexJson, String where) {
    Map<String, String> map =
        StrictJson.readObject(
            new ByteArrayInputStream(indexJson), where, json -> weightMap(json, where));
    if (map == null || map.isEmpty()) {
      throw new WeightFormatException(
          where
              + (map == null ? " has no weight_map" : ": weight_map is empty")
              + "; expected: an object from tensor names to shard files. Download the index again.");
    }
    return new ShardIndex(where, map);
  }

  /** File names, each a plain name within the index's directory. */
  public SortedSet<String> shardNames() {
    return new TreeSet<>(shardOfTensor.values());
  }

  String where() {
    return where;
  }

  Set<String> tensorNames() {
    return shardOfTensor.keySet();
  }

  /** Null for a tensor that the index does not list. */
  String shardOf(String tensor) {
    return shardOfTensor.get(tensor);
  }

  private static Map<String, String> weightMap(JsonParser json, String where) throws IOException {
    Map<String, String> map = null;
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String field = json.currentName();
      json.nextToken();
      if (field.equals("weight_map")) {
        map = entries(json, where);
      } else {
        json.skipChildren();
      }
    }
    return map;
  }

  private static Map<String, String> entries(JsonParser json, String where) throws IOException {
    if (json.currentToken() != JsonToken.START_OBJECT) {
      throw new WeightFormatException(
          where
              + ": weight_map is "
              + json.currentToken()
              + "; expected: an object from tensor names to shard files.");
    }
    Map<String, String> map = new LinkedHashMap<>();
    Map<String, String> shared = new LinkedHashMap<>();
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String tensor = json.currentName();
      if (json.nextToken() != JsonToken.VALUE_STRING) {
        throw new WeightFormatException(
            where
                + ": weight_map."
                + tensor
                + " is "
                + json.currentToken()
                + "; expected: the name of a shard file.");
      }
      if (map.size() == TensorTable.MAX_TENSORS) {
        throw new WeightFormatException(
            where
                + ": weight_map lists more than "
                + TensorTable.MAX_TENSORS
                + " tensors, the most allowed.");
      }
      String shard = shared.computeIfAbsent(json.getText(), name -> checkedName(name, where));
      map.put(tensor, shard);
    }
    return map;
  }

  private static String checkedName(String name, String where) {
    boolean plain =
        name.endsWith(".safetensors")
            && name.length() <= StrictJson.MAX_NAME_CHARS
            && name.indexOf('/') < 0
            && name.indexOf('\\') < 0
            && name.indexOf(':') < 0
            && name.chars().noneMatch(Character::isISOControl)
            && !name.startsWith(".");
    if (!plain) {
      throw new WeightFormatException(
          where
              + ": weight_map names the shard "
              + Messages.quote(name)
              + "; allowed: names of .safetensors files in the index's own directory, without a"
              + " path. Do not use this checkpoint unless you trust where it comes from.");
    }
    return name;
  }
}
