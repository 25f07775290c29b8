#!/usr/bin/env bash
# What waves cost. Usage: benchmarks/waves.sh keys [ROWS] [WAVES] | job MODEL PROMPTS [ROUNDS] [MAX_TOKENS] [MAX_NUM_SEQS]
#   keys   keys, staging and anti-join of ROWS tiny rows (10,000,000) without a model, on two cores in 4 GB; a first run in WAVES (8), then the
#          same rows and 200 new ones; seconds until the waves are known, and to write them
#   job    the same prompts as one plain write without keys, as one wave and as four waves, in turn (3 rounds, 128 tokens, 48 sequences a task); seconds
#          from the opening of the input to the last file
#   TRLM_SCRATCH   directory for the files, 10 GB for 10,000,000 rows; else a temporary one
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
# shellcheck source=submit/common.sh
. "$root/submit/common.sh"
scratch=$(mktemp -d -p "${TRLM_SCRATCH:-${TMPDIR:-/tmp}}" waves-XXXXXX)
trap 'rm -rf "$scratch"' EXIT
java=${JAVA_HOME:+$JAVA_HOME/bin/}java

# A benchmark in a JVM of its own.
measure() {
  local class=$1
  shift
  "$java" "@$root/submit/java-options" -Xmx4g -Dspark.master="local[2]" "-Dlog4j2.configurationFile=$root/conf/log4j2.properties" \
    -cp "$root/benchmarks/target/classes:$jar:$(cat "$spark_jars")" "org.trlm.benchmarks.$class" "$@"
}

case ${1:-} in
  keys)
    mvn -f "$root/pom.xml" -q -B -pl benchmarks -am -DskipTests package >&2
    for run in first second; do
      measure WaveBench "$scratch" "${2:-10000000}" "${3:-8}" "$run"
    done
    ;;
  job)
    model=${2:?MODEL is missing} prompts=${3:?PROMPTS is missing}
    mvn -f "$root/pom.xml" -q -B -pl benchmarks -am -DskipTests package >&2
    rows=$(grep -c '[^[:space:]]' "$prompts")
    for round in $(seq "${4:-3}"); do
      for mode in plain "$rows" $(((rows + 3) / 4)); do
        measure RunBench "$mode" "$model" "$prompts" "$scratch/$round-$mode" "${5:-128}" "${6:-48}" 2>"$scratch/log" || { cat "$scratch/log" >&2; exit 1; }
      done
    done
    ;;
  *)
    sed -n '2,7s/^# //p' "$0" >&2
    exit 2
    ;;
esac
