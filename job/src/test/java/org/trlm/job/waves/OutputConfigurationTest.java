package org.trlm.job.waves;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a command is told whose configuration is another one. */
class OutputConfigurationTest {

  @Test
  void longValuesAreToldApartByTheirEndsAndShownByTheirHeads() {
    String template = "{% for message in messages %}".repeat(100);
    Map<String, Object> there = Map.of("chat_template", template + "a", "n", 1);
    Map<String, Object> now = Map.of("chat_template", template + "b", "n", 1);
    assertThat(OutputConfiguration.differences(there, now))
        .singleElement()
        .asString()
        .startsWith("chat_template (\"{% for message")
        .hasSizeLessThan(200);
    assertThat(OutputConfiguration.differences(there, there)).isEmpty();
  }
}
