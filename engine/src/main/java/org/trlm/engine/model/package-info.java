/**
 * A configuration and a checkpoint in, logits out: what the tensors mean, the packed weights and
 * the forward pass. {@link org.trlm.engine.model.ModelConfig} holds the sizes, {@link
 * org.trlm.engine.model.CheckpointNames} says which tensor of a checkpoint is which parameter. A
 * new model family is a new reading of the configuration and a new mapping of names, not a
 * subclass.
 */
package org.trlm.engine.model;
