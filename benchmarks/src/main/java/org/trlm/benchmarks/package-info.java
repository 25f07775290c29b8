/**
 * In: nothing but this machine. Out: tables of how fast the kernels and a model of 135M parameters
 * run on it. Not part of the job's jar.
 */
package org.trlm.benchmarks;
