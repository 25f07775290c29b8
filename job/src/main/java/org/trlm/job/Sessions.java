package org.trlm.job;

import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetInputFormat;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkException;
import org.apache.spark.sql.SparkSession;
import org.trlm.job.output.DeltaLake;
import scala.Option;
import scala.Tuple2;

/** The one place that configures Spark. Driver only. */
final class Sessions {
  private Sessions() {}

  /**
   * Runs {@code work} in a session and stops the session afterwards, unless it was there before.
   *
   * @param master given by option; null leaves what spark-submit set, else all cores of this
   *     machine
   */
  static <T> T inSession(String name, String master, Function<SparkSession, T> work) {
    Option<SparkSession> before = SparkSession.getDefaultSession();
    if (before.isDefined() && !before.get().sparkContext().isStopped()) {
      return work.apply(before.get());
    }
    SparkSession session = start(configuration(name, master));
    try {
      return work.apply(session);
    } finally {
      session.stop();
    }
  }

  private static SparkSession start(SparkConf conf) {
    try {
      return SparkSession.builder().config(conf).getOrCreate();
    } catch (Exception e) { // SparkException is checked, but not declared by a Scala method
      if (e instanceof SparkException && String.valueOf(e.getMessage()).contains("Master URL")) {
        throw new JobException(
            "--master is '"
                + conf.get("spark.master")
                + "', which Spark cannot read; allowed: local[N], spark://host:port, yarn,"
                + " k8s://host:port.",
            e);
      }
      throw e;
    }
  }

  /** Spark's settings: those that keep answers right are set, the others only where nobody did. */
  static SparkConf configuration(String name, String master) {
    SparkConf conf = new SparkConf();
    conf.setIfMissing("spark.app.name", "trlm-spark " + name);
    if (master != null) {
      conf.setMaster(master);
    }
    conf.setIfMissing("spark.master", "local[*]");
    // a damaged or vanished input file must fail the job, not shorten the output
    conf.set("spark.sql.files.ignoreCorruptFiles", "false");
    conf.set("spark.sql.files.ignoreMissingFiles", "false");
    // a changed byte of a page that was stored with its checksum must fail the job as well
    conf.set("spark.hadoop." + ParquetInputFormat.PAGE_VERIFY_CHECKSUM_ENABLED, "true");
    conf.set("spark.sql.session.timeZone", "UTC");
    // weights do not compress; the codec would only cost time, once per executor
    conf.setIfMissing("spark.broadcast.compress", "false");
    // one engine is one thread; its tasks share the machine by cores
    conf.set("spark.task.cpus", "1");
    // generated expressions of wide rows would be warned of on every run
    conf.setIfMissing("spark.sql.debug.maxToStringFields", "1000");
    DeltaLake.configure(conf);
    if (isLocal(conf.get("spark.master"))) {
      // tasks tell their counts by heartbeat, and a live line should move
      conf.setIfMissing("spark.executor.heartbeatInterval", "2s");
      conf.setIfMissing("spark.driver.host", "127.0.0.1");
      conf.setIfMissing("spark.driver.bindAddress", "127.0.0.1");
      conf.setIfMissing("spark.ui.enabled", "false");
    }
    return conf;
  }

  static boolean isLocal(String master) {
    return master.equals("local") || master.startsWith("local[") || master.startsWith("local-");
  }

  /** Hadoop's settings as Spark will see them, so that a model can be read before Spark starts. */
  static Configuration hadoop() {
    Configuration hadoop = new Configuration();
    String prefix = "spark.hadoop.";
    for (Tuple2<String, String> entry : new SparkConf().getAll()) {
      if (entry._1().startsWith(prefix)) {
        hadoop.set(entry._1().substring(prefix.length()), entry._2());
      }
    }
    Secrets.learn(hadoop);
    return hadoop;
  }
}
