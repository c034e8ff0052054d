#!/usr/bin/env python3
"""Compares every network of the installed keras.applications with Keras; see architecture.py for what is compared.

    architectures.py [PATTERN...] [--again] [--without-maps] [--minutes-each N]
        those whose names match (all), but for those whose row in architectures.json is whole; --again: those as well. The rows are
        kept there after each network, and the page docs/architectures.md is made of them.
    architectures.py --seconds N [--seed N]
        a sample, drawn by the seed, for about so long by the times on record; nothing is kept

Each network has a process of its own. Exit code 1 where a cell fails."""

from __future__ import annotations

import argparse
import fnmatch
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time
from typing import Any, Dict, List

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/docs"))
import architectures as page  # noqa: E402

Row = Dict[str, Any]


def compared(name: str, options: argparse.Namespace) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        result = pathlib.Path(folder) / "row.json"
        command = [sys.executable, str(pathlib.Path(__file__).with_name("architecture.py")), name, str(result)]
        command += ["--without-maps"] if options.without_maps else []
        try:
            child = subprocess.run(command, capture_output=True, text=True, timeout=60 * options.minutes_each)
        except subprocess.TimeoutExpired:
            return {"logits": {"verdict": "FAILS", "reason": f"over {options.minutes_each} minutes"}}
        if result.exists():
            return json.loads(result.read_text())
        lines = child.stderr.strip().splitlines() or ["says nothing"]
        return {"logits": {"verdict": "FAILS", "reason": f"exit code {child.returncode}: {lines[-1][:300]}"}}


def show(name: str, row: Row) -> bool:
    cells = {key: row[key] for key in page.CELLS if key in row}
    failed = any(cell["verdict"] == "FAILS" for cell in cells.values())
    print(f"{name:18} " + "; ".join(f"{key} {page.text_of(cell)}" for key, cell in cells.items()), flush=True)
    if failed:
        print(json.dumps(row), flush=True)
    return not failed


def sample(names: List[str], rows: Dict[str, Row], options: argparse.Namespace) -> List[str]:
    """Names in random order whose times on record fill the time."""
    print(f"{page.version()}: a sample of the architectures, seed {options.seed}", flush=True)
    left, chosen = options.seconds, []
    for name in random.Random(options.seed).sample(names, len(names)):
        cost = rows.get(name, {}).get("seconds", options.seconds) + 5
        if cost <= left or not chosen and cost <= 2 * left:
            chosen.append(name)
            left -= cost
    return chosen


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("patterns", nargs="*", default=["*"])
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--without-maps", action="store_true")
    parser.add_argument("--minutes-each", type=float, default=30)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    options = parser.parse_args()
    version, rows = page.version(), page.stored().get(page.version(), {})
    names = [name for pattern in options.patterns for name in page.constructors() if fnmatch.fnmatch(name, pattern)]
    names = list(dict.fromkeys(names))
    if options.seconds:
        names = sample(names, rows, options)
    elif not options.again:
        names = [name for name in names if not page.whole(rows.get(name, {}), options.without_maps)]
    good = True
    for name in names:
        if not options.seconds and not options.again and page.whole(page.stored().get(version, {}).get(name, {}), options.without_maps):
            continue  # by another process in the meantime
        row = compared(name, options)
        good = show(name, row) and good
        if not options.seconds:
            page.keep(version, name, row)
    print(f"{len(names)} networks compared" + ("" if good else ", some fail"))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
