#!/usr/bin/env bash
# Answers as JSON objects of one schema. Usage: examples/json-extraction.sh [any option of generate]
set -euo pipefail
examples=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
grep '"task": *"sentiment"' "$examples/prompts.jsonl" > "$work/reviews.jsonl"
exec "$examples/../submit/local.sh" generate --model "$examples/tiny-reasoner" --input "$work/reviews.jsonl" --output "$work/answers" \
  --temperature 0 --structured-outputs '{"json": {"type": "object", "required": ["label", "stars"], "properties": {
    "label": {"enum": ["positive", "negative", "neutral"]}, "stars": {"type": "integer", "minimum": 1, "maximum": 5}}}}' \
  --show 3 "$@"
