package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Rows that become visible together when nobody says how many. */
class WaveSizeTest {
  @Test
  void aWaveHasSomePartitionsACore() {
    assertThat(BatchInference.rowsPerWave(2, 4 * 96)).isEqualTo(4608);
    assertThat(BatchInference.rowsPerWave(64, 4 * 96)).isEqualTo(147_456);
  }

  @Test
  void aWaveIsWorthItsCommitWithFewSlots() {
    assertThat(BatchInference.rowsPerWave(2, 4 * 8)).isEqualTo(2000);
    assertThat(BatchInference.rowsPerWave(1, 4)).isEqualTo(2000);
  }
}
