/**
 * A constraint on the text of an answer in (a choice, a regular expression, a JSON schema), the
 * tokens that may come next out. A constraint becomes a {@code Language}, that a {@code Dfa} over
 * bytes of UTF-8, and that, laid over the vocabulary, a {@link
 * org.trlm.engine.constraint.TokenConstraint}: one for each distinct constraint and JVM, kept by
 * {@link org.trlm.engine.constraint.TokenConstraints}.
 */
package org.trlm.engine.constraint;
