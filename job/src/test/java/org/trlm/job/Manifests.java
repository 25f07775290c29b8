package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads the manifests of an output. */
public final class Manifests {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Manifests() {}

  /** The manifest of a run. */
  static JsonNode of(Path output, String runId) throws IOException {
    return JSON.readTree(Files.readString(output.resolve("_run").resolve(runId + ".json")));
  }

  /** The only manifest of an output, which is named after its run. */
  public static JsonNode only(Path output) throws IOException {
    List<Path> found = new ArrayList<>();
    try (var files = Files.newDirectoryStream(output.resolve("_run"), "[!.]*.json")) {
      files.forEach(found::add);
    }
    assertThat(found).as("manifests").hasSize(1);
    JsonNode manifest = JSON.readTree(Files.readString(found.get(0)));
    assertThat(found.get(0).getFileName().toString())
        .isEqualTo(manifest.get("run_id").asText() + ".json");
    return manifest;
  }
}
