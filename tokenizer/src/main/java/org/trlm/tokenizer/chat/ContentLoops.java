package org.trlm.tokenizer.chat;

import java.lang.reflect.RecordComponent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.trlm.tokenizer.chat.Node.Assign;
import org.trlm.tokenizer.chat.Node.Attribute;
import org.trlm.tokenizer.chat.Node.Call;
import org.trlm.tokenizer.chat.Node.CallArguments;
import org.trlm.tokenizer.chat.Node.Constant;
import org.trlm.tokenizer.chat.Node.Expression;
import org.trlm.tokenizer.chat.Node.Filter;
import org.trlm.tokenizer.chat.Node.For;
import org.trlm.tokenizer.chat.Node.Item;
import org.trlm.tokenizer.chat.Node.Macro;
import org.trlm.tokenizer.chat.Node.Name;
import org.trlm.tokenizer.chat.Node.NameTarget;
import org.trlm.tokenizer.chat.Node.Slice;
import org.trlm.tokenizer.chat.Node.Statement;
import org.trlm.tokenizer.chat.Node.Target;

/**
 * Whether a template goes through the content of a message part by part: in a loop over {@code
 * message.content}, over a variable that was set to it, or over the parameter of a macro that was
 * called with it. Names are followed wherever they stand, as if all were of one scope.
 */
final class ContentLoops {
  /** Stands for a message's own content among the names; no name of a template is empty. */
  private static final String CONTENT = "";

  private final Map<String, List<String>> passedTo = new HashMap<>();
  private final Set<String> iterated = new HashSet<>();

  private ContentLoops() {}

  static boolean anyIn(List<Statement> body) {
    List<Object> nodes = new ArrayList<>();
    collect(body, nodes);
    Map<String, Macro> macros = new HashMap<>();
    for (Object node : nodes) {
      if (node instanceof Macro macro) {
        macros.put(macro.name(), macro);
      }
    }
    ContentLoops loops = new ContentLoops();
    for (Object node : nodes) {
      if (node instanceof For loop && source(loop.iterable()) != null) {
        loops.iterated.add(source(loop.iterable()));
      } else if (node instanceof Assign assign && assign.target() instanceof NameTarget target) {
        loops.pass(assign.value(), target.name());
      } else if (node instanceof Call call
          && call.target() instanceof Name name
          && macros.containsKey(name.name())) {
        loops.pass(call.arguments(), macros.get(name.name()).parameters());
      }
    }
    return loops.reachContent();
  }

  /** All parts of a tree: a record's components are what its node is made of. */
  private static void collect(Object part, List<Object> nodes) {
    if (part instanceof List<?> items) {
      items.forEach(item -> collect(item, nodes));
    } else if (part instanceof Node || part instanceof Target || part instanceof CallArguments) {
      nodes.add(part);
      for (RecordComponent component : part.getClass().getRecordComponents()) {
        try {
          collect(component.getAccessor().invoke(part), nodes);
        } catch (ReflectiveOperationException e) {
          throw new IllegalStateException("a node of a template cannot be read", e);
        }
      }
    }
  }

  private void pass(CallArguments arguments, List<String> parameters) {
    for (int i = 0; i < Math.min(arguments.positional().size(), parameters.size()); i++) {
      pass(arguments.positional().get(i), parameters.get(i));
    }
    for (int i = 0; i < arguments.named().size(); i++) {
      pass(arguments.named().get(i), arguments.names().get(i));
    }
  }

  private void pass(Expression value, String name) {
    String from = source(value);
    if (from != null) {
      passedTo.computeIfAbsent(from, key -> new ArrayList<>()).add(name);
    }
  }

  /** The name whose value, or some items of it, an expression is; null where it is none. */
  private static String source(Expression value) {
    if (value instanceof Name name) {
      return name.name();
    }
    if (value instanceof Attribute attribute) {
      return attribute.name().equals("content") ? CONTENT : null;
    }
    if (value instanceof Item item) {
      return item.key() instanceof Constant key && "content".equals(String.valueOf(key.value()))
          ? CONTENT
          : null;
    }
    if (value instanceof Slice slice) {
      return source(slice.target());
    }
    return value instanceof Filter filter && filter.target() != null
        ? source(filter.target())
        : null;
  }

  private boolean reachContent() {
    Set<String> reached = new HashSet<>(Set.of(CONTENT));
    Deque<String> open = new ArrayDeque<>(reached);
    while (!open.isEmpty()) {
      String name = open.remove();
      if (iterated.contains(name)) {
        return true;
      }
      for (String next : passedTo.getOrDefault(name, List.of())) {
        if (reached.add(next)) {
          open.add(next);
        }
      }
    }
    return false;
  }
}
