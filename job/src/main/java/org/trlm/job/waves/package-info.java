/**
 * In: rows that have no answer yet. Out: waves, directories of answers that become visible as a
 * whole. {@link org.trlm.job.waves.WaveOutput} is the door: it owns the output directory for one
 * run (lease, clean-up, which rows are done, commits, what is superseded). The layout on disk and
 * the guarantees are in docs/resume.md.
 */
package org.trlm.job.waves;
