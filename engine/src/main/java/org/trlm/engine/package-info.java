/**
 * Requests of token ids in, generated token ids out: {@link org.trlm.engine.Engine} is the loop
 * schedule, forward, sample, update; {@link org.trlm.engine.EngineSizing} fits its limits into a
 * given memory. It knows neither text nor Spark.
 */
package org.trlm.engine;
