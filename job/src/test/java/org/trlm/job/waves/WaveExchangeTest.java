package org.trlm.job.waves;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One wave in the place of others, with a crash after each step. */
class WaveExchangeTest {
  private static final WaveName NEW = new WaveName("20260102T000000Z-00000002", 0);
  private static final String OLD_A = new WaveName("20260101T000000Z-00000001", 0).committed();
  private static final String OLD_B = new WaveName("20260101T000000Z-00000001", 1).committed();
  private static final String KEPT = new WaveName("20260101T000000Z-00000001", 2).committed();

  @TempDir Path directory;
  private OutputFiles output;

  @BeforeEach
  void oldWaves() throws IOException {
    output = OutputFiles.of(directory.toUri().toString(), new Configuration());
    for (String wave : List.of(OLD_A, OLD_B, KEPT)) {
      wave(directory.resolve(wave).toString());
    }
  }

  private static void wave(String path) throws IOException {
    Path wave = Path.of(path.replaceFirst("^file:", ""));
    Files.createDirectories(wave);
    Files.writeString(wave.resolve("part-0"), "rows");
    Files.createFile(wave.resolve("_SUCCESS"));
  }

  @Test
  void theNewWaveStandsWhereTheOldOnesStood() throws IOException {
    exchange(WaveExchange.Step.NONE);
    assertThat(output.waves()).containsExactly(KEPT, NEW.committed());
    assertThat(output.stateNames("exchange")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6})
  void aCrashAfterEachStepIsHealed(int crash) {
    assertThatThrownBy(
            () ->
                exchange(
                    step -> {
                      if (step == crash) {
                        throw new IOException("crash after step " + step);
                      }
                    }))
        .hasMessage("crash after step " + crash);
    for (int again = 0; again < 2; again++) {
      assertThat(recovered())
          .containsExactlyElementsOf(
              crash < 3 ? List.of(OLD_A, OLD_B, KEPT) : List.of(KEPT, NEW.committed()));
    }
  }

  private List<String> recovered() {
    try {
      CleanUp.afterCrash(output);
      assertThat(output.names()).noneMatch(name -> name.startsWith("_open-"));
      assertThat(output.stateNames("exchange")).isEmpty();
      return output.waves();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void oldWavesStayWhenTheNewOneHasGone() throws IOException {
    assertThatThrownBy(
            () ->
                exchange(
                    step -> {
                      if (step == 3) {
                        throw new IOException("crash");
                      }
                    }))
        .hasMessage("crash");
    output.delete(NEW.open());
    assertThatThrownBy(() -> CleanUp.afterCrash(output)).hasMessageContaining("has no _SUCCESS");
    assertThat(output.waves()).containsExactly(OLD_A, OLD_B, KEPT);
  }

  @Test
  void wavesCanGoWithoutANewOne() throws IOException {
    WaveExchange.exchange(output, null, null, List.of(OLD_A), WaveExchange.Step.NONE);
    assertThat(output.waves()).containsExactly(OLD_B, KEPT);
  }

  private void exchange(WaveExchange.Step step) throws IOException {
    WaveExchange.exchange(output, NEW, WaveExchangeTest::wave, List.of(OLD_A, OLD_B), step);
  }
}
