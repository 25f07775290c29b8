/**
 * Tokens and their number in, block ids out: which 16-token blocks of the key and value cache a
 * sequence holds, and which of them stand already for its first tokens ({@link
 * org.trlm.engine.cache.KvCacheManager}).
 */
package org.trlm.engine.cache;
