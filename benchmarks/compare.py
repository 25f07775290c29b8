"""Our whole job beside the engines a user would pick instead, and beside itself in other settings; in turn, and the ratio of each round.

    benchmarks/compare.sh peers   --gguf MODEL.gguf --server PATH/llama-server [--format Q4_0=FILE.gguf ...] [--python VENV/bin/python]
    benchmarks/compare.sh compute --gguf MODEL.gguf          exact and --compute auto (or --mode bf16) in turn, beside the peers whose paths are given
    benchmarks/compare.sh shared  --gguf MODEL.gguf          one system prompt of about 400 tokens on every row: prompt tokens computed, and prefix caching on and off
    benchmarks/compare.sh layouts --gguf MODEL.gguf          one JVM with two tasks and two JVMs with one task each; needs SPARK_HOME
    benchmarks/compare.sh drain   --gguf MODEL.gguf          what the end of a task costs, from a recording of every step (docs/performance.md says how it is reckoned)
    benchmarks/compare.sh memory  --gguf MODEL.gguf          two tasks of 48 slots and 512 tokens in heaps of 4 GB (float32) and 3500 MB (bfloat16)

Greedy, at most 128 tokens a row, two threads. The clock runs from the first row into the engine to the last one out; start-up and loading are left out.
`peers` first runs every weight format and number of slots of llama.cpp once on a part of the rows, then the best of them in turn with ours (and with
transformers, in float32 and batches of 64, where --python has it). benchmarks/peers.py says how to get llama-server and transformers; other formats come
from llama-quantize --allow-requantize. Machines are noisy: compare within one run only.
"""
import argparse
import glob
import json
import os
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RULE = ("You label, extract and rephrase short texts for a data team. Answer in plain English, as briefly as the question allows, and never repeat the question. "
        "When a text is ambiguous, choose the more common reading and go on. Numbers are written as digits, dates as year, month and day. ")


class Failed(Exception):
    pass


