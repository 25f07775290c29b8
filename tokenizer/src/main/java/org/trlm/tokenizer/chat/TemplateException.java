package org.trlm.tokenizer.chat;

/**
 * A chat template that cannot be compiled, or cannot render these messages. The message names the
 * construct, and where it stands once the template and its line are known.
 */
public class TemplateException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * What went wrong, in the terms of the Python exception that the reference renderer would raise.
   */
  public enum Kind {
    /** The source is not a template: TemplateSyntaxError, TemplateAssertionError. */
    SYNTAX,
    /** Something that is not there was used: UndefinedError. */
    UNDEFINED,
    /** The template itself refused the messages with {@code raise_exception}: TemplateError. */
    RAISED,
    /** An operation on values of the wrong type: TypeError, AttributeError. */
    TYPE,
    /**
     * A value outside of what an operation takes: ValueError, KeyError, IndexError,
     * FilterArgumentError, AssertionError.
     */
    VALUE,
    /** Division by zero: ZeroDivisionError. */
    ZERO_DIVISION,
    /**
     * A number too large: OverflowError; also whole numbers beyond 64 bits, which Python alone
     * would compute.
     */
    OVERFLOW,
    /** What Jinja's sandbox forbids: SecurityError. */
    SECURITY,
    /** Other errors of the template engine at run time: TemplateRuntimeError. */
    RUNTIME,
    /** More nesting, steps or text than one rendering may use. */
    LIMIT,
    /** Jinja or Python that this interpreter does not know. */
    UNSUPPORTED,
    /** The conversation itself is not one that can be rendered: no messages at all. */
    CONVERSATION
  }

  private final Kind kind;
  private final int line;
  private final String problem;

  TemplateException(Kind kind, String problem) {
    this(kind, problem, null, 0);
  }

  TemplateException(Kind kind, String problem, String where, int line) {
    super(where == null ? problem : where + (line > 0 ? ", line " + line : "") + ": " + problem);
    this.kind = kind;
    this.problem = problem;
    this.line = line;
  }

  /** The same failure with its place; a place that is already known stays. */
  TemplateException at(String where, int atLine) {
    TemplateException placed =
        new TemplateException(kind, problem, where, line > 0 ? line : atLine);
    placed.setStackTrace(getStackTrace());
    return placed;
  }

  /** The same failure at a line, when it has none yet. */
  TemplateException atLine(int atLine) {
    return line > 0 ? this : new TemplateException(kind, problem, null, atLine);
  }

  public Kind kind() {
    return kind;
  }

  /** Line of the template, from 1; 0 when the failure belongs to no line. */
  public int line() {
    return line;
  }

  /** What is wrong, without the place. */
  public String problem() {
    return problem;
  }
}
