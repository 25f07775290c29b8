package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged trlm-spark.jar and the scripts that start it; run after the jar is made. */
class PackagedJarIT {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path JAR = Path.of("target", "trlm-spark.jar");

  @TempDir Path directory;
  private boolean furtherJar;

  @Test
  void holdsOurClassesAndNothingOfSpark() throws IOException {
    try (JarFile jar = new JarFile(JAR.toFile())) {
      List<String> classes =
          jar.stream()
              .map(entry -> entry.getName())
              .filter(name -> name.endsWith(".class"))
              .toList();
      TreeSet<String> homes =
          classes.stream()
              .map(name -> Arrays.stream(name.split("/")).limit(3).collect(Collectors.joining("/")))
              .collect(Collectors.toCollection(TreeSet::new));
      assertThat(homes)
          .containsExactly(
              "org/trlm/engine", "org/trlm/job", "org/trlm/shaded", "org/trlm/tokenizer");
      assertThat(classes)
          .contains(
              "org/trlm/job/TrlmSpark.class",
              "org/trlm/engine/kernel/KernelProvider.class",
              "org/trlm/tokenizer/Tokenizer.class",
              "org/trlm/shaded/picocli/CommandLine.class",
              "org/trlm/shaded/snakeyaml/v2/api/Load.class")
          .doesNotHaveDuplicates();
      assertThat(jar.stream().map(entry -> entry.getName()))
          .as("native code is in trlm-spark-onednn.jar alone")
          .noneMatch(name -> name.matches(".*[.](so|dll|dylib|jnilib)([.].*)?|.*bytedeco.*"))
          .doesNotContain("META-INF/services/org.trlm.engine.kernel.ComputeProvider");
      assertThat(jar.getManifest().getMainAttributes().getValue("Main-Class"))
          .isEqualTo("org.trlm.job.TrlmSpark");
      assertThat(jar.getManifest().getMainAttributes().getValue("Implementation-Version"))
          .isNotBlank();
    }
  }

  @Test
  void javaOptionsAreThoseOfTheTests() throws IOException {
    List<String> options;
    try (Stream<String> lines = Files.lines(ROOT.resolve("submit/java-options"))) {
      options = lines.filter(line -> line.startsWith("-")).toList();
    }
    String pom = Files.readString(ROOT.resolve("pom.xml"));
    String flags =
        pom.substring(
            pom.indexOf("<spark.jvm.args>") + "<spark.jvm.args>".length(),
            pom.indexOf("</spark.jvm.args>"));
    assertThat(options).containsAll(List.of(flags.strip().split("\\s+")));
    assertThat(options).contains("-XX:+UseG1GC", "-Dfile.encoding=UTF-8");
  }

  @Test
  void localScriptRunsFromAnyDirectoryAndReturnsTheExitCode() throws Exception {
    Path model = directory.resolve("model");
    Files.createSymbolicLink(model, Jobs.TINY_MODEL);
    CommandRun inspect =
        run("submit/local.sh", "inspect", "--model", "model", "--system-prompt", "é", "--verbose");
    assertThat(inspect.exitCode()).describedAs(inspect.err()).isZero();
    assertThat(inspect.out()).contains("Llama: 4 layers").contains("file:" + model);
    assertThat(inspect.err())
        .contains("+ ")
        .contains("org.trlm.job.TrlmSpark inspect --model model")
        .contains("-Xmx512m")
        .doesNotContain("ERROR StatusLogger");

    CommandRun wrong = run("submit/local.sh", "generate", "--modle", "x");
    assertThat(wrong.exitCode()).isEqualTo(2);
    assertThat(wrong.err()).contains("did you mean --model?");
    assertThat(wrong.out()).isEmpty();
  }

  @Test
  void aMasterThatSparkCannotReadIsWrongUse() throws Exception {
    CommandRun run =
        run(
            "submit/local.sh",
            "generate",
            "--model",
            Jobs.TINY_MODEL.toString(),
            "--input",
            Jobs.PROMPTS.toString(),
            "--output",
            "answers",
            "--master",
            "bogus");
    assertThat(run.exitCode()).describedAs(run.err()).isEqualTo(2);
    assertThat(run.err()).contains("Error: --master is 'bogus'").doesNotContain("\tat ");
    assertThat(directory.resolve("answers")).doesNotExist();
  }

