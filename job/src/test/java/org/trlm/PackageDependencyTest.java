package org.trlm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Reads the sources of all modules: which package knows which, and what is used where. */
class PackageDependencyTest {

  private static final String ENGINE = "org.trlm.engine";

  /** The arrows between the engine's packages; each may always use itself. */
  private static final Map<String, Set<String>> ENGINE_ARROWS =
      Map.of(
          ENGINE,
          engine("request", "schedule", "cache", "model", "kernel", "sample", "constraint"),
          // a sequence carries how its tokens are chosen, and its prompt's logits decide what to
          // compute
          ENGINE + ".schedule",
          engine("request", "cache", "sample", "constraint"),
          // how keys and values lie in a block is the business of the attention kernels
          ENGINE + ".cache",
          engine("request", "kernel"),
          ENGINE + ".model",
          engine("request", "cache", "kernel", "schedule", "weights"),
          ENGINE + ".kernel",
          engine("request", "weights"),
          // the rules over tokens are applied among the other parameters
          ENGINE + ".sample",
          engine("request", "kernel", "constraint"),
          ENGINE + ".constraint",
          engine("request"),
          ENGINE + ".weights",
          engine("request"),
          ENGINE + ".request",
          Set.of());

  /** The arrows between modules. */
  private static final Map<String, Set<String>> MODULE_ARROWS =
      Map.of(
          "tokenizer",
          Set.of(),
          "engine",
          Set.of(),
          "onednn",
          Set.of("engine"),
          "job",
          Set.of("tokenizer", "engine"));

  /**
   * Packages that know each other, in a module whose inner arrows are not drawn: the root package
   * of the job holds the commands and the records and messages that all of its packages speak in.
   */
  private static final String SPOKEN_BY_ALL = "org.trlm.job";

  private static final Pattern PACKAGE = Pattern.compile("(?m)^package ([\\w.]+);");
  private static final Pattern COMMENT =
      Pattern.compile("\"(?:\\\\.|[^\"\\\\\n])*\"|//[^\n]*|/\\*.*?\\*/", Pattern.DOTALL);
  private static final Pattern TEXT = Pattern.compile("\"(?:\\\\.|[^\"\\\\\n])*\"");
  private static final Pattern OWN_NAME = Pattern.compile("\\borg\\.trlm\\.[\\w.]+");
  private static final Pattern INEXACT =
      Pattern.compile(
          "\\bMath\\s*\\.\\s*(exp|expm1|log|log10|log1p|sin|cos|tan|pow|sinh|cosh|tanh)\\b");

  @Test
  void sourcesKeepToTheArrows() throws IOException {
    Map<String, String> files = new TreeMap<>();
    for (String module : MODULE_ARROWS.keySet()) {
      Path sources = Path.of("..", module, "src", "main", "java");
      int before = files.size();
      try (Stream<Path> paths = Files.walk(sources)) {
        paths
            .filter(path -> path.toString().endsWith(".java"))
            .forEach(path -> files.put(sources.relativize(path).toString(), read(path)));
      }
      assertThat(files.size() - before).as("files of " + module).isGreaterThan(10);
    }
    assertThat(violations(files)).isEmpty();
  }

  /** A module may be built and run without the native one; its Maven dependencies say so too. */
  @Test
  void nothingDependsOnTheNativeModule() throws IOException {
    for (String module : MODULE_ARROWS.keySet()) {
      String pom = Files.readString(Path.of("..", module, "pom.xml"));
      if (!module.equals("onednn")) {
        assertThat(pom).as(module).doesNotContain("org.bytedeco", "trlm-spark-onednn");
      }
    }
    assertThat(check("org.trlm.job", "import org.bytedeco.dnnl.global.dnnl;"))
        .containsExactly("X0.java: org.bytedeco outside org.trlm.onednn");
    assertThat(check("org.trlm.engine.kernel", "Class.forName(\"org.bytedeco.javacpp.Loader\");"))
        .containsExactly("X0.java: org.bytedeco outside org.trlm.onednn");
    assertThat(check("org.trlm.engine", "import org.trlm.onednn.OneDnnProvider;"))
        .containsExactly("X0.java: org.trlm.engine may not use org.trlm.onednn");
    assertThat(check("org.trlm.job.inference", "import org.trlm.onednn.OneDnnProvider;"))
        .containsExactly("X0.java: org.trlm.job.inference may not use org.trlm.onednn");
    assertThat(check("org.trlm.onednn", "import org.bytedeco.dnnl.global.dnnl;")).isEmpty();
    assertThat(check("org.trlm.onednn", "import org.trlm.job.JobException;"))
        .containsExactly("X0.java: org.trlm.onednn may not use org.trlm.job");
  }

