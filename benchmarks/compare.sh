#!/usr/bin/env bash
# Our whole job beside llama.cpp and transformers, and beside itself in other settings, in turn: benchmarks/compare.sh --help
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
exec python3 "$root/benchmarks/compare.py" "$@"
