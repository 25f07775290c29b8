package org.trlm.job.progress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.junit.jupiter.api.Test;
import org.trlm.job.SharedSpark;
import scala.Option;
import scala.Some;
import scala.Tuple4;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

class InFlightCountsTest {
  private static Tuple4<Object, Object, Object, Seq<AccumulableInfo>> task(
      long id, Map<Long, Long> updates) {
    List<AccumulableInfo> counters = new ArrayList<>();
    updates.forEach(
        (accumulator, value) ->
            counters.add(
                new AccumulableInfo(
                    accumulator,
                    Option.empty(),
                    new Some<Object>(value),
                    Option.empty(),
                    false,
                    false,
                    Option.empty())));
    return new Tuple4<>(id, 0, 0, CollectionConverters.asScala(counters).toSeq());
  }

  private static SparkListenerExecutorMetricsUpdate heartbeat(
      List<Tuple4<Object, Object, Object, Seq<AccumulableInfo>>> tasks) {
    return new SparkListenerExecutorMetricsUpdate(
        "1",
        CollectionConverters.asScala(tasks).toSeq(),
        scala.collection.immutable.Map$.MODULE$.empty());
  }

  @Test
  void aHeartbeatTellsWhatItsTasksHaveCountedSoFar() {
    InFlightCounts counts = new InFlightCounts(Map.of(7L, "rows", 8L, "rows", 9L, "running"));
    counts.onExecutorMetricsUpdate(
        heartbeat(
            List.of(task(1, Map.of(7L, 10L, 8L, 2L, 9L, 4L)), task(2, Map.of(7L, 1L, 99L, 50L)))));
    assertThat(counts.sums()).isEqualTo(Map.of("rows", 13L, "running", 4L));
    // counts of a task are totals, not differences
    counts.onExecutorMetricsUpdate(heartbeat(List.of(task(1, Map.of(7L, 20L)))));
    assertThat(counts.sums()).isEqualTo(Map.of("rows", 21L));
  }

  @Test
  void gaugesOfTheRunAreInSparksMetricsWhileItRuns() {
    SparkContext context = SharedSpark.session().sparkContext();
    RunCounters counters = new RunCounters(context);
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
    Progress progress = Progress.start(context, counters, 120, out);
    try {
      counters.generated(30);
      RunMetrics source = (RunMetrics) sources(context, "trlm-run").get(0);
      var gauges = source.metricRegistry().getGauges();
      assertThat(gauges.get("totalRows").getValue()).isEqualTo(120L);
      assertThat(gauges.get("generatedTokens").getValue()).isEqualTo(30L);
      assertThat((double) gauges.get("tokensPerSecond").getValue()).isPositive();
      assertThat(gauges).containsKeys("rows", "runningRows", "errors.prompt_missing");
      assertThat(sources(context, "trlm")).hasSize(1);
    } finally {
      progress.close();
    }
    assertThat(sources(context, "trlm-run")).isEmpty();
    assertThat(printed.toString(StandardCharsets.UTF_8))
        .as("a run that ends without a summary has failed")
        .contains("Unfinished             0 of 120 rows answered")
        .contains("30 generated");
  }

  private static List<?> sources(SparkContext context, String name) {
    var found = context.env().metricsSystem().getSourcesByName(name);
    return found == null ? Collections.emptyList() : CollectionConverters.asJava(found);
  }
}
