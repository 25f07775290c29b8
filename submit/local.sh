#!/usr/bin/env bash
# Runs trlm-spark on this machine. No Spark installation is needed: Maven brings Spark's jars. Works from any directory.
#
#   submit/local.sh generate --model DIR --input FILE --output DIR [options]      submit/local.sh --help
#
# Builds trlm-spark.jar when it is missing. Logs and progress go to stderr. --verbose prints the command. Returns the job's exit code.
#   JAVA_HOME            the Java to use (17, 21, or 25.0.3 and newer); else java on the path
#   TRLM_DRIVER_MEMORY   heap, as 8g; else half of the machine's memory
#   TRLM_JARS            further jars, with commas between them: those of --compute bf16 (docs/compute.md)
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
# shellcheck source=submit/common.sh
. "$root/submit/common.sh"

build
write_classpath
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
command=("$java" "@$root/submit/java-options" "-Xmx$(driver_memory)" "-Dlog4j2.configurationFile=$root/conf/log4j2.properties"
  "@$classpath" org.trlm.job.TrlmSpark "$@")
if is_verbose "$@"; then
  print_command "${command[@]}"
fi
exec "${command[@]}"
