package org.trlm.job.output;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.Path;
import org.trlm.job.JobConfig;
import org.trlm.job.Secrets;

/**
 * What a run was and what became of it: written beside its rows as {@code _run/<run_id>.json},
 * where readers of the rows do not look.
 *
 * @param status success or failed
 * @param error what went wrong; null when nothing did
 * @param config the effective configuration
 * @param sampling the parameters of a row without its own
 * @param kernels names of the kernels that computed
 * @param partitions of one wave of all rows; null when the run failed before they were known
 * @param warnings what the user was warned of
 */
public record RunManifest(
    String runId,
    String status,
    String error,
    String startedAt,
    String endedAt,
    JobConfig config,
    Map<String, Object> sampling,
    Model model,
    Versions versions,
    Compute compute,
    String kernels,
    Integer partitions,
    Rows rows,
    Tokens tokens,
    Throughput throughput,
    long modelsPacked,
    java.util.List<String> warnings) {

  /** Readers skip names that begin with an underscore. */
  public static final String DIRECTORY = "_run";

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  /**
   * @param fingerprint hash of the contents of its files
   */
  public record Model(String name, String path, String fingerprint) {}

  /** Versions of what ran. */
  public record Versions(String trlm, String spark, String java, String javaVendor) {}

  /**
   * What computed the matrix products.
   *
   * @param asked for by the user
   * @param chosen of the engine's modes
   * @param reason for the choice
   */
  public record Compute(String asked, String chosen, String reason) {}

  /**
   * @param input rows of the input
   * @param doneBefore those of them that this run left as they were: their answers stood in the
   *     output, or {@code --retry} did not ask for them; null when the run failed before that was
   *     known
   * @param errors answers by error code
   */
  public record Rows(
      long input, Long doneBefore, long ok, long error, long skipped, Map<String, Long> errors) {}

  /** Sums over all rows. */
  public record Tokens(long prompt, long generated, long cached) {}

  /**
   * @param seconds from the first row entering an engine to the last row out, over all tasks
   */
  public record Throughput(double seconds, double generatedTokensPerSecond, double rowsPerHour) {}

  /**
   * Writes the manifest; an earlier one of the same run is replaced.
   *
   * @param output the directory of the rows
   */
  public void write(String output, Configuration hadoop) throws IOException {
    Path file = new Path(new Path(output, DIRECTORY), runId + ".json");
    try (OutputStream out = file.getFileSystem(hadoop).create(file, true)) {
      out.write(json().getBytes(StandardCharsets.UTF_8));
    } catch (FSError e) { // how Hadoop throws what a local disk refuses
      throw new IOException(file + " cannot be written: " + e.getCause().getMessage(), e);
    }
  }

  String json() throws JsonProcessingException {
    return Secrets.redact(JSON.writeValueAsString(this)) + "\n";
  }
}
