package org.trlm.tokenizer.chat;

import java.time.ZonedDateTime;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.trlm.tokenizer.RenderedText;
import org.trlm.tokenizer.chat.TemplateException.Kind;
import org.trlm.tokenizer.chat.Values.Dict;
import org.trlm.tokenizer.chat.Values.Sequence;

/**
 * A model's chat template, compiled. Immutable; one instance serves any number of threads.
 *
 * <p>Renders as {@code apply_chat_template} of the Python library transformers does, and marks the
 * characters that came from messages of the roles {@code user} and {@code tool}, and of roles it
 * does not know: what such a message holds is data, wherever the template puts it.
 */
public final class ChatTemplate {
  /** Whose text may spell control tokens. Any other role, known or not, only brings data. */
  private static final Set<String> TRUSTED_ROLES = Set.of("system", "developer", "assistant");

  /** Roles whose very name is trusted. */
  private static final Set<String> KNOWN_ROLES =
      Set.of("system", "developer", "assistant", "user", "tool");

  private static final String CLOCK = "strftime_now";

  private final String where;
  private final List<Node.Statement> body;
  private final Set<String> names;
  private final boolean iteratesContent;

  private ChatTemplate(
      String where, List<Node.Statement> body, Set<String> names, boolean iteratesContent) {
    this.where = where;
    this.body = body;
    this.names = names;
    this.iteratesContent = iteratesContent;
  }

  /**
   * Compiles a template.
   *
   * @param where file and field the source comes from, for messages
   * @throws TemplateException with the line, for what is not a template or not supported
   */
  public static ChatTemplate compile(String source, String where) {
    try {
      List<Node.Statement> body = Parser.parse(source);
      return new ChatTemplate(where, body, Lexer.names(source), ContentLoops.anyIn(body));
    } catch (TemplateException e) {
      throw e.at(where, 0);
    } catch (StackOverflowError e) {
      throw new TemplateException(
          Kind.LIMIT, "the template nests too deeply for this thread's stack", where, 0);
    }
  }

  /**
   * Whether the template reads or sets a variable of this name, such as {@code enable_thinking}.
   */
  public boolean mentions(String variable) {
    return names.contains(variable);
  }

  /**
   * Whether the template goes through content that is a list of parts by itself. Others take
   * content for a string.
   */
  public boolean iteratesContent() {
    return iteratesContent;
  }

  /**
   * The prompt of a conversation.
   *
   * @param messages at least one; a field whose value is null counts as absent, and {@code
   *     reasoning_content} and {@code thinking} stand for each other when only one is there
   * @param context the special tokens ({@code bos_token}, {@code eos_token}, …) and settings such
   *     as {@code enable_thinking} or {@code tools}, all trusted. {@code strftime_now} may hold the
   *     instant that this function reports, as a {@link ZonedDateTime}, or its fixed text; without
   *     it the clock is read
   * @throws TemplateException when the conversation is empty, the template refuses it, or a limit
   *     is met
   */
  public RenderedText render(
      List<Message> messages, Map<String, ?> context, boolean addGenerationPrompt) {
    if (messages.isEmpty()) {
      throw new TemplateException(
          Kind.CONVERSATION,
          "the conversation has no messages; a chat template needs at least one",
          where,
          0);
    }
    Map<String, Object> variables = new HashMap<>();
    variables.put("tools", null);
    variables.put("documents", null);
    variables.put(CLOCK, null);
    variables.putAll(context);
    if (variables.get(CLOCK) == null) {
      variables.put(CLOCK, ZonedDateTime.now());
    }
    variables.put("add_generation_prompt", addGenerationPrompt);
    return renderPrepared(messages.stream().map(ChatTemplate::prepared).toList(), variables);
  }

  private static Map<String, Object> prepared(Message message) {
    Map<String, Object> fields = new LinkedHashMap<>(message.fields());
    fields.values().removeIf(java.util.Objects::isNull);
    Object thought = fields.getOrDefault("reasoning_content", fields.get("thinking"));
    if (thought != null) {
      fields.putIfAbsent("reasoning_content", thought);
      fields.putIfAbsent("thinking", thought);
    }
    return fields;
  }

  /** The bare rendering: messages and variables exactly as given. */
  RenderedText renderPrepared(List<Map<String, Object>> messages, Map<String, Object> variables) {
    try {
      Budget budget = new Budget();
      Scope scope = new Scope(null);
      Functions.define(scope);
      for (Map.Entry<String, Object> variable : variables.entrySet()) {
        scope.set(variable.getKey(), variable(variable.getKey(), variable.getValue(), budget));
      }
      scope.set("messages", messages(messages, budget));
      MarkedString text = new Interpreter(scope, budget).render(body);
      return new RenderedText(text.text(), text.marks());
    } catch (TemplateException e) {
      throw e.at(where, 0);
    } catch (StackOverflowError e) {
      throw new TemplateException(
          Kind.LIMIT, "rendering nests too deeply for this thread's stack", where, 0);
    }
  }

  private static Object variable(String name, Object value, Budget budget) {
    if (name.equals(CLOCK) && (value instanceof ZonedDateTime || value instanceof CharSequence)) {
      return new Values.Function(
          "function",
          (interpreter, arguments) -> {
            Object format = arguments.bind(CLOCK, 1, "format")[0];
            if (!(format instanceof MarkedString text)) {
              throw new TemplateException(
                  Kind.TYPE,
                  "strftime_now() argument must be str, not " + Operators.typeName(format));
            }
            return value instanceof ZonedDateTime now
                ? Strftime.format(text, now, interpreter.budget())
                : MarkedString.trusted(value.toString());
          });
    }
    return Values.fromJava(value, false, budget);
  }

  private static Sequence messages(List<Map<String, Object>> messages, Budget budget) {
    java.util.ArrayList<Object> list = new java.util.ArrayList<>();
    for (Map<String, Object> message : messages) {
      Object role = message.get("role");
      boolean data = !TRUSTED_ROLES.contains(String.valueOf(role));
      boolean known = KNOWN_ROLES.contains(String.valueOf(role));
      Dict dict = new Dict();
      for (Map.Entry<String, Object> field : message.entrySet()) {
        boolean untrusted = field.getKey().equals("role") ? !known : data;
        dict.put(
            Values.fromJava(field.getKey(), data, budget),
            Values.fromJava(field.getValue(), untrusted, budget));
      }
      list.add(dict);
    }
    return Sequence.list(list);
  }
}
