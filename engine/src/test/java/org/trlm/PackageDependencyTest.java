package org.trlm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Reads the engine's sources: which package knows which, and what is used where. */
class PackageDependencyTest {

  /** The arrows of the architecture; a package may always use itself. */
  private static final Map<String, Set<String>> ALLOWED =
      Map.of(
          "engine", Set.of("request", "schedule", "cache", "model", "kernel", "sample"),
          "schedule", Set.of("request", "cache"),
          "cache", Set.of("request"),
          "model", Set.of("request", "cache", "kernel", "schedule", "weights"),
          "kernel", Set.of("request", "weights"),
          "sample", Set.of("request", "kernel"),
          "weights", Set.of("request"),
          "request", Set.of());

  private static final Pattern PACKAGE = Pattern.compile("(?m)^package ([\\w.]+);");
  private static final Pattern COMMENT =
      Pattern.compile("\"(?:\\\\.|[^\"\\\\\n])*\"|//[^\n]*|/\\*.*?\\*/", Pattern.DOTALL);
  private static final Pattern OWN_NAME = Pattern.compile("\\borg\\.trlm\\.[\\w.]+");
  private static final Pattern INEXACT =
      Pattern.compile(
          "\\bMath\\s*\\.\\s*(exp|expm1|log|log10|log1p|sin|cos|tan|pow|sinh|cosh|tanh)\\b");

  @Test
  void sourcesKeepToTheArrows() throws IOException {
    Path sources = Path.of("src/main/java");
    Map<String, String> files = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(sources)) {
      paths
          .filter(path -> path.toString().endsWith(".java"))
          .forEach(path -> files.put(sources.relativize(path).toString(), read(path)));
    }
    assertThat(files).hasSizeGreaterThan(15);
    assertThat(violations(files)).isEmpty();
  }

  @Test
  void aForbiddenArrowIsReported() {
    assertThat(check("org.trlm.engine.cache", "import org.trlm.engine.schedule.Scheduler;"))
        .containsExactly("X0.java: org.trlm.engine.cache may not use org.trlm.engine.schedule");
    assertThat(check("org.trlm.engine.sample", "import static org.trlm.engine.model.Names.NAME;"))
        .containsExactly("X0.java: org.trlm.engine.sample may not use org.trlm.engine.model");
    assertThat(check("org.trlm.engine", "org.trlm.tokenizer.Tokenizer tokenizer;"))
        .containsExactly("X0.java: org.trlm.engine may not use org.trlm.tokenizer");
    assertThat(check("org.trlm.engine", "import org.apache.spark.sql.Row;"))
        .containsExactly("X0.java: org.apache.spark is unknown to the engine");
    assertThat(check("org.trlm.engine.extra", "class X {}"))
        .containsExactly("X0.java: org.trlm.engine.extra is not a package of the architecture");
    assertThat(check("org.trlm.engine", "import org.trlm.engine.cache.KvCacheManager;")).isEmpty();
  }

  @Test
  void aCycleIsReported() {
    assertThat(
            violations(
                Map.of(
                    "A.java", source("org.trlm.engine.cache", "import org.trlm.engine.model.B;"),
                    "B.java", source("org.trlm.engine.model", "import org.trlm.engine.cache.A;"))))
        .anyMatch(violation -> violation.startsWith("cycle: cache"));
  }

  @Test
  void theIncubatorAndInexactMathsAreReported() {
    assertThat(check("org.trlm.engine.model", "import jdk.incubator.vector.FloatVector;"))
        .containsExactly("X0.java: jdk.incubator outside org.trlm.engine.kernel");
    assertThat(check("org.trlm.engine.kernel", "import jdk.incubator.vector.FloatVector;"))
        .isEmpty();
    assertThat(check("org.trlm.engine.sample", "double x = Math.exp(1);"))
        .containsExactly("X0.java: Math.exp differs between JDKs; use StrictMath or Kernels");
    assertThat(check("org.trlm.engine.sample", "double x = StrictMath.exp(1); // not Math.exp"))
        .isEmpty();
  }

  private static List<String> check(String packageName, String line) {
    return violations(Map.of("X0.java", source(packageName, line)));
  }

  private static String source(String packageName, String line) {
    return "package " + packageName + ";\n" + line + "\n";
  }

  private static List<String> violations(Map<String, String> files) {
    List<String> violations = new ArrayList<>();
    Map<String, Set<String>> arrows = new TreeMap<>();
    files.forEach(
        (file, text) -> {
          Matcher declared = PACKAGE.matcher(text);
          assertThat(declared.find()).as("package line of %s", file).isTrue();
          String own = declared.group(1);
          String code = withoutComments(text.substring(declared.end()));
          if (!ALLOWED.containsKey(shortName(own))) {
            violations.add(file + ": " + own + " is not a package of the architecture");
          }
          for (String used : usedPackages(code)) {
            if (!used.equals(own)) {
              arrows.computeIfAbsent(shortName(own), key -> new TreeSet<>()).add(shortName(used));
              if (!ALLOWED.getOrDefault(shortName(own), Set.of()).contains(shortName(used))) {
                violations.add(file + ": " + own + " may not use " + used);
              }
            }
          }
          addWordViolations(violations, file, own, code);
        });
    for (String start : arrows.keySet()) {
      findCycle(arrows, start, new LinkedHashSet<>(), violations);
      if (violations.stream().anyMatch(violation -> violation.startsWith("cycle"))) {
        break;
      }
    }
    return violations;
  }

  private static void addWordViolations(
      List<String> violations, String file, String own, String code) {
    if (code.contains("jdk.incubator") && !own.equals("org.trlm.engine.kernel")) {
      violations.add(file + ": jdk.incubator outside org.trlm.engine.kernel");
    }
    if (code.contains("org.apache.spark")) {
      violations.add(file + ": org.apache.spark is unknown to the engine");
    }
    Matcher inexact = INEXACT.matcher(code);
    while (inexact.find()) {
      violations.add(
          file
              + (": Math." + inexact.group(1))
              + " differs between JDKs; use StrictMath or Kernels");
    }
  }

  private static void findCycle(
      Map<String, Set<String>> arrows, String at, Set<String> path, List<String> violations) {
    if (!path.add(at)) {
      violations.add("cycle: " + String.join(" → ", path) + " → " + at);
      return;
    }
    for (String next : arrows.getOrDefault(at, Set.of())) {
      findCycle(arrows, next, path, violations);
    }
    path.remove(at);
  }

  /** Comments may name any package; string literals stay as they are. */
  private static String withoutComments(String code) {
    return COMMENT
        .matcher(code)
        .replaceAll(
            found ->
                found.group().startsWith("\"") ? Matcher.quoteReplacement(found.group()) : " ");
  }

  private static Set<String> usedPackages(String code) {
    Set<String> packages = new TreeSet<>();
    Matcher name = OWN_NAME.matcher(code);
    while (name.find()) {
      StringBuilder packageName = new StringBuilder("org.trlm");
      for (String part : name.group().substring("org.trlm.".length()).split("\\.")) {
        if (part.isEmpty() || Character.isUpperCase(part.charAt(0))) {
          break;
        }
        packageName.append('.').append(part);
      }
      packages.add(packageName.toString());
    }
    return packages;
  }

  private static String shortName(String packageName) {
    return packageName.equals("org.trlm.engine")
        ? "engine"
        : packageName.replaceFirst("^org\\.trlm\\.engine\\.", "");
  }

  private static String read(Path path) {
    try {
      return Files.readString(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
