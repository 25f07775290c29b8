package org.trlm.engine;

import org.junit.jupiter.api.Tag;

/** In this mode too a row gets the tokens and log-probabilities that it gets alone. */
@Tag("real-model")
class OneDnnEngineScenariosTest extends EngineScenariosTest {

  /** Not a test here: the naive loop's products are exact. */
  @Override
  void alonePerfectlyMatchesANaiveLoop() {}
}