  @Test
  void sparkSubmitScriptHandsTheArgumentsOver() throws Exception {
    Path spark = Files.createDirectories(directory.resolve("spark home/bin"));
    Path submit = spark.resolve("spark-submit");
    Files.writeString(submit, "#!/bin/sh\nfor word in \"$@\"; do echo \"[$word]\"; done\nexit 7\n");
    assertThat(submit.toFile().setExecutable(true)).isTrue();
    further();
    CommandRun run =
        run(
            "submit/spark-submit.sh",
            "inspect",
            "--model",
            "a b",
            "--master",
            "spark://h:1",
            "--",
            "--jars",
            "theirs.jar",
            "--conf",
            "k=v w");
    assertThat(run.exitCode()).describedAs(run.err()).isEqualTo(7);
    List<String> words = run.out().lines().toList();
    assertThat(words)
        .containsSubsequence("[--class]", "[org.trlm.job.TrlmSpark]", "[--driver-memory]")
        .containsSubsequence("[--master]", "[spark://h:1]", "[--conf]", "[k=v w]")
        .anyMatch(word -> word.startsWith("[spark.executor.defaultJavaOptions=-XX:+Ignore"));
    int jar = words.indexOf("[" + JAR.toAbsolutePath().normalize() + "]");
    assertThat(words).containsSequence("[--jars]", "[" + further() + ",theirs.jar]");
    assertThat(words.subList(jar + 1, words.size()))
        .containsExactly("[inspect]", "[--model]", "[a b]", "[--master]", "[spark://h:1]");
  }

  @Test
  void localScriptTakesFurtherJars() throws Exception {
    Path jar = further();
    CommandRun inspect =
        run("submit/local.sh", "inspect", "--model", Jobs.TINY_MODEL.toString(), "--verbose");
    assertThat(inspect.exitCode()).describedAs(inspect.err()).isZero();
    Path classPath = Path.of(inspect.err().replaceFirst("(?s).* @(\\S+) org.trlm.*", "$1"));
    assertThat(Files.readString(classPath))
        .startsWith("-cp \"" + JAR.toAbsolutePath().normalize() + ":" + jar + ":")
        .contains("spark-core");
    Files.delete(classPath);
    Files.delete(jar);
    CommandRun missing = run("submit/local.sh", "inspect", "--model", "x");
    assertThat(missing.exitCode()).isEqualTo(2);
    assertThat(missing.err()).contains("Error: TRLM_JARS names further.jar, which is no file");
  }

  /** A jar that TRLM_JARS names. */
  private Path further() throws IOException {
    furtherJar = true;
    Path jar = directory.resolve("further.jar");
    if (!Files.exists(jar)) {
      try (JarOutputStream empty = new JarOutputStream(Files.newOutputStream(jar))) {
        empty.setComment("nothing");
      }
    }
    return jar.toRealPath();
  }

  @Test
  void sparkSubmitScriptNeedsASparkHome() throws Exception {
    CommandRun run = run("submit/spark-submit.sh", "inspect");
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.err()).contains("SPARK_HOME is").contains("submit/local.sh");
  }

  @Test
  void aJvmWithoutTheVectorApiIsRefusedBeforeWork() throws Exception {
    Path output = directory.resolve("answers");
    String classPath =
        JAR.toAbsolutePath() + ":" + Files.readString(Path.of("target", "spark-jars")).strip();
    CommandRun run =
        run(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            classPath,
            "org.trlm.job.TrlmSpark",
            "generate",
            "--model",
            Jobs.TINY_MODEL.toString(),
            "--input",
            Jobs.PROMPTS.toString(),
            "--output",
            output.toString());
    assertThat(run.exitCode()).describedAs(run.err()).isEqualTo(2);
    assertThat(run.err())
        .contains("--add-modules jdk.incubator.vector")
        .contains("--allow-scalar")
        .doesNotContain("\tat ");
    assertThat(output).doesNotExist();
  }

  /** Runs a script in the temporary directory, with a small heap. */
  private CommandRun run(String script, String... arguments) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Stream.concat(Stream.of(ROOT.resolve(script).toString()), Stream.of(arguments))
                .toList());
    builder.directory(directory.toFile());
    builder.environment().put("TRLM_DRIVER_MEMORY", "512m");
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().remove("SPARK_HOME");
    if (furtherJar) {
      builder.environment().put("TRLM_JARS", "further.jar");
    }
    Path spark = directory.resolve("spark home");
    if (Files.exists(spark)) {
      builder.environment().put("SPARK_HOME", spark.toString());
    }
    return CommandRun.run(builder, Duration.ofMinutes(10), directory);
  }
}
