/**
 * One row of logits and a row's own parameters and random stream in, one token id out: {@link
 * org.trlm.engine.sample.Sampler}, {@link org.trlm.engine.sample.RandomStream}.
 */
package org.trlm.engine.sample;
