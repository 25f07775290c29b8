/**
 * In: the path of a model. Out: {@link org.trlm.job.model.ModelBundle}, everything the job needs of
 * it, checked on the driver and broadcast once.
 */
package org.trlm.job.model;
