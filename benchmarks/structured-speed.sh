#!/usr/bin/env bash
# What a constraint costs: the same prompts at 48 sequences without one and with a regular expression, a JSON schema and a choice, in turn.
#
#   benchmarks/structured-speed.sh MODEL [ROUNDS=3] [ROWS=96]
#
# 64 tokens a row, so that all runs do the same work: the unconstrained one ignores the end of the turn, the others ask for long texts. A choice of long
# labels is mostly forced tokens, which take fewer steps. Generated tokens a second; the ratio is to the unconstrained run of the same round.
set -euo pipefail
if [ $# -lt 1 ]; then
  sed -n '2,7p' "$0" | sed 's/^# \{0,1\}//' >&2
  exit 2
fi
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
model=$1 rounds=${2:-3} rows=${3:-96}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Prints generated tokens a second of a run with the options given.
speed() {
  rm -rf "$scratch/out"
  "$root/submit/local.sh" generate --master 'local[2]' --model "$model" --input "$root/benchmarks/questions.jsonl" --output "$scratch/out" \
    --limit "$rows" --max-num-seqs 48 --max-tokens 64 --temperature 0.7 "$@" 2>"$scratch/log" || { cat "$scratch/log" >&2; exit 1; }
  python3 -c 'import json, sys; print("%.1f" % json.load(open(sys.argv[1]))["throughput"]["generated_tokens_per_second"])' "$scratch/out"/_run/*.json
}

labels=$(python3 -c 'print(", ".join("\"label %d: a long name that says what it stands for, %s\"" % (i, "word by word, " * 12) for i in range(8)))')
for round in $(seq "$rounds"); do
  free=$(speed --ignore-eos)
  echo "round $round: unconstrained $free tokens/s"
  for name in regex json choice; do
    case $name in
      regex) constraint='{"regex": "[A-Za-z ,.]{400,600}"}' ;;
      json) constraint='{"json": {"type": "object", "properties": {"text": {"type": "string", "minLength": 400}}, "required": ["text"]}}' ;;
      choice) constraint="{\"choice\": [$labels]}" ;;
    esac
    constrained=$(speed --structured-outputs "$constraint")
    python3 -c 'import sys; print("  %-7s %s tokens/s, ratio %.2f" % (sys.argv[1], sys.argv[2], float(sys.argv[2]) / float(sys.argv[3])))' "$name" "$constrained" "$free"
  done
done
