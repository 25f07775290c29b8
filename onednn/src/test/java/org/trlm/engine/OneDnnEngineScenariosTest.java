package org.trlm.engine;

import org.junit.jupiter.api.Tag;
import org.trlm.engine.kernel.KvCacheDtype;

/** In this mode too a row gets the tokens and log-probabilities that it gets alone. */
@Tag("real-model")
class OneDnnEngineScenariosTest extends EngineScenariosTest {

  /** Not a test here: the naive loop's products are exact. */
  @Override
  void alonePerfectlyMatchesANaiveLoop(KvCacheDtype dtype) {}

  /** Nor this one: the thirty scenarios of the other test are enough of the second profile. */
  @Override
  void everyRowGetsTheTokensThatItGetsAloneInManyMoreScenarios() {}
}
