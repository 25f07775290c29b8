# shellcheck shell=bash
# What local.sh and spark-submit.sh share; sourced by them, with $root set to the project's directory.

jar=$root/job/target/trlm-spark.jar
spark_jars=$root/job/target/spark-jars
classpath=$root/job/target/java-classpath

# Java reads arguments and file names in the locale's encoding: without a UTF-8 locale, non-ASCII prompts on the command line would be lost.
case ${LC_ALL:-${LC_CTYPE:-${LANG:-}}} in
  *[Uu][Tt][Ff]*) ;;
  *) export LC_ALL=C.UTF-8 ;;
esac

# Whether --verbose is among the arguments.
is_verbose() {
  local argument
  for argument in "$@"; do
    case $argument in
      --verbose | --verbose=true) return 0 ;;
    esac
  done
  return 1
}

# Prints a command to stderr as it could be typed, with credentials among --conf left out.
print_command() {
  local word
  printf '+' >&2
  for word in "$@"; do
    case $word in
      *spark.*[Ss]ecret*=* | *spark.*[Pp]assword*=* | *spark.*[Tt]oken*=* | *spark.*access.key=* | *spark.*account.key*=*) word="${word%%=*}=***" ;;
    esac
    printf ' %q' "$word" >&2
  done
  printf '\n' >&2
}

# The jar and the list of Spark's jars are there, and newer than what they are made of.
is_built() {
  [ -f "$jar" ] && [ -f "$spark_jars" ] || return 1
  local newer
  newer=$(find "$root/pom.xml" "$root"/*/pom.xml "$root"/{tokenizer,engine,job}/src/main -newer "$jar" -print -quit)
  [ -z "$newer" ]
}

# Builds trlm-spark.jar without tests when it is missing or older than its sources.
build() {
  is_built && return 0
  if ! command -v mvn >/dev/null; then
    if [ -f "$jar" ] && [ -f "$spark_jars" ]; then
      echo "Warning: $jar is older than its sources, and there is no Maven (mvn) to build it again." >&2
      return 0
    fi
    echo "Error: $jar is not built, and there is no Maven (mvn) to build it. Install Maven 3.8.1 or newer and a JDK 17." >&2
    exit 1
  fi
  echo "Building trlm-spark.jar (once)" >&2
  if ! mvn -f "$root/pom.xml" -q -B -DskipTests -pl job -am package >&2; then
    echo "Error: the build of trlm-spark.jar failed; see above." >&2
    exit 1
  fi
  # Maven leaves a jar alone whose content would not change; it has been looked at now
  touch "$jar"
}

# Further jars of TRLM_JARS (commas between them), as absolute paths with $1 between them; a missing one ends the script.
further_jars() {
  local separator=$1 all= file files
  IFS=, read -ra files <<<"${TRLM_JARS:-}"
  for file in ${files[@]+"${files[@]}"}; do
    if [ ! -f "$file" ]; then
      echo "Error: TRLM_JARS names $file, which is no file. Give jars of this machine, with commas between them." >&2
      return 2
    fi
    all+=${all:+$separator}$(readlink -f "$file")
  done
  printf '%s' "$all"
}

# The class path as an argument file of java, so that the command that --verbose prints stays readable. Each list of further jars has its own file.
write_classpath() {
  local further
  further=$(further_jars :)
  if [ -n "$further" ]; then
    classpath+=-$(cksum <<<"$further" | tr ' ' -)
  fi
  if [ ! -f "$classpath" ] || [ "$spark_jars" -nt "$classpath" ]; then
    printf -- '-cp "%s:%s"\n' "$jar${further:+:$further}" "$(cat "$spark_jars")" >"$classpath.$$"
    mv "$classpath.$$" "$classpath"
  fi
}

# Mebibytes of memory that this process may use: the machine's, or the container's where that is less.
memory_mebibytes() {
  local kibibytes bytes file
  if [ -r /proc/meminfo ]; then
    kibibytes=$(awk '/^MemTotal:/ { print $2 }' /proc/meminfo)
  else
    kibibytes=$(($(sysctl -n hw.memsize 2>/dev/null || echo 4294967296) / 1024))
  fi
  for file in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
    if [ -r "$file" ]; then
      bytes=$(cat "$file")
      if [ "$bytes" != max ] && [ ${#bytes} -lt 16 ] && [ $((bytes / 1024)) -lt "$kibibytes" ]; then
        kibibytes=$((bytes / 1024))
      fi
    fi
  done
  echo $((kibibytes / 1024))
}

# Heap of a driver that also computes: TRLM_DRIVER_MEMORY, else half of the memory, at least 1 GiB, at most 30 GiB.
driver_memory() {
  if [ -n "${TRLM_DRIVER_MEMORY:-}" ]; then
    echo "$TRLM_DRIVER_MEMORY"
    return
  fi
  local half=$(($(memory_mebibytes) / 2))
  [ $half -lt 1024 ] && half=1024
  [ $half -gt 30720 ] && half=30720
  echo "${half}m"
}
