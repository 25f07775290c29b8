package org.trlm.tokenizer;

import java.util.ArrayList;
import java.util.List;

/**
 * The fields {@code normalizer}, {@code pre_tokenizer}, {@code post_processor} and {@code decoder}
 * of a tokenizer.json. Used once, by one thread.
 */
final class PipelineSections {

  private static final String PRE_TOKENIZERS =
      "Sequence, Split, Digits and ByteLevel, with one ByteLevel at the end";

  private final String where;
  private final TokenizerAssembly assembly;
  private final List<PreTokenizer> stages = new ArrayList<>();
  private JsonTree byteLevel;
  private int[] prefix = {};
  private int[] suffix = {};
  private boolean templateSeen;

  PipelineSections(String where, TokenizerAssembly assembly) {
    this.where = where;
    this.assembly = assembly;
  }

  Normalization normalization(JsonTree normalizer) {
    if (normalizer == null) {
      return Normalization.NONE;
    }
    switch (normalizer.type()) {
      case "NFC" -> {
        return Normalization.NFC;
      }
      case "Sequence" -> {
        Normalization all = Normalization.NONE;
        for (JsonTree child : normalizer.children("normalizers")) {
          all = normalization(child) == Normalization.NFC ? Normalization.NFC : all;
        }
        return all;
      }
      default ->
          throw normalizer.unsupported("the normalizer " + normalizer.type(), "NFC and Sequence");
    }
  }

  WordSplitter words(JsonTree preTokenizer) {
    if (preTokenizer != null) {
      addStages(preTokenizer);
    }
    if (byteLevel == null) {
      throw new TokenizerFormatException(
          where
              + ": pre_tokenizer has no ByteLevel, so that this is no byte-level model; supported are "
              + PRE_TOKENIZERS);
    }
    byteLevel.allowOnly("type", "add_prefix_space", "trim_offsets", "use_regex");
    return new WordSplitter(
        stages,
        byteLevel.flag("add_prefix_space"),
        byteLevel.flag("use_regex", true) ? KnownPatterns.isolating(KnownPatterns.GPT2) : null);
  }

  private void addStages(JsonTree stage) {
    String type = stage.type();
    if (byteLevel != null) {
      throw stage.unsupported("the pre-tokenizer " + type + " after ByteLevel", PRE_TOKENIZERS);
    }
    switch (type) {
      case "Sequence" -> stage.children("pretokenizers").forEach(this::addStages);
      case "ByteLevel" -> byteLevel = stage;
      case "Digits" -> {
        stage.allowOnly("type", "individual_digits");
        stages.add(stage.flag("individual_digits") ? DigitSplit.eachAlone() : DigitSplit.inRuns());
      }
      case "Split" -> {
        stage.allowOnly("type", "pattern", "behavior", "invert");
        stages.add(new PatternSplit(pattern(stage), behavior(stage), stage.flag("invert", false)));
      }
      default -> throw stage.unsupported("the pre-tokenizer " + type, PRE_TOKENIZERS);
    }
  }

  private static SplitRegex pattern(JsonTree split) {
    JsonTree pattern = split.child("pattern");
    pattern.allowOnly("String", "Regex");
    if (pattern.fields().size() != 1) {
      throw pattern.unsupported("a pattern of both kinds or none", "either String or Regex");
    }
    return pattern.has("String")
        ? SplitRegexCompiler.literal(pattern.string("String"), pattern.where())
        : SplitRegexCompiler.compile(pattern.string("Regex"), pattern.where());
  }

  private static PatternSplit.Behavior behavior(JsonTree split) {
    String name = split.string("behavior");
    return switch (name) {
      case "Removed" -> PatternSplit.Behavior.REMOVED;
      case "Isolated" -> PatternSplit.Behavior.ISOLATED;
      case "MergedWithPrevious" -> PatternSplit.Behavior.MERGED_WITH_PREVIOUS;
      case "MergedWithNext" -> PatternSplit.Behavior.MERGED_WITH_NEXT;
      case "Contiguous" -> PatternSplit.Behavior.CONTIGUOUS;
      default ->
          throw split.unsupported(
              "the behavior " + name,
              "Removed, Isolated, MergedWithPrevious, MergedWithNext and Contiguous");
    };
  }

  /** ByteLevel, or a Sequence of it and then Fuse, which changes nothing after it. */
  void checkDecoder(JsonTree decoder) {
    if (decoder == null) {
      throw new TokenizerFormatException(
          where + ": decoder is missing or null; supported are ByteLevel and Sequence of it");
    }
    List<String> types = new ArrayList<>();
    collectTypes(decoder, "decoders", types);
    for (int i = 0; i < types.size(); i++) {
      if (!types.get(i).equals(i == 0 ? "ByteLevel" : "Fuse")) {
        throw decoder.unsupported(
            "the decoder " + types.get(i) + " at place " + i,
            "ByteLevel, after which Fuse may follow");
      }
    }
    if (types.isEmpty()) {
      throw decoder.unsupported("an empty decoder", "ByteLevel, after which Fuse may follow");
    }
  }

  private static void collectTypes(JsonTree node, String children, List<String> types) {
    if (node.type().equals("Sequence")) {
      node.children(children).forEach(child -> collectTypes(child, children, types));
    } else {
      types.add(node.type());
    }
  }

  void postProcessor(JsonTree processor) {
    if (processor == null) {
      return;
    }
    switch (processor.type()) {
      case "ByteLevel" ->
          processor.allowOnly("type", "add_prefix_space", "trim_offsets", "use_regex");
      case "Sequence" -> processor.children("processors").forEach(this::postProcessor);
      case "TemplateProcessing" -> template(processor);
      default ->
          throw processor.unsupported(
              "the post-processor " + processor.type(),
              "ByteLevel, TemplateProcessing and Sequence");
    }
  }

  private void template(JsonTree processor) {
    if (templateSeen) {
      throw processor.unsupported("a second TemplateProcessing", "one of them");
    }
    templateSeen = true;
    processor.allowOnly("type", "single", "pair", "special_tokens");
    IntList before = new IntList(2);
    IntList after = new IntList(2);
    boolean textSeen = false;
    for (JsonTree piece : processor.children("single")) {
      if (piece.has("SpecialToken")) {
        String name = piece.child("SpecialToken").string("id");
        JsonTree token = processor.child("special_tokens").child(name);
        addIds(token, textSeen ? after : before);
      } else if (piece.has("Sequence")
          && piece.child("Sequence").string("id").equals("A")
          && !textSeen) {
        textSeen = true;
      } else {
        throw piece.unsupported("this piece", "SpecialToken, and Sequence A once");
      }
    }
    if (!textSeen) {
      throw processor.unsupported("a template without the text itself", "Sequence A once");
    }
    prefix = before.toArray();
    suffix = after.toArray();
  }

  private void addIds(JsonTree token, IntList into) {
    for (Object id : token.list("ids")) {
      if (!(id instanceof Long value) || value < 0 || value >= assembly.size()) {
        throw token.unsupported(
            "the id " + id, "the vocabulary's own, 0 to " + (assembly.size() - 1));
      }
      into.add(value.intValue());
    }
  }

  int[] prefix() {
    return prefix;
  }

  int[] suffix() {
    return suffix;
  }
}
