package org.trlm.job.inference;

import org.trlm.engine.request.Request;
import org.trlm.job.input.EffectiveSampling;

/**
 * One sample of a row between its way in and its way out: what its answer will stand beside.
 *
 * @param kept the input's columns that the output repeats
 * @param customId the row's id
 * @param rowKey the key of the input row
 * @param sampleIndex which answer to the row, from 0
 * @param requestId the content key
 * @param renderedPrompt null when not asked for
 * @param sampling the effective parameters
 * @param startsInsideThought whether the prompt has opened a thought
 * @param request what the engine gets
 */
record PendingRow(
    Object[] kept,
    String customId,
    String rowKey,
    int sampleIndex,
    String requestId,
    String renderedPrompt,
    EffectiveSampling sampling,
    boolean startsInsideThought,
    Request request) {}
