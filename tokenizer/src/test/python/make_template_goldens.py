"""Writes chat_constructs.jsonl: what Jinja2, set up as transformers does, renders for single constructs.

Usage: python3 make_template_goldens.py > ../resources/golden/chat_constructs.jsonl   (needs jinja2 3.1)
"""
import json
import sys

from jinja2 import nodes
from jinja2.exceptions import TemplateError
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Generation(Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.CallBlock(self.call_method("_text"), [], [], body).set_lineno(line)

    def _text(self, caller):
        return caller()


def raise_exception(message):
    raise TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
env.filters["tojson"] = tojson
env.globals["raise_exception"] = raise_exception

MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "  What's 2+2? \u00e9\u4e2d\U0001f600\n"},
    {"role": "assistant", "content": "<think>\nsum\n</think>\n\n4", "tool_calls": [
        {"type": "function", "function": {"name": "add", "arguments": {"a": 2, "b": [1.5, True, None, "x\"y"]}}}]},
    {"role": "tool", "content": "{\"r\": 4}", "name": "add"},
]
KWARGS = {"bos_token": "<s>", "eos_token": "</s>", "tools": None, "add_generation_prompt": True,
          "n": 7, "f": 2.5, "words": ["b", "A", "c", "a"], "d": {"z": 1, "B": 2, "a": None},
          "items_": [{"k": 2, "v": "x"}, {"k": 1, "v": "y"}, {"k": 2, "v": "Z"}], "empty": [], "nothing": None, "s": "Hello World"}

EXPRESSIONS = open(__file__.replace("make_template_goldens.py", "constructs.txt"), encoding="utf-8").read().split("\n---\n")


def main():
    for number, template in enumerate(EXPRESSIONS):
        template = template.strip("\n") if not template.startswith("KEEP") else template[4:]
        if not template:
            continue
        line = {"template_name": "construct", "case": str(number) + " " + template[:40], "template": template,
                "messages": MESSAGES, "kwargs": KWARGS}
        try:
            line["expected"] = env.from_string(template).render(messages=MESSAGES, **KWARGS)
        except Exception as e:
            line["error"] = str(e)
            line["error_type"] = type(e).__name__
        if " at 0x" in line.get("expected", ""):
            print("left out, an address is printed by " + template, file=sys.stderr)
            continue
        print(json.dumps(line, ensure_ascii=True))


main()
