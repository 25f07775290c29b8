package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the driver looks at before any work, and how it sets Spark up. */
class DriverChecksTest {

  @ParameterizedTest
  @ValueSource(strings = {"25", "25.0.1", "25.0.2+7"})
  void javaThatCorruptsFilesIsRefused(String version) {
    assertThatThrownBy(() -> Jvm.checkJava(Runtime.Version.parse(version)))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("Java " + version)
        .hasMessageContaining("JDK-8377811")
        .hasMessageContaining("25.0.3 or newer");
  }

  @ParameterizedTest
  @ValueSource(strings = {"17.0.15", "21.0.1", "25.0.3", "25.0.3+9", "25.1"})
  void otherJavaIsFine(String version) {
    assertThatCode(() -> Jvm.checkJava(Runtime.Version.parse(version))).doesNotThrowAnyException();
  }

  @Test
  void localMastersStayOnLoopbackAndQuiet() {
    SparkConf conf = Sessions.configuration("generate", "local[2]");
    assertThat(conf.get("spark.driver.bindAddress")).isEqualTo("127.0.0.1");
    assertThat(conf.get("spark.driver.host")).isEqualTo("127.0.0.1");
    assertThat(conf.get("spark.ui.enabled")).isEqualTo("false");
    assertThat(conf.get("spark.executor.heartbeatInterval")).isEqualTo("2s");
    assertThat(conf.get("spark.app.name")).isEqualTo("trlm-spark generate");
    assertThat(Sessions.configuration("generate", null).get("spark.master")).isEqualTo("local[*]");
  }

  @Test
  void clusterMastersKeepTheirOwnAddressAndUi() {
    SparkConf conf = Sessions.configuration("generate", "spark://host:7077");
    assertThat(conf.contains("spark.driver.bindAddress")).isFalse();
    assertThat(conf.contains("spark.ui.enabled")).isFalse();
    assertThat(conf.contains("spark.executor.heartbeatInterval")).isFalse();
    assertThat(conf.get("spark.master")).isEqualTo("spark://host:7077");
  }

  @Test
  void theUsersOwnHeartbeatStays() {
    System.setProperty("spark.executor.heartbeatInterval", "7s");
    try {
      assertThat(
              Sessions.configuration("generate", "local[2]")
                  .get("spark.executor.heartbeatInterval"))
          .isEqualTo("7s");
    } finally {
      System.clearProperty("spark.executor.heartbeatInterval");
    }
  }

  @Test
  void settingsThatKeepAnswersRightAreSet() {
    SparkConf conf = Sessions.configuration("generate", null);
    assertThat(conf.get("spark.sql.files.ignoreCorruptFiles")).isEqualTo("false");
    assertThat(conf.get("spark.sql.files.ignoreMissingFiles")).isEqualTo("false");
    assertThat(conf.get("spark.sql.session.timeZone")).isEqualTo("UTC");
    assertThat(conf.get("spark.broadcast.compress")).isEqualTo("false");
    assertThat(conf.contains("spark.task.maxFailures")).isFalse();
    assertThat(conf.contains("spark.speculation")).isFalse();
  }

  @Test
  void nearestWords() {
    List<String> known = List.of("temperature", "top_p", "max_tokens");
    assertThat(Words.nearest("temprature", known)).contains("temperature");
    assertThat(Words.nearest("TOP_P", known)).contains("top_p");
    assertThat(Words.nearest("entirely_else", known)).isEmpty();
    assertThat(Words.distance("kitten", "sitting")).isEqualTo(3);
    assertThat(Words.distance("", "abc")).isEqualTo(3);
  }
}