def command(words, environment=None):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, env={**os.environ, **(environment or {})})
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, words))}\nexit code {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


def ours(args, rows, *options, environment=None, launcher="local.sh", master="local[2]", prompts=None):
    """One run of the job; its manifest's throughput and tokens."""
    with tempfile.TemporaryDirectory() as scratch:
        output = os.path.join(scratch, "out")
        command([f"{ROOT}/submit/{launcher}", "generate", "--master", master, "--model", args.gguf, "--input", prompts or args.prompts,
                 "--output", output, "--temperature", 0, "--max-tokens", 128, "--limit", rows, *options], environment)
        with open(glob.glob(output + "/_run/*.json")[0]) as file:
            manifest = json.load(file)
    errors = manifest["rows"]["error"]
    if errors:
        raise Failed(f"{errors} of {rows} rows are error rows: {manifest['rows']}")
    if "--compute" in options:
        print(f"  compute: {json.dumps(manifest['compute'])}, kernels {manifest['kernels']}", flush=True)
    return {**manifest["throughput"], **{name + "_tokens": count for name, count in manifest["tokens"].items()}}


def peer(args, python, *options):
    return json.loads(command([python, f"{ROOT}/benchmarks/peers.py", *options, args.prompts]))


def llama(args, rows, gguf, slots):
    return peer(args, sys.executable, "llama.cpp", "--server", args.server, "--gguf", gguf, "--slots", slots, "--limit", rows)


def show(name, result):
    print(f"  {name:<34} {result['rows_per_hour']:>8.0f} rows/h   {json.dumps(result)}", flush=True)


def ratios(name, values):
    print(f"{name}: median {statistics.median(values):.2f}, rounds {', '.join('%.2f' % value for value in values)}", flush=True)


def compare_peers(args):
    formats = {"as it comes": args.gguf, **dict(pair.split("=", 1) for pair in args.format)}
    print(f"llama.cpp, {args.screening_rows} rows each")
    found = {}
    for label, gguf in formats.items():
        for slots in args.slots:
            found[label, slots] = llama(args, args.screening_rows, gguf, slots)["rows_per_hour"]
            print(f"  {label:<12} {slots:>3} slots {found[label, slots]:>8} rows/h", flush=True)
    (label, slots) = max(found, key=found.get)
    print(f"best: {label}, {slots} slots; {args.rows} rows in turn")
    to_llama, to_transformers = [], []
    for turn in range(args.rounds):
        print(f"round {turn + 1}")
        mine = ours(args, args.rows, *args.option)
        show("trlm-spark", mine)
        theirs = llama(args, args.rows, formats[label], slots)
        show(f"llama.cpp {label}, {slots} slots", theirs)
        to_llama.append(mine["rows_per_hour"] / theirs["rows_per_hour"])
        if args.python:
            theirs = peer(args, args.python, "transformers", "--gguf", args.gguf, "--dtype", "float32", "--batch", 64, "--limit", args.rows)
            show("transformers float32, batch 64", theirs)
            to_transformers.append(mine["rows_per_hour"] / theirs["rows_per_hour"])
    ratios("rows an hour, ours to llama.cpp", to_llama)
    if to_transformers:
        ratios("rows an hour, ours to transformers", to_transformers)


def compare_compute(args):
    """Our own jar of bf16 is taken from where Maven makes it, unless TRLM_JARS names another."""
    jars = {"TRLM_JARS": os.environ.get("TRLM_JARS", f"{ROOT}/onednn/target/trlm-spark-onednn.jar")}
    to_exact, to_llama, to_transformers = [], [], []
    for turn in range(args.rounds):
        print(f"round {turn + 1}")
        exact = ours(args, args.rows, *args.option)
        show("trlm-spark, exact", exact)
        mine = ours(args, args.rows, "--compute", args.mode, *args.option, environment=jars)
        show(f"trlm-spark, --compute {args.mode}", mine)
        to_exact.append(mine["rows_per_hour"] / exact["rows_per_hour"])
        if args.server:
            theirs = llama(args, args.rows, args.gguf, args.slots[0])
            show(f"llama.cpp as it comes, {args.slots[0]} slots", theirs)
            to_llama.append(mine["rows_per_hour"] / theirs["rows_per_hour"])
        if args.python:
            theirs = peer(args, args.python, "transformers", "--gguf", args.gguf, "--dtype", "bfloat16", "--batch", 64, "--limit", args.rows)
            show("transformers bfloat16, batch 64", theirs)
            to_transformers.append(mine["rows_per_hour"] / theirs["rows_per_hour"])
    ratios(f"rows an hour, --compute {args.mode} to exact", to_exact)
    if to_llama:
        ratios(f"rows an hour, --compute {args.mode} to llama.cpp", to_llama)
    if to_transformers:
        ratios(f"rows an hour, --compute {args.mode} to transformers bfloat16", to_transformers)


def shared_tokens(args, system):
    """How many first tokens all prompts under a system prompt have in common."""
    with tempfile.TemporaryDirectory() as scratch:
        with open(scratch + "/two.jsonl", "w") as file:
            file.write('{"prompt": "1"}\n{"prompt": "x"}\n')
        command([f"{ROOT}/submit/local.sh", "tokenize", "--master", "local[1]", "--model", args.gguf, "--input", scratch + "/two.jsonl", "--output", scratch + "/out",
                 "--output-format", "jsonl", "--system-prompt", system])
        rows = [json.loads(line) for name in glob.glob(scratch + "/out/**/*.json", recursive=True) for line in open(name) if "token_ids" in line]
    return len(os.path.commonprefix([row["token_ids"] for row in rows]))


def compare_shared(args):
    """The count first, over all rows: it does not depend on the length of answers."""
    system = RULE * 6
    shared = shared_tokens(args, system)
    count = ours(args, 256, "--partitions", 2, "--system-prompt", system, "--max-tokens", 1, *args.option)
    unshared = count["prompt_tokens"] - 256 * shared
    computed = count["prompt_tokens"] - count["cached_tokens"]
    print(f"256 prompts of {count['prompt_tokens']} tokens, {shared} of each shared: {computed} computed, {unshared} unshared, ratio {computed / unshared:.3f}", flush=True)
    faster = []
    for turn in range(args.rounds):
        print(f"round {turn + 1}")
        on = ours(args, args.rows, "--partitions", 2, "--system-prompt", system, *args.option)
        show("system prompt, caching on", on)
        off = ours(args, args.rows, "--partitions", 2, "--system-prompt", system, "--enable-prefix-caching", "false", *args.option)
        show("system prompt, caching off", off)
        faster.append(on["rows_per_hour"] / off["rows_per_hour"])
    ratios("rows an hour, caching on to off", faster)


def compare_layouts(args):
    ratio = []
    memory = {"TRLM_DRIVER_MEMORY": "6g"}
    for turn in range(args.rounds):
        print(f"round {turn + 1}")
        one = ours(args, args.rows, "--max-num-seqs", 48, "--partitions", 2, environment=memory)
        show("one JVM, two tasks", one)
        two = ours(args, args.rows, "--max-num-seqs", 48, "--partitions", 2, "--", "--driver-memory", "2g", "--conf", "spark.executor.memory=3g",
                   launcher="spark-submit.sh", master="local-cluster[2,1,3072]")
        show("two JVMs, one task each", two)
        ratio.append(two["rows_per_hour"] / one["rows_per_hour"])
    ratios("rows an hour, two JVMs to one", ratio)


def recorded(recording):
    """The environment in which Java leaves a recording of every step of its engines."""
    return {"JDK_JAVA_OPTIONS": f"-XX:StartFlightRecording:filename={recording},settings=none"}


def steps_of(recording):
    """The steps of each engine in a recording of Java Flight Recorder, in their order."""
    home = os.environ.get("JAVA_HOME")
    jfr = os.path.join(home, "bin", "jfr") if home else "jfr"
    events = json.loads(command([jfr, "print", "--json", "--events", "trlm.Step", recording]))["recording"]["events"]
    threads = {}
    for event in events:
        step = event["values"]
        step["seconds"] = float(step["duration"].removeprefix("PT").removesuffix("S"))
        threads.setdefault(step["eventThread"]["javaThreadId"], []).append(step)
    engines = []
    for steps in threads.values():
        for step in sorted(steps, key=lambda step: step["startTime"]):
            if step["number"] == 0:
                engines.append([])
            engines[-1].append(step)
    return engines


def drain_of(steps):
    """Share of a task's time that its last steps took longer than their tokens would have taken among full slots."""
    last = max((i for i, step in enumerate(steps) if step["waiting"] > 0 or step["sequences"] == step["slots"]), default=-1)
    decoding = [step for step in steps if step["tokens"] == step["sequences"]]
    most = max(step["sequences"] for step in decoding)
    full = [step for step in decoding if step["sequences"] >= 0.9 * most]
    a_token = sum(step["seconds"] for step in full) / sum(step["tokens"] for step in full)
    tail = steps[last + 1:]
    lost = sum(step["seconds"] - step["tokens"] * a_token for step in tail)
    seconds = sum(step["seconds"] for step in steps)
    return {"seconds": round(seconds, 2), "steps": len(steps), "slots": steps[0]["slots"], "drain_steps": len(tail),
            "drain_seconds": round(sum(step["seconds"] for step in tail), 2), "lost_seconds": round(lost, 2), "lost_share": round(lost / seconds, 4)}


def compare_drain(args):
    for turn in range(args.rounds):
        print(f"round {turn + 1}")
        with tempfile.TemporaryDirectory() as scratch:
            recording = args.recording or os.path.join(scratch, "steps.jfr")
            result = ours(args, args.rows, "--partitions", 2, *args.option, environment=recorded(recording))
            show("trlm-spark", result)
            for steps in steps_of(recording):
                print(f"  a task: {json.dumps(drain_of(steps))}", flush=True)


def compare_memory(args):
    """Prompts and answers that fill 512 tokens in all slots of two tasks at the same time; a slot that stays empty or a preemption is a failure."""
    slots, length, tasks = 48, 512, 2
    with tempfile.TemporaryDirectory() as scratch:
        prompts, recording = scratch + "/prompts.jsonl", scratch + "/steps.jfr"
        with open(prompts, "w") as file:
            for i in range(slots * tasks):
                file.write(json.dumps({"id": str(i), "prompt": f"Text {i}. " + RULE * 4 + "Write a long story about it."}) + "\n")
        for heap, dtype in (("4g", "float32"), ("3500m", "bfloat16")):
            result = ours(args, slots * tasks, "--dtype", dtype, "--max-num-seqs", slots, "--max-model-len", length, "--max-tokens", length, "--ignore-eos",
                          "--partitions", tasks, "--enable-prefix-caching", "false", environment={"TRLM_DRIVER_MEMORY": heap, **recorded(recording)}, prompts=prompts)
            show(f"-Xmx{heap}, {dtype}", result)
            tokens = result["prompt_tokens"] + result["generated_tokens"]
            full = [max(step["sequences"] for step in steps if step["tokens"] == step["sequences"]) for steps in steps_of(recording)]
            preemptions = sum(steps[-1]["preemptions"] for steps in steps_of(recording))
            if tokens != slots * tasks * length or full != [slots] * tasks or preemptions > 0:
                raise Failed(f"{tokens} tokens, {full} slots in use at most, {preemptions} preemptions: not all slots were full")
            print(f"  all {slots} slots of {tasks} tasks full to {length} tokens, no preemption", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["peers", "compute", "shared", "layouts", "drain", "memory"])
    parser.add_argument("--gguf", required=True)
    parser.add_argument("--server", help="path of llama-server")
    parser.add_argument("--format", action="append", default=[], metavar="NAME=FILE.gguf", help="another weight format for llama.cpp; repeatable")
    parser.add_argument("--slots", type=int, nargs="+", default=[16, 32, 64], help="slots of llama.cpp to try")
    parser.add_argument("--mode", choices=["auto", "bf16"], default="auto", help="of compute, beside exact")
    parser.add_argument("--python", help="a Python with torch, transformers, gguf and accelerate")
    parser.add_argument("--prompts", default=f"{ROOT}/benchmarks/questions.jsonl")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=256)
    parser.add_argument("--screening-rows", type=int, default=64)
    parser.add_argument("--option", action="append", default=[], help="an option for our job, as --option=--max-num-seqs=128; repeatable")
    parser.add_argument("--recording", help="where drain leaves its recording; else nowhere")
    args = parser.parse_args()
    if args.what == "peers" and not args.server:
        parser.error("peers needs --server")
    try:
        {"peers": compare_peers, "compute": compare_compute, "shared": compare_shared, "layouts": compare_layouts, "drain": compare_drain, "memory": compare_memory}[args.what](args)
    except Failed as failure:
        sys.exit(str(failure))


if __name__ == "__main__":
    main()
