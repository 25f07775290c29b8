/**
 * Numbers of tokens in, block ids out: who holds which 16-token block of the key and value cache
 * ({@link org.trlm.engine.cache.KvCacheManager}).
 */
package org.trlm.engine.cache;
