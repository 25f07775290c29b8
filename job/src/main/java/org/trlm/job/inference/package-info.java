/**
 * In: the rows of one partition. Out: one response row for each, as soon as it is finished. {@link
 * org.trlm.job.inference.PartitionInference} is what a Spark task runs; {@code ModelHolder} packs
 * the weights once in each executor JVM.
 */
package org.trlm.job.inference;
