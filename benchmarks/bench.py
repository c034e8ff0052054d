#!/usr/bin/env python3
"""Measures this build beside the packages that it stands in for, on this machine: `make bench`.

    bench.py [SECTION...]     all of them if none is named

    BENCH_REPEATS=N   pairs per figure (7); fewer are quicker and noisier
    BENCH_OUT=FILE    where the results go

A run of all sections with all repeats is written to benchmarks/results/DATE-CPU.md, any other to
build/bench/results.md. What is finished is written after each table. Progress goes to standard error.
"""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import time
import traceback
from typing import Dict, Iterator, List, Optional

os.environ.setdefault("OPENBLAS_NUM_THREADS", "2")  # of the fixed kernel: before NumPy is loaded

from sections import SECTIONS  # noqa: E402
from support import machine  # noqa: E402
from support.places import RESULTS, SCRATCH  # noqa: E402
from support.report import Table, document, facts_table, targets_table  # noqa: E402
from support.session import Session  # noqa: E402
from support.workers import Failure  # noqa: E402

REPEATS = 7


def chosen(arguments: List[str]) -> List[str]:
    unknown = [name for name in arguments if name not in SECTIONS]
    if unknown:
        raise SystemExit(f"bench: no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    return [name for name in SECTIONS if name in arguments] or list(SECTIONS)


def repeats() -> int:
    text = os.environ.get("BENCH_REPEATS") or str(REPEATS)
    if not text.isdigit() or int(text) < 1:
        raise SystemExit(f"bench: BENCH_REPEATS is '{text}'; expected a number from 1")
    return int(text)


def out_path(names: List[str], count: int) -> pathlib.Path:
    if os.environ.get("BENCH_OUT"):
        return pathlib.Path(os.environ["BENCH_OUT"])
    whole = names == list(SECTIONS) and count >= REPEATS
    return RESULTS / f"{machine.file_stem()}.md" if whole else SCRATCH / "results.md"


def introduction(names: List[str], count: int) -> str:
    command = "make bench" + (f' BENCH="{" ".join(names)}"' if names != list(SECTIONS) else "")
    command += f" BENCH_REPEATS={count}" if count != REPEATS else ""
    return (
        f"Written by `{command}`. Figures are medians, with the quartiles in parentheses where there are several "
        f"values; at most {count} pairs or processes each. Targets are those of the project; all that are missed stand "
        "in the list below. "
        "How to read this: [docs/performance.md](../../docs/performance.md)."
    )


def write(
    path: pathlib.Path,
    session: Session,
    names: List[str],
    facts: Dict[str, str],
    noise: Dict[str, str],
    tables: List[Table],
) -> None:
    left = [name for name in names if name not in noise]
    head = [
        facts_table(
            "Machine and versions",
            {**facts, **{k: v for k, v in sorted(session.versions.items()) if k != "signxai_cpp"}},
        ),
        facts_table("Noise: a fixed matrix product before and after each section", noise),
        targets_table(session.verdicts),
    ]
    text = document(
        f"Benchmarks, {path.stem if path.parent == RESULTS else machine.file_stem()}",
        introduction(names, session.repeats),
        [*head, *tables],
        f"{', '.join(left)} not measured" if left else None,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def measured(session: Session, name: str) -> Iterator[Table]:
    """A section that fails as a whole is told in its place; the others go on."""
    session.section = name
    try:
        yield from SECTIONS[name].run(session)
    except (Failure, OSError, subprocess.SubprocessError, KeyError, ValueError) as error:
        traceback.print_exc()
        yield Table(SECTIONS[name].TITLE, ["failed"], [[f"{type(error).__name__}: {error}"]])


def main(arguments: Optional[List[str]] = None) -> int:
    names = chosen(sys.argv[1:] if arguments is None else arguments)
    session = Session(repeats())
    path = out_path(names, session.repeats)
    facts = {"date": time.strftime("%Y-%m-%d"), **machine.facts(session.threads)}
    kernel, noise, tables = machine.Kernel(session.threads), {}, []  # type: ignore[var-annotated]
    for name in names:
        before = kernel.measure()
        for table in measured(session, name):
            tables.append(table)
            write(path, session, names, facts, noise, tables)
        noise[name] = machine.noise_text(before, kernel.measure())
        write(path, session, names, facts, noise, tables)
        session.say(f"done; {noise[name]}")
    print(f"bench: {path}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
