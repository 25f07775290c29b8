/**
 * In: response rows. Out: the columns that users read ({@link org.trlm.job.output.ResponseSchema}),
 * the codes of row errors, the output directory and the manifest of the run in it.
 */
package org.trlm.job.output;
