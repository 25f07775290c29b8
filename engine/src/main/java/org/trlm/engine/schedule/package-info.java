/**
 * Waiting requests in, one step's {@link org.trlm.engine.schedule.ScheduledBatch} out: which tokens
 * of which sequences the model computes next. The scheduler counts tokens and has no phases. Owns
 * slots and, through {@link org.trlm.engine.cache.KvCacheManager}, the cache blocks of sequences.
 */
package org.trlm.engine.schedule;
