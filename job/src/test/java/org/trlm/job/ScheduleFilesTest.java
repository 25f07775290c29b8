package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The examples in submit/ for schedulers: each is read, and its command is one that runs. */
class ScheduleFilesTest {
  private static final Path SUBMIT = Path.of("..", "submit").toAbsolutePath().normalize();
  private static final String INSTALLED = "/opt/trlm-spark/";

  private static String read(String name) throws IOException {
    return Files.readString(SUBMIT.resolve(name));
  }

  /** The command line parser takes the words, and they mean a whole configuration. */
  private static void assertRuns(List<String> words) {
    JobConfig config =
        Cli.parse(GenerateCommand.class, words.toArray(String[]::new)).configuration();
    assertThat(config.output().path()).endsWith("/data/answers");
    assertThat(config.input().paths()).hasSize(1);
    assertThat(config.run().maxErrorRate()).isEqualTo(0.05);
  }

  /** What follows the installed script on a line; the script must be in the repository. */
  private static List<String> arguments(String line) {
    List<String> words = new ArrayList<>(List.of(line.strip().split("\\s+")));
    int script = 0;
    while (!words.get(script).startsWith(INSTALLED)) {
      script++;
    }
    Path path = SUBMIT.getParent().resolve(words.get(script).substring(INSTALLED.length()));
    assertThat(path).isExecutable();
    return words.subList(script + 1, words.size());
  }

  @Test
  void theCrontabHasTimesAndACommand() throws IOException {
    Pattern times = Pattern.compile("(?:(?:\\*|\\d+)(?:[-/,]\\d+)* ){5}");
    List<String> jobs =
        read("schedule/crontab")
            .lines()
            .filter(line -> !line.isBlank() && !line.startsWith("#"))
            .filter(line -> !line.matches("\\w+=.*"))
            .toList();
    assertThat(jobs).hasSize(1);
    Matcher matcher = times.matcher(jobs.get(0));
    assertThat(matcher.lookingAt()).isTrue();
    String command = jobs.get(0).substring(matcher.end());
    assertThat(command).doesNotContain("%").endsWith(">>/var/log/trlm-spark.log 2>&1");
    assertRuns(arguments(command.replaceFirst(" >>.*", "")));
  }

  /** Sections of keys, each with its values in order. */
  private static Map<String, Map<String, List<String>>> unit(String name) throws IOException {
    Map<String, Map<String, List<String>>> sections = new LinkedHashMap<>();
    Map<String, List<String>> section = null;
    for (String line : read(name).lines().toList()) {
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      if (line.matches("\\[\\w+]")) {
        section = new LinkedHashMap<>();
        sections.put(line.substring(1, line.length() - 1), section);
      } else {
        assertThat(line).as(name).matches("\\w+=.+");
        assertThat(section).as("section of " + line).isNotNull();
        String[] pair = line.split("=", 2);
        section.computeIfAbsent(pair[0], key -> new ArrayList<>()).add(pair[1]);
      }
    }
    return sections;
  }

  @Test
  void theSystemdUnitsBelongTogether() throws IOException {
    Map<String, Map<String, List<String>>> service = unit("schedule/trlm-spark.service");
    assertThat(service).containsOnlyKeys("Unit", "Service");
    assertThat(service.get("Service"))
        .containsEntry("Type", List.of("oneshot"))
        .containsEntry("RestartPreventExitStatus", List.of(Integer.toString(TrlmSpark.WRONG_USE)));
    assertRuns(arguments(service.get("Service").get("ExecStart").get(0)));
    Map<String, Map<String, List<String>>> timer = unit("schedule/trlm-spark.timer");
    assertThat(timer).containsOnlyKeys("Unit", "Timer", "Install");
    assertThat(timer.get("Timer").get("OnCalendar").get(0))
        .matches("\\*-\\*-\\* \\d\\d:\\d\\d:\\d\\d");
    assertThat(timer.get("Install")).containsEntry("WantedBy", List.of("timers.target"));
  }

  @Test
  void theAirflowTaskRunsTheJar() throws IOException {
    String dag = read("schedule/airflow_dag.py");
    assertThat(dag)
        .contains("java_class=\"org.trlm.job.TrlmSpark\"")
        .contains("application=\"" + INSTALLED + "job/target/trlm-spark.jar\"");
    Matcher list = Pattern.compile("application_args=\\[(.*?)]", Pattern.DOTALL).matcher(dag);
    assertThat(list.find()).isTrue();
    Matcher word = Pattern.compile("\"([^\"]*)\"").matcher(list.group(1));
    List<String> words = new ArrayList<>();
    while (word.find()) {
      words.add(word.group(1));
    }
    assertRuns(words);
  }

  @Test
  void theSparkApplicationRunsTheJar() throws IOException {
    Object loaded =
        new Load(LoadSettings.builder().build())
            .loadFromString(read("kubernetes/spark-application.yaml"));
    Map<?, ?> spec = (Map<?, ?>) ((Map<?, ?>) loaded).get("spec");
    assertThat(((Map<?, ?>) loaded).get("kind")).isEqualTo("ScheduledSparkApplication");
    assertThat(spec.get("concurrencyPolicy")).isEqualTo("Forbid");
    Map<?, ?> template = (Map<?, ?>) spec.get("template");
    assertThat(template.get("mainClass")).isEqualTo(TrlmSpark.class.getName());
    assertThat(((Map<?, ?>) template.get("executor")).get("cores")).isInstanceOf(Integer.class);
    List<?> arguments = (List<?>) template.get("arguments");
    assertThat(arguments).allMatch(argument -> argument instanceof String);
    assertRuns(arguments.stream().map(String::valueOf).toList());
  }

  @Test
  void theKubernetesScriptHandsTheArgumentsOver(@TempDir Path directory) throws IOException {
    Path submit = Files.createDirectories(directory.resolve("bin")).resolve("spark-submit");
    Files.writeString(submit, "#!/bin/sh\nfor word in \"$@\"; do echo \"[$word]\"; done\nexit 7\n");
    assertThat(submit.toFile().setExecutable(true)).isTrue();
    String script = SUBMIT.resolve("kubernetes/spark-submit.sh").toString();
    ProcessBuilder command = new ProcessBuilder(script, "generate", "--system-prompt", "a b");
    command.environment().put("SPARK_HOME", directory.toString());
    command.environment().put("KUBERNETES_MASTER", "https://host:6443");
    command.environment().remove("TRLM_IMAGE");
    CommandRun without = CommandRun.run(command, Duration.ofMinutes(10), directory);
    assertThat(without.exitCode()).isEqualTo(TrlmSpark.WRONG_USE);
    assertThat(without.err()).contains("TRLM_IMAGE is not set");
    command.environment().put("TRLM_IMAGE", "registry/trlm-spark:1");
    command.environment().put("TRLM_JARS", "local:///opt/trlm/a.jar,local:///opt/trlm/b.jar");
    CommandRun run = CommandRun.run(command, Duration.ofMinutes(10), directory);
    assertThat(run.exitCode()).describedAs(run.printed()).isEqualTo(7);
    assertThat(run.out().lines())
        .containsSubsequence("[--master]", "[k8s://https://host:6443]", "[--class]")
        .contains("[spark.kubernetes.container.image=registry/trlm-spark:1]")
        .containsSequence("[--jars]", "[local:///opt/trlm/a.jar,local:///opt/trlm/b.jar]")
        .endsWith("[local:///opt/trlm/trlm-spark.jar]", "[generate]", "[--system-prompt]", "[a b]");
  }
}
