#!/usr/bin/env bash
# Thoughts of at most eight tokens; the answer follows where they end. Usage: examples/thinking-budget.sh [any option of generate]
set -euo pipefail
examples=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
exec "$examples/../submit/local.sh" generate --model "$examples/tiny-reasoner" --input "$examples/prompts.jsonl" --output "$work/answers" \
  --temperature 0 --thinking-token-budget 8 \
  --show 3 "$@"
