#!/usr/bin/env bash
# Whether rows leave native memory behind in a JVM. Usage: benchmarks/native-memory.sh [ROWS] [MODEL]
#   ROWS (200,000) of MODEL (the tiny reasoner of examples/) in --compute bf16, 10,000 a run, four tokens each, all runs in one JVM with two tasks; after
#   each run its memory, at the end how much that grew since the first quarter and the first half of the rows. Exit code 1 when it did in the second half.
#   On a CPU without bfloat16 units oneDNN multiplies the same values as float32 (docs/decisions/0041), with the same allocations; the output says so.
#   JAVA_HOME   the Java to measure; else java on the path
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
# shellcheck source=submit/common.sh
. "$root/submit/common.sh"
rows=${1:-200000} model=${2:-$root/examples/tiny-reasoner}
case $rows in
  '' | *[!0-9]* | 0)
    sed -n '2,6s/^# //p' "$0" >&2
    exit 2
    ;;
esac
scratch=$(mktemp -d -t native-memory-XXXXXX)
trap 'rm -rf "$scratch"' EXIT

mvn -f "$root/pom.xml" -q -B -pl benchmarks,onednn -am -DskipTests package >&2
emulation=()
if ! grep -Eqw 'amx_bf16|avx512_bf16|bf16' /proc/cpuinfo; then
  echo "This CPU has no bfloat16 units: oneDNN emulates them in float32."
  emulation=(-Dtrlm.onednn.emulate=true)
fi
# all pages of the heap are resident from the start
"${JAVA_HOME:+$JAVA_HOME/bin/}java" "@$root/submit/java-options" -Xms1g -Xmx1g -XX:+AlwaysPreTouch -Dspark.master="local[2]" \
  "-Dlog4j2.configurationFile=$root/conf/log4j2.properties" ${emulation[@]+"${emulation[@]}"} \
  -cp "$root/benchmarks/target/classes:$jar:$root/onednn/target/trlm-spark-onednn.jar:$(cat "$spark_jars")" \
  org.trlm.benchmarks.MemoryBench "$model" "$rows" "$scratch" 2>"$scratch/log" || {
  status=$?
  tail -n 40 "$scratch/log" >&2
  exit $status
}
