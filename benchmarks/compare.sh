#!/usr/bin/env bash
# Our job and llama.cpp's server in turn on the same prompts, and the ratio of each round:
#
#   benchmarks/compare.sh MODEL.gguf PATH/llama-server [ROUNDS=3] [ROWS=128] [SLOTS=32]
#
# Greedy, at most 128 tokens a row, two threads each. The clock runs from the first row to the last one; start-up and loading are left out.
# benchmarks/peers.py says how to get llama-server, and runs transformers on the same prompts. Compare within one run only.
set -euo pipefail
if [ $# -lt 2 ]; then
  sed -n '2,7p' "$0" | sed 's/^# \{0,1\}//' >&2
  exit 2
fi
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
gguf=$1 server=$2 rounds=${3:-3} rows=${4:-128} slots=${5:-32}
prompts=$root/benchmarks/questions.jsonl
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

for round in $(seq "$rounds"); do
  "$root/submit/local.sh" generate --master 'local[2]' --model "$gguf" --input "$prompts" --output "$scratch/$round" \
    --temperature 0 --max-tokens 128 --limit "$rows" 2>"$scratch/log" || { cat "$scratch/log" >&2; exit 1; }
  ours=$(python3 -c 'import json, sys; print(json.dumps(json.load(open(sys.argv[1]))["throughput"]))' "$scratch/$round"/_run/*.json)
  peer=$(python3 "$root/benchmarks/peers.py" llama.cpp --server "$server" --gguf "$gguf" --slots "$slots" --limit "$rows" "$prompts")
  echo "round $round"
  echo "  trlm-spark  $ours"
  echo "  llama.cpp   $peer"
  python3 -c 'import sys; print("  rows an hour, ours to theirs: %.2f" % (float(sys.argv[1]) / float(sys.argv[2])))' \
    "$(field rows_per_hour <<<"$ours")" "$(field rows_per_hour <<<"$peer")"
done
