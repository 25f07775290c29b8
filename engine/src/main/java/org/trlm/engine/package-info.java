/**
 * Requests of token ids in, generated token ids out: {@link org.trlm.engine.Engine} is the loop
 * schedule, forward, sample, update; {@link org.trlm.engine.EngineConfig} holds its limits. It
 * knows neither text nor Spark.
 */
package org.trlm.engine;
