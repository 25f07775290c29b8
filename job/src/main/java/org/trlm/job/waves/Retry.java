package org.trlm.job.waves;

import java.util.Map;

/**
 * The parameters of a run with {@code --retry}. They are kept, so that later runs know the answers
 * that it gave.
 *
 * @param sampling the job's sampling options as they were given
 * @param keySettings the settings beside model and row that change answers, as canonical JSON
 */
public record Retry(Map<String, Object> sampling, String keySettings) {}
