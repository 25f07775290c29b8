package org.trlm.job.waves;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.trlm.job.SharedSpark;

/** When waves run, and what a stop leaves out. */
class WaveRunnerTest {
  private final WaveRunner runner = new WaveRunner(SharedSpark.session(), "test");
  private final List<Integer> committed = new CopyOnWriteArrayList<>();

  @Test
  void allWavesRunOnce() throws Throwable {
    runner.run(5, committed::add);
    assertThat(committed).containsExactlyInAnyOrder(0, 1, 2, 3, 4);
  }

  @Test
  void aStopBeforeTheFirstWaveIsNoSuccess() {
    runner.stop();
    assertThatThrownBy(() -> runner.run(2, committed::add))
        .isInstanceOf(CancellationException.class)
        .hasMessageContaining("of 2 began");
    assertThat(committed).isEmpty();
  }

  @Test
  void aStopBetweenWavesIsNoSuccess() {
    assertThatThrownBy(
            () ->
                runner.run(
                    6,
                    wave -> {
                      committed.add(wave);
                      runner.stop();
                    }))
        .isInstanceOf(CancellationException.class);
    assertThat(committed).hasSizeLessThanOrEqualTo(2);
  }

  @Test
  void theFirstFailureIsTheOneThatIsTold() {
    assertThatThrownBy(
            () ->
                runner.run(
                    4,
                    wave -> {
                      throw new IllegalStateException("wave failed");
                    }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("wave failed");
  }
}
