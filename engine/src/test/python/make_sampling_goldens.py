#!/usr/bin/env python3
"""Writes src/test/resources/golden/sampling.jsonl: random rows of logits, histories and sampling parameters, and what
transformers' logits processors and warpers make of them, chained in the order of docs/sampling.md.

    pip install torch transformers
    python3 make_sampling_goldens.py ../resources/golden/sampling.jsonl

transformers has no presence and frequency penalty; theirs is the formula of the OpenAI interface, written below. Where
vLLM's meaning is narrower (bad words look at generated tokens alone), the processor is given what vLLM looks at.
"""
import json
import sys

import torch
from transformers import (
    LogitsProcessorList,
    MinNewTokensLengthLogitsProcessor,
    MinPLogitsWarper,
    NoBadWordsLogitsProcessor,
    PrefixConstrainedLogitsProcessor,
    RepetitionPenaltyLogitsProcessor,
    SequenceBiasLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)
import transformers

SEED = 20260401
CASES = 360


class OccurrencePenalties:
    """logit -= frequency_penalty * count + presence_penalty * (count > 0), over generated tokens."""

    def __init__(self, frequency, presence, prompt_length):
        self.frequency, self.presence, self.prompt_length = frequency, presence, prompt_length

    def __call__(self, input_ids, scores):
        counts = torch.bincount(input_ids[0, self.prompt_length:], minlength=scores.shape[1])
        scores = scores - self.frequency * counts
        return scores - self.presence * (counts > 0)


class OnGenerated:
    """Gives a processor the generated tokens alone."""

    def __init__(self, processor, prompt_length):
        self.processor, self.prompt_length = processor, prompt_length

    def __call__(self, input_ids, scores):
        return self.processor(input_ids[:, self.prompt_length:], scores)


def draw(generator):
    """One case: a vocabulary of 20 to 150 tokens, and each parameter in about a third of the cases."""

    def uniform(low=0.0, high=1.0):
        return low + (high - low) * float(torch.rand((), generator=generator))

    def below(n):
        return int(torch.randint(n, (), generator=generator))

    def sometimes():
        return uniform() < 0.35

    vocabulary = 20 + below(130)
    scale = [0.5, 1, 2, 4][below(4)]
    # multiples of 2^-12: exact in JSON and float32; few enough values that ties occur
    logits = torch.round(torch.randn(vocabulary, generator=generator) * scale * 4096) / 4096
    tokens = [below(min(vocabulary, 30)) for _ in range(1 + below(20))]
    prompt_length = below(len(tokens)) + 1
    case = {
        "logits": [float(x) for x in logits],
        "tokens": tokens,
        "prompt_length": prompt_length,
        "end_tokens": [below(vocabulary)],
        "params": {},
    }
    params = case["params"]
    params["temperature"] = round(uniform(0.3, 2.0), 3) if uniform() < 0.8 else 1.0
    if sometimes():
        params["logit_bias"] = {str(below(vocabulary)): round(uniform(-5, 5), 2) for _ in range(1 + below(6))}
    if sometimes():
        # never without the tokens that nothing else rules out
        params["allowed_token_ids"] = sorted({below(vocabulary) for _ in range(8 + below(vocabulary))})
    generated = tokens[prompt_length:]
    if sometimes():
        words = [[below(vocabulary)]]
        if len(generated) > 1:
            cut = 1 + below(len(generated) - 1)
            words.append(generated[cut:] + [below(vocabulary)])
            words.append(tokens[-1 - below(len(tokens)):] + [below(vocabulary)])
        words.append([below(vocabulary), below(vocabulary)])
        params["bad_words"] = [w for w in words if w != case["end_tokens"]]
    if sometimes():
        params["min_tokens"] = max(1, len(generated) + below(3) - 1)
    if sometimes():
        params["repetition_penalty"] = round(uniform(0.7, 1.6), 3)
    if sometimes():
        params["frequency_penalty"] = round(uniform(-2, 2), 2)
    if sometimes():
        params["presence_penalty"] = round(uniform(-2, 2), 2)
    if sometimes():
        params["min_p"] = round(uniform(0.0, 0.3), 3)
    if sometimes():
        params["top_k"] = 1 + below(vocabulary)
    if sometimes():
        params["top_p"] = round(uniform(0.05, 0.99), 3)
    return case


def chain(case):
    params, prompt_length = case["params"], case["prompt_length"]
    processors = LogitsProcessorList()
    if "logit_bias" in params:
        processors.append(SequenceBiasLogitsProcessor({(int(t),): b for t, b in params["logit_bias"].items()}))
    if "allowed_token_ids" in params:
        allowed = params["allowed_token_ids"]
        processors.append(PrefixConstrainedLogitsProcessor(lambda batch, ids: allowed, 1))
    if params.get("bad_words"):
        words = NoBadWordsLogitsProcessor(params["bad_words"], eos_token_id=case["end_tokens"])
        processors.append(OnGenerated(words, prompt_length))
    if "min_tokens" in params:
        processors.append(
            MinNewTokensLengthLogitsProcessor(prompt_length, params["min_tokens"], case["end_tokens"]))
    if "repetition_penalty" in params:
        processors.append(RepetitionPenaltyLogitsProcessor(params["repetition_penalty"]))
    frequency, presence = params.get("frequency_penalty", 0.0), params.get("presence_penalty", 0.0)
    if frequency or presence:
        processors.append(OccurrencePenalties(frequency, presence, prompt_length))
    if params["temperature"] != 1.0:
        processors.append(TemperatureLogitsWarper(params["temperature"]))
    if "min_p" in params:
        processors.append(MinPLogitsWarper(params["min_p"]))
    if "top_k" in params:
        processors.append(TopKLogitsWarper(params["top_k"]))
    if "top_p" in params:
        processors.append(TopPLogitsWarper(params["top_p"]))
    return processors


def main(path):
    generator = torch.Generator().manual_seed(SEED)
    with open(path, "w") as out:
        head = {"seed": SEED, "transformers": transformers.__version__, "torch": torch.__version__.split("+")[0]}
        out.write(json.dumps(head) + "\n")
        for _ in range(CASES):
            case = draw(generator)
            ids = torch.tensor([case["tokens"]])
            scores = chain(case)(ids, torch.tensor([case["logits"]], dtype=torch.float32))[0]
            probabilities = torch.softmax(scores.double(), dim=0)
            kept = [i for i in range(len(scores)) if scores[i] != -float("inf")]
            if not kept:
                raise SystemExit("a case without any token; choose another seed")
            case["probabilities"] = {str(i): float(f"{float(probabilities[i]):.8g}") for i in kept}
            case["logits"] = [int(x * 4096) for x in case["logits"]]
            out.write(json.dumps(case, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
