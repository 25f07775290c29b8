"""What eight-bit products would lose: simulates them on a GGUF model and scores PIQA choices, without and with scales by block.

    python -m venv .venv && .venv/bin/pip install torch transformers gguf accelerate
    .venv/bin/python benchmarks/eight-bits.py --gguf MODEL.gguf job/src/test/resources/golden/smollm2_piqa_scores.jsonl.gz

Weights and activations of every product but the embedding's look-up are rounded to integers of -127 to 127 times one scale for each block of values along k; the
sum is taken in float32, which for such integers is what the integer units return up to the last bits. Prints, for each block size, the mean absolute difference
of a token's log-probability from float32, the same of a choice's sum divided by its tokens, and how many choices and right answers changed.
The gate that --compute int8 had to pass is in docs/decisions/0042-no-eight-bit-mode.md.
"""
import argparse
import gzip
import json
import os

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def round_by_block(values, block):
    """Each block of the last dimension (all of it for 0) as integers times a scale, back in float32."""
    shape = values.shape
    blocks = values.reshape(-1, block or shape[-1])
    scale = blocks.abs().amax(dim=1, keepdim=True) / 127
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return (torch.round(blocks / scale).clamp(-127, 127) * scale).reshape(shape)


class RoundedProducts:
    """A context in which all linear layers of a model compute with rounded operands."""

    def __init__(self, model, weights, activations):
        self.layers = [layer for layer in model.modules() if isinstance(layer, torch.nn.Linear)]
        self.weights, self.activations = weights, activations

    def __enter__(self):
        self.originals = [layer.weight for layer in self.layers]
        self.hooks = []
        for layer in self.layers:
            # the LM head may share its weights with the embedding, which is not rounded
            layer.weight = torch.nn.Parameter(self.weights(layer.weight.data), requires_grad=False)
            self.hooks.append(layer.register_forward_pre_hook(lambda _, inputs: (self.activations(inputs[0]),)))

    def __exit__(self, *_):
        for layer, original in zip(self.layers, self.originals):
            layer.weight = original
        for hook in self.hooks:
            hook.remove()


def token_logprobs(model, tokenizer, row):
    """Of each choice, the log-probabilities of its tokens after the row's context."""
    messages = [{"role": "user", "content": row["context"]}]
    context = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    start = len(tokenizer(context, add_special_tokens=False).input_ids)
    found = []
    for choice in row["choices"]:
        ids = tokenizer(context + " " + choice["text"], add_special_tokens=False, return_tensors="pt").input_ids
        logprobs = torch.log_softmax(model(ids).logits[0, start - 1:-1], dim=-1)
        found.append(logprobs.gather(1, ids[0, start:, None])[:, 0])
    return found


def best(choices):
    return max(range(len(choices)), key=lambda i: float(choices[i].sum()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scores", help="PIQA rows, gzipped: context, choices, gold")
    parser.add_argument("--gguf", required=True)
    parser.add_argument("--every", type=int, default=4, help="take every Nth row")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_grad_enabled(False)
    directory, file = os.path.split(os.path.abspath(args.gguf))
    tokenizer = AutoTokenizer.from_pretrained(directory, gguf_file=file)
    model = AutoModelForCausalLM.from_pretrained(directory, gguf_file=file, dtype=torch.float32).eval()
    with gzip.open(args.scores, "rt") as lines:
        rows = [json.loads(line) for line in lines][::args.every]

    same = lambda values: values
    rounded = {"bfloat16, weights and activations": (lambda v: v.bfloat16().float(),) * 2}
    for block in (0, 96, 64, 32):
        by = f"by blocks of {block}" if block else "by row"
        rounded[f"8 bits {by}, weights alone"] = (lambda v, b=block: round_by_block(v, b), same)
        rounded[f"8 bits {by}, weights and activations"] = (lambda v, b=block: round_by_block(v, b),) * 2

    exact = [token_logprobs(model, tokenizer, row) for row in rows]
    right = sum(best(choices) == row["gold"] for choices, row in zip(exact, rows))
    golden = max(abs(float(c.sum()) - g["logprob"]) for cs, row in zip(exact, rows) for c, g in zip(cs, row["choices"]))
    print(f"{len(rows)} rows, float32: {right} right, farthest from the goldens {golden:.5f}", flush=True)
    for name, (weights, activations) in rounded.items():
        with RoundedProducts(model, weights, activations):
            found = [token_logprobs(model, tokenizer, row) for row in rows]
        pairs = [(f, e) for fs, es in zip(found, exact) for f, e in zip(fs, es)]
        tokens = torch.cat([(f - e).abs() for f, e in pairs]).mean()
        sums = torch.stack([((f - e).sum() / len(e)).abs() for f, e in pairs]).mean()
        changed = sum(best(f) != best(e) for f, e in zip(found, exact))
        right = sum(best(f) == row["gold"] for f, row in zip(found, rows))
        print(json.dumps({"products": name, "per_token": round(float(tokens), 4), "per_choice": round(float(sums), 4),
                          "choices_changed": changed, "right": right}), flush=True)


if __name__ == "__main__":
    main()
