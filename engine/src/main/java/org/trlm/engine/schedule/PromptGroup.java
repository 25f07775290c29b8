package org.trlm.engine.schedule;

import org.trlm.engine.sample.PromptLogprobs;

/**
 * What the samples of one prompt have in common; a sequence that is the only sample of its prompt
 * has one to itself.
 *
 * @param cacheScope among whom blocks are shared, of {@code KvCacheManager.scope}
 * @param promptLogprobs of the prompt's tokens; null when they are not asked for
 */
public record PromptGroup(int cacheScope, PromptLogprobs promptLogprobs) {}
