package org.trlm.job;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;

/**
 * The one Spark session of this module's tests: made by the first test that asks, never stopped.
 * Tests leave its settings alone, or put them back.
 */
public final class SharedSpark {
  private static SparkSession session;

  private SharedSpark() {}

  /** The session: two cores of this JVM, everything on loopback. */
  public static synchronized SparkSession session() {
    if (session == null || session.sparkContext().isStopped()) {
      session =
          SparkSession.builder()
              .appName("trlm tests")
              .master("local[2]")
              // a test's tables have a few rows: compiling an expression costs more than it saves
              .config("spark.sql.codegen.wholeStage", "false")
              .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
              .config("spark.ui.enabled", "false")
              .config("spark.driver.host", "127.0.0.1")
              .config("spark.driver.bindAddress", "127.0.0.1")
              .config("spark.sql.shuffle.partitions", "2")
              .config("spark.sql.session.timeZone", "UTC")
              .config("spark.sql.warehouse.dir", scratch("warehouse").toUri().toString())
              .config("spark.local.dir", scratch("local").toString())
              .getOrCreate();
    }
    return session;
  }

  private static Path scratch(String name) {
    try {
      return Files.createDirectories(Path.of("target", "spark", name).toAbsolutePath());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
