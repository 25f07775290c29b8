#!/usr/bin/env bash
# Several samples of each prompt, and a vote: the answer that most samples agree on, of equally many the one the model found likelier.
# The embedded tiny reasoner does the first 40 prompts, 8 samples each. Usage: examples/best-of-n.sh [any option of generate]
set -euo pipefail
examples=$(cd "$(dirname "$0")" && pwd)
out=$(mktemp -d)/samples
"$examples/../submit/local.sh" generate --model "$examples/tiny-reasoner" --input "$examples/prompts.jsonl" --output "$out" \
  --output-format jsonl --limit 40 --n 8 --temperature 1 --top-p 0.95 --logprobs 0 "$@"

# one line a sample: "custom_id", "answer" (the right one, from the input), "content" and "cumulative_logprob" are what the vote needs
find "$out" -name 'part-*' -size +0 -exec cat {} + | awk '
  function text(key) {
    return match($0, "\"" key "\":\"([^\"\\\\]|\\\\.)*\"") ? substr($0, RSTART + length(key) + 4, RLENGTH - length(key) - 5) : ""
  }
  function number(key) {
    return match($0, "\"" key "\":-?[0-9.eE+-]+") ? substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3) + 0 : -1e9
  }
  /"status":"ok"/ {
    id = text("custom_id"); said = text("content"); logprob = number("cumulative_logprob")
    right[id] = text("answer")
    samples++; good += said == right[id]
    if (said == "") next
    vote = id SUBSEP said
    votes[vote]++
    if (!(vote in likeliest) || logprob > likeliest[vote]) likeliest[vote] = logprob
    if (!(id in best)) { best[id] = said; next }
    other = id SUBSEP best[id]
    if (votes[vote] > votes[other] || (votes[vote] == votes[other] && likeliest[vote] > likeliest[other])) best[id] = said
  }
  END {
    for (id in right) {
      rows++; won += best[id] == right[id]
      printf "%-18s %2d votes  %s%s\n", id, votes[id SUBSEP best[id]], best[id], best[id] == right[id] ? "" : "   (right: " right[id] ")" | "sort"
    }
    close("sort")
    if (!rows) { print "no samples found" > "/dev/stderr"; exit 1 }
    printf "right: %.0f %% of single samples, %.0f %% of votes (%d rows)\n", 100 * good / samples, 100 * won / rows, rows
  }'