  @Test
  void aForbiddenArrowIsReported() {
    assertThat(check("org.trlm.engine.cache", "import org.trlm.engine.schedule.Scheduler;"))
        .containsExactly("X0.java: org.trlm.engine.cache may not use org.trlm.engine.schedule");
    assertThat(check("org.trlm.engine.sample", "import static org.trlm.engine.model.Names.NAME;"))
        .containsExactly("X0.java: org.trlm.engine.sample may not use org.trlm.engine.model");
    assertThat(check("org.trlm.engine", "org.trlm.tokenizer.Tokenizer tokenizer;"))
        .containsExactly("X0.java: org.trlm.engine may not use org.trlm.tokenizer");
    assertThat(check("org.trlm.tokenizer.chat", "import org.trlm.engine.request.Request;"))
        .containsExactly("X0.java: org.trlm.tokenizer.chat may not use org.trlm.engine.request");
    assertThat(check("org.trlm.tokenizer", "import org.trlm.job.JobException;"))
        .containsExactly("X0.java: org.trlm.tokenizer may not use org.trlm.job");
    assertThat(check("org.trlm.engine.weights", "import org.trlm.job.model.ModelBundle;"))
        .containsExactly("X0.java: org.trlm.engine.weights may not use org.trlm.job.model");
    assertThat(check("org.trlm.engine.extra", "class X {}"))
        .containsExactly("X0.java: org.trlm.engine.extra is not a package of the architecture");
    assertThat(check("org.trlm.other", "class X {}"))
        .containsExactly("X0.java: org.trlm.other is not a package of the architecture");
    assertThat(check("org.trlm.engine", "import org.trlm.engine.cache.KvCacheManager;")).isEmpty();
    assertThat(check("org.trlm.job.input", "import org.trlm.tokenizer.chat.Message;")).isEmpty();
  }

  @Test
  void sparkIsKnownToTheJobAlone() {
    assertThat(check("org.trlm.engine", "import org.apache.spark.sql.Row;"))
        .containsExactly("X0.java: org.apache.spark outside org.trlm.job");
    assertThat(check("org.trlm.tokenizer", "import org.apache.spark.sql.Row;"))
        .containsExactly("X0.java: org.apache.spark outside org.trlm.job");
    assertThat(check("org.trlm.job.output", "import org.apache.spark.sql.Row;")).isEmpty();
  }

  @Test
  void aCycleIsReported() {
    assertThat(cycle("org.trlm.engine.cache", "org.trlm.engine.model")).isNotEmpty();
    assertThat(cycle("org.trlm.tokenizer", "org.trlm.tokenizer.chat")).isNotEmpty();
    assertThat(cycle("org.trlm.job.input", "org.trlm.job.inference")).isNotEmpty();
    assertThat(cycle("org.trlm.job", "org.trlm.job.input")).isEmpty();
  }

  private static List<String> cycle(String one, String other) {
    return violations(
            Map.of(
                "A.java", source(one, "import " + other + ".B;"),
                "B.java", source(other, "import " + one + ".A;")))
        .stream()
        .filter(violation -> violation.startsWith("cycle: "))
        .toList();
  }

  @Test
  void theIncubatorAndInexactMathsAreReported() {
    assertThat(check("org.trlm.engine.model", "import jdk.incubator.vector.FloatVector;"))
        .containsExactly("X0.java: jdk.incubator outside org.trlm.engine.kernel");
    assertThat(check("org.trlm.job", "import jdk.incubator.vector.FloatVector;"))
        .containsExactly("X0.java: jdk.incubator outside org.trlm.engine.kernel");
    assertThat(check("org.trlm.job", "String option = \"jdk.incubator.vector\";")).isEmpty();
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
          if (!isKnown(own)) {
            violations.add(file + ": " + own + " is not a package of the architecture");
          }
          for (String used : usedPackages(code)) {
            if (!used.equals(own)) {
              if (!used.equals(SPOKEN_BY_ALL)) {
                arrows.computeIfAbsent(own, key -> new TreeSet<>()).add(used);
              }
              if (!mayUse(own, used)) {
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
    if (TEXT.matcher(code).replaceAll("").contains("jdk.incubator")
        && !own.equals("org.trlm.engine.kernel")) {
      violations.add(file + ": jdk.incubator outside org.trlm.engine.kernel");
    }
    // the class loader finds a provider; names in text would be a way around the arrows
    if (code.contains("org.bytedeco") && !module(own).equals("onednn")) {
      violations.add(file + ": org.bytedeco outside org.trlm.onednn");
    }
    if (code.contains("org.apache.spark") && !module(own).equals("job")) {
      violations.add(file + ": org.apache.spark outside org.trlm.job");
    }
    if (!module(own).equals("engine")) {
      return;
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

  private static boolean isKnown(String packageName) {
    return module(packageName).equals("engine")
        ? ENGINE_ARROWS.containsKey(packageName)
        : MODULE_ARROWS.containsKey(module(packageName));
  }

  private static boolean mayUse(String own, String used) {
    if (!module(own).equals(module(used))) {
      return MODULE_ARROWS.getOrDefault(module(own), Set.of()).contains(module(used));
    }
    return !module(own).equals("engine")
        || ENGINE_ARROWS.getOrDefault(own, Set.of()).contains(used);
  }

  /** The name after {@code org.trlm}, which is that of the Maven module. */
  private static String module(String packageName) {
    return packageName.replaceFirst("^org\\.trlm\\.?", "").replaceFirst("\\..*", "");
  }

  private static Set<String> engine(String... packages) {
    return Arrays.stream(packages).map(name -> ENGINE + "." + name).collect(Collectors.toSet());
  }

  private static String read(Path path) {
    try {
      return Files.readString(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
