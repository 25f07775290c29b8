#!/usr/bin/env bash
# Reviews get one of three labels, whatever the model would like to say. Usage: examples/label-with-choices.sh [any option of generate]
set -euo pipefail
examples=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
grep '"task": *"sentiment"' "$examples/prompts.jsonl" > "$work/reviews.jsonl"
exec "$examples/../submit/local.sh" generate --model "$examples/tiny-reasoner" --input "$work/reviews.jsonl" --output "$work/answers" \
  --temperature 0 --structured-outputs '{"choice": ["positive", "negative", "neutral"]}' \
  --show 3 "$@"
