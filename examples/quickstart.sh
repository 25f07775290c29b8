#!/usr/bin/env bash
# The embedded tiny reasoner answers its 240 prompts; five rows are shown. Usage: examples/quickstart.sh [any option of generate]
set -euo pipefail
examples=$(cd "$(dirname "$0")" && pwd)
out=$(mktemp -d)/answers
exec "$examples/../submit/local.sh" generate --model "$examples/tiny-reasoner" --input "$examples/prompts.parquet" --output "$out" \
  --temperature 0 --show 5 "$@"
