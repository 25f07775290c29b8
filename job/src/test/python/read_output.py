"""Reads an output as others would, and prints what was found as JSON: read_output.py parquet|openai DIRECTORY."""

import glob
import json
import sys


def read_parquet(directory):
    import duckdb
    import pandas
    import pyarrow.dataset

    found = {}
    # names that begin with an underscore are left out: open waves, state, manifests
    table = pyarrow.dataset.dataset(directory, format="parquet", partitioning="hive").to_table()
    found["pyarrow"] = sorted(table.column("custom_id").to_pylist())
    found["columns"] = table.column_names
    found["pandas"] = sorted(pandas.read_parquet(directory)["custom_id"])
    rows = duckdb.sql(
        "select custom_id, content, usage.completion_tokens, wave, epoch(created_at), error.code"
        f" from read_parquet('{directory}/wave=*/*.parquet', hive_partitioning=true)"
    ).fetchall()
    found["duckdb"] = sorted(row[0] for row in rows)
    found["tokens"] = sum(row[2] for row in rows if row[2] is not None)
    found["waves"] = sorted({row[3] for row in rows})
    return found


def read_openai(directory):
    from openai.types import BatchError
    from openai.types.chat import ChatCompletion

    found = {"responses": [], "errors": [], "contents": {}, "reasoning": []}
    for kind in ("responses", "errors"):
        for name in glob.glob(f"{directory}/wave=*/lines={kind}/*.jsonl"):
            with open(name, encoding="utf-8") as lines:
                for line in map(json.loads, lines):
                    found[kind].append(line["custom_id"])
                    if kind == "responses":
                        completion = ChatCompletion.model_validate(line["response"]["body"], strict=True)
                        found["contents"][line["custom_id"]] = completion.choices[0].message.content
                        assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens
                        assert completion.usage.completion_tokens_details.reasoning_tokens is not None
                        found["reasoning"].append(completion.choices[0].message.reasoning_content)
                    else:
                        assert line["response"] is None
                        error = BatchError.model_validate(line["error"], strict=True)
                        assert error.code and error.message
    found["responses"].sort()
    found["errors"].sort()
    return found


if __name__ == "__main__":
    readers = {"parquet": read_parquet, "openai": read_openai}
    json.dump(readers[sys.argv[1]](sys.argv[2]), sys.stdout)
