#!/usr/bin/env bash
# What waves cost. Usage: benchmarks/waves.sh keys [ROWS] [WAVES] | job MODEL PROMPTS [ROUNDS] [options of generate]
#   keys   keys, staging and anti-join of ROWS tiny rows (10,000,000) without a model, on two cores in 4 GB; a first run in WAVES (8), then the
#          same rows and 200 new ones; seconds until the waves are known, and to write them
#   job    the same prompts as one wave (one plain write) and as four waves, in turn; wall-clock seconds of inference
#   TRLM_SCRATCH   directory for the files, 10 GB for 10,000,000 rows; else a temporary one
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
# shellcheck source=submit/common.sh
. "$root/submit/common.sh"
scratch=$(mktemp -d -p "${TRLM_SCRATCH:-${TMPDIR:-/tmp}}" waves-XXXXXX)
trap 'rm -rf "$scratch"' EXIT
java=${JAVA_HOME:+$JAVA_HOME/bin/}java

case ${1:-} in
  keys)
    mvn -f "$root/pom.xml" -q -B -pl benchmarks -am -DskipTests package >&2
    for run in first second; do
      "$java" "@$root/submit/java-options" -Xmx4g -Dspark.master="local[2]" "-Dlog4j2.configurationFile=$root/conf/log4j2.properties" \
        -cp "$root/benchmarks/target/classes:$jar:$(cat "$spark_jars")" org.trlm.benchmarks.WaveBench "$scratch" "${2:-10000000}" "${3:-8}" "$run"
    done
    ;;
  job)
    model=${2:?MODEL is missing} prompts=${3:?PROMPTS is missing} rounds=${4:-3}
    shift $(($# < 4 ? $# : 4))
    build >&2
    rows=$(python3 -c 'import sys; print(sum(1 for line in open(sys.argv[1]) if line.strip()))' "$prompts")
    for round in $(seq "$rounds"); do
      for per_wave in "$rows" $(((rows + 3) / 4)); do
        output=$scratch/$round-$per_wave
        "$root/submit/local.sh" generate --master "local[2]" --model "$model" --input "$prompts" --output "$output" --temperature 0 \
          --rows-per-wave "$per_wave" "$@" 2>"$scratch/log" || { cat "$scratch/log" >&2; exit 1; }
        python3 - "$output" "$per_wave" <<'PYTHON'
import glob, json, sys
manifest = json.load(open(glob.glob(sys.argv[1] + "/_run/*.json")[0]))
print(json.dumps({"rows_per_wave": int(sys.argv[2]), "waves": len(glob.glob(sys.argv[1] + "/wave=*")), "inference_s": manifest["throughput"]["seconds"],
                  "generated_tokens": manifest["tokens"]["generated"]}))
PYTHON
      done
    done
    ;;
  *)
    sed -n '2,6s/^# //p' "$0" >&2
    exit 2
    ;;
esac
