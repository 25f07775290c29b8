package org.trlm.job;

import org.apache.spark.sql.SparkSession;

/** Settings of the session of one run, which writes waves. Driver only. */
final class OwnSession {
  private OwnSession() {}

  /**
   * @param spark made for the run alone
   */
  static void prepare(SparkSession spark) {
    // readers other than Spark know this timestamp type
    spark.conf().set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS");
    // created_at is made as java.sql.Timestamp
    spark.conf().set("spark.sql.datetime.java8API.enabled", "false");
    spark.conf().set("spark.sql.sources.partitionOverwriteMode", "static");
    // the mark that a wave is whole
    spark.conf().set("mapreduce.fileoutputcommitter.marksuccessfuljobs", "true");
  }

  /**
   * Runs queries as they are, without generated code: compiling it costs a JVM that has just
   * started seconds, and saves nothing on few rows.
   */
  static void interpret(SparkSession spark) {
    spark.conf().set("spark.sql.codegen.wholeStage", "false");
    spark.conf().set("spark.sql.codegen.factoryMode", "NO_CODEGEN");
  }
}
