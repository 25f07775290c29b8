package org.trlm.job;

/**
 * What a finished run amounts to, as far as its exit code depends on it.
 *
 * @param rows output rows written, all of the following together
 * @param okRows rows with status ok
 * @param errorRows rows with status error
 * @param skippedRows rows with status skipped
 */
public record RunSummary(long rows, long okRows, long errorRows, long skippedRows) {}
