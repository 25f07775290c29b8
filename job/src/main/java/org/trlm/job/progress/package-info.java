/**
 * In: what tasks count. Out: Spark's accumulators, a progress line while the job runs, and a
 * summary at its end.
 */
package org.trlm.job.progress;
