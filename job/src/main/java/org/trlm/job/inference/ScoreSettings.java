package org.trlm.job.inference;

import java.io.Serializable;
import org.trlm.job.JobConfig;
import org.trlm.job.input.ChoiceReader;
import org.trlm.job.input.PromptRowReader;
import org.trlm.job.input.ScoreOptions;
import org.trlm.job.output.ScoreSchema;

/**
 * What the tasks of one run of {@code score} need to know beside the model. Made on the driver.
 *
 * @param config the job's effective configuration
 * @param options what is scored
 * @param reader reads the prompt of a row
 * @param choices reads what is scored after it; null when texts are scored
 * @param schema lays out output rows
 * @param keys computes the rows' content keys
 * @param firstToken the token before a text that is scored from its first token on; -1 when choices
 *     are scored
 */
record ScoreSettings(
    JobConfig config,
    ScoreOptions options,
    PromptRowReader reader,
    ChoiceReader choices,
    ScoreSchema schema,
    ScoreKeys keys,
    int firstToken)
    implements Serializable {}
