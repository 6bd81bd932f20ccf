#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""join.py: the figures of several benchmarks in one file, in Google Benchmark's shape.

usage: bench/join.py ALL.json PART.json...

Empty parts count as none. What contexts say twice, the first one says; families are numbered on.
"""
import json
import os
import sys


def join(parts):
    """One set of figures of several."""
    whole, families = {"context": {}, "benchmarks": []}, 0
    for part in parts:
        whole["context"] = {**part["context"], **whole["context"]}
        for entry in part["benchmarks"]:
            whole["benchmarks"].append({**entry, "family_index": entry["family_index"] + families})
        families = 1 + max((entry["family_index"] for entry in whole["benchmarks"]), default=-1)
    return whole


def main(to, *paths):
    parts = []
    for path in paths:
        if os.path.getsize(path) != 0:
            with open(path, encoding="utf-8") as source:
                parts.append(json.load(source))
    with open(to, "w", encoding="utf-8") as out:
        json.dump(join(parts), out, indent=2, ensure_ascii=False)
        out.write("\n")


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] in ("-h", "--help"):
        print(__doc__.strip())
        sys.exit(0 if len(sys.argv) == 2 else 2)
    main(*sys.argv[1:])
