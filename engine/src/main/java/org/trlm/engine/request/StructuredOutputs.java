package org.trlm.engine.request;

import java.util.Locale;

/**
 * What the content of an answer must look like, in vLLM's words. Equal ones are compiled once in a
 * JVM.
 *
 * @param kind how to read the source
 * @param source for {@link Kind#CHOICE} a JSON array of strings, for {@link Kind#REGEX} a regular
 *     expression, for {@link Kind#JSON} a JSON schema, for {@link Kind#JSON_OBJECT} nothing
 */
public record StructuredOutputs(Kind kind, String source) {
  /** What the constraint is. */
  public enum Kind {
    /** The content is one of a list of strings. */
    CHOICE,
    /** The whole content matches a regular expression. */
    REGEX,
    /** The content is a JSON text that a schema admits. */
    JSON,
    /** The content is any JSON object. */
    JSON_OBJECT;

    /** The lower-case word of the parameter, such as {@code json_object}. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
