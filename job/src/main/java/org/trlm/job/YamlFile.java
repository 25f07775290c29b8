package org.trlm.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * A job configuration file: one flat mapping from option names, with underscores, to values. Read
 * on the driver. A list is an option given several times, a mapping becomes JSON text, a null is an
 * option that is not given.
 *
 * @param path the file, for messages
 * @param values option words by key, in the file's order; one word each for scalars
 */
record YamlFile(Path path, Map<String, List<String>> values) {

  /**
   * @throws JobException naming file, line and key when it cannot be read or is not such a mapping
   */
  static YamlFile read(Path path) {
    Object document;
    try {
      LoadSettings settings =
          LoadSettings.builder().setLabel(path.toString()).setAllowDuplicateKeys(false).build();
      document = new Load(settings).loadFromString(Files.readString(path));
    } catch (IOException e) {
      throw new JobException(
          "--config "
              + path
              + " cannot be read ("
              + e.getClass().getSimpleName()
              + "). Give a readable UTF-8 YAML file.",
          e);
    } catch (YamlEngineException e) {
      throw new JobException(
          "--config " + path + " is not YAML: " + e.getMessage().replaceAll("\\s*\\R\\s*", " "), e);
    }
    if (document == null) {
      return new YamlFile(path, Map.of());
    }
    if (!(document instanceof Map<?, ?> mapping)) {
      throw new JobException(
          "--config "
              + path
              + " holds a "
              + kind(document)
              + "; give one mapping of option names to values, as: max_tokens: 256");
    }
    Map<String, List<String>> values = new LinkedHashMap<>();
    mapping.forEach((key, value) -> put(path, values, String.valueOf(key), value));
    return new YamlFile(path, values);
  }

  private static void put(Path path, Map<String, List<String>> values, String key, Object value) {
    if (value == null) {
      return;
    }
    List<String> words = new ArrayList<>();
    if (value instanceof List<?> list) {
      for (Object item : list) {
        if (item == null || item instanceof List<?> || item instanceof Map<?, ?>) {
          throw new JobException(
              path
                  + ", key "
                  + key
                  + ": a list item is "
                  + kind(item)
                  + "; allowed: strings, numbers and true or false.");
        }
        words.add(String.valueOf(item));
      }
    } else {
      words.add(value instanceof Map<?, ?> ? json(path, key, value) : String.valueOf(value));
    }
    values.put(key, words);
  }

  private static String json(Path path, String key, Object value) {
    try {
      return new ObjectMapper().writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new JobException(
          path + ", key " + key + ": the mapping cannot be written as JSON: " + e.getMessage(), e);
    }
  }

  private static String kind(Object value) {
    if (value == null) {
      return "null";
    }
    if (value instanceof List<?>) {
      return "list";
    }
    return value instanceof Map<?, ?> ? "mapping" : "single value (" + value + ")";
  }
}
