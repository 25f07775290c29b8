/** Tests of each step by which an output grows, and of what a crash after it leaves behind. */
package org.trlm.job.waves;
