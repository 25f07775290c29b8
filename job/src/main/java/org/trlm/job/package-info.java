/**
 * In: what a user types (options and a YAML file). Out: one run on Spark and an exit code. One
 * class per command; {@link org.trlm.job.JobConfig} is what they agree on.
 */
package org.trlm.job;
