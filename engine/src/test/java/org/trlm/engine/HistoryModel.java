package org.trlm.engine;

import org.trlm.engine.cache.KvCacheManager;
import org.trlm.engine.schedule.ScheduledBatch;

/**
 * A hand-written forward pass whose logits depend on every token of a sequence and on nothing else.
 * It keeps the tokens where a transformer keeps keys and values, in the blocks it is given, so a
 * wrong block, position or chunk changes the logits.
 */
class HistoryModel implements ForwardPass {
  static final int VOCAB_SIZE = 40;

  private final int[] cache;
  private final float[] logits;

  HistoryModel(EngineConfig config) {
    cache = new int[config.numKvBlocks() * KvCacheManager.BLOCK_SIZE];
    logits = new float[3 + config.maxLogits() * VOCAB_SIZE];
  }

  /** The logits that follow a history. */
  static void logitsAfter(long history, float[] logits, int offset) {
    for (int id = 0; id < VOCAB_SIZE; id++) {
      logits[offset + id] = (mix(history + 31L * id) >>> 40) * 0x1p-24f * 6;
    }
  }

  /** The history that one more token makes of another; 0 is the empty one. */
  static long extend(long history, int tokenId) {
    return mix(history ^ (tokenId + 1));
  }

  @Override
  public void forward(ScheduledBatch batch) {
    int size = KvCacheManager.BLOCK_SIZE;
    for (int i = 0; i < batch.numCopies(); i++) {
      System.arraycopy(cache, batch.copySource(i) * size, cache, batch.copyTarget(i) * size, size);
    }
    int row = 0;
    for (int s = 0; s < batch.numSequences(); s++) {
      for (int t = batch.queryStart(s); t < batch.queryEnd(s); t++) {
        cache[slot(batch.blockTable(s), batch.positions()[t])] = batch.tokenIds()[t];
        if (row < batch.numLogits() && batch.logitsTokens()[row] == t) {
          long history = 0;
          for (int position = 0; position <= batch.positions()[t]; position++) {
            history = extend(history, cache[slot(batch.blockTable(s), position)]);
          }
          logitsAfter(history, logits, logitsOffset(row++));
        }
      }
    }
  }

  @Override
  public float[] logits() {
    return logits;
  }

  @Override
  public int logitsOffset(int i) {
    return 3 + i * VOCAB_SIZE;
  }

  private static int slot(int[] blockTable, int position) {
    int size = KvCacheManager.BLOCK_SIZE;
    return blockTable[position / size] * size + position % size;
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 33)) * 0xff51afd7ed558ccdL;
    z = (z ^ (z >>> 33)) * 0xc4ceb9fe1a85ec53L;
    return z ^ (z >>> 33);
  }
}
