/**
 * In: the packaged jar, the scripts of submit/ and a Spark distribution. Out: whether the job on a
 * real standalone cluster gives the rows of a local run.
 */
package org.trlm.job.cluster;
