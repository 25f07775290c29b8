/**
 * In: the local file system. Out: one that fails or waits when a test wants it to, for what cannot
 * be done to a real disk in a test: fill it, make it read-only, stop a run between two of its
 * steps.
 */
package org.trlm.job.faults;
