/**
 * In: a table of prompts, in Parquet or JSON Lines. Out: for each row a {@link
 * org.trlm.job.input.PromptRow} (what it asks for, or why it cannot be answered), its {@link
 * org.trlm.job.input.EncodedPrompt token ids} and its {@link org.trlm.job.input.EffectiveSampling
 * sampling parameters}.
 */
package org.trlm.job.input;
