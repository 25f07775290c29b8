package org.trlm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.kernel.KvCacheDtype;

class WarmUpTest {

  @Test
  void wholeRoundsAreRunWithVectorKernels() {
    int steps = WarmUp.run(TinyReasoner.weights(KernelProvider.vector()), KvCacheDtype.FLOAT32);
    // five steps a round: a prompt, then one to five tokens
    assertThat(steps).isPositive();
    assertThat(steps % 5).isZero();
  }

  @Test
  void scalarKernelsNeedNone() {
    assertThat(WarmUp.run(TinyReasoner.weights(KernelProvider.scalar()), KvCacheDtype.FLOAT32))
        .isZero();
  }
}
