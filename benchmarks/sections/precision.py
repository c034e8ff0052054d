"""Beyond the direct limit: bfloat16 in place of single precision, where the program has the option."""

from __future__ import annotations

from typing import Iterator, List

import numpy as np

from support.places import PROGRAM, SCRATCH
from support.programs import bench, explain_command
from support.programs import run as run_process
from support.machine import output
from support.report import Table
from support.session import Session
from support.statistics import Target, ratios, spread_text, summarize
from support.workers import Failure

TITLE = "Reduced precision"
OPTION = ["--precision", "bf16"]
METHODS = ["gradient", "lrp_z", "lrp_alpha_1_beta_0"]


def the_map(method: str, threads: int, *more: str) -> "np.ndarray":
    run_process([*explain_command("vgg16", method, threads), *more], threads)
    return np.load(SCRATCH / "maps.npz")[method].ravel()


def ranks(values: "np.ndarray") -> "np.ndarray":
    return np.argsort(np.argsort(values, kind="stable"), kind="stable")


def line(session: Session, method: str) -> List[str]:
    session.say(f"vgg16 {method}")
    plain, reduced = [], []
    for _ in range(min(session.repeats, 5)):
        plain.append(bench("vgg16", method, session.threads, 3)[-1]["seconds"])
        reduced.append(bench("vgg16", method, session.threads, 3, *OPTION)[-1]["seconds"])
    factor = ratios(plain, reduced).median
    verdict = session.check(f"vgg16 {method}, bf16, x faster", factor, Target(1.7, True, "x"))
    exact, rough = the_map(method, session.threads), the_map(method, session.threads, *OPTION)
    deviation = np.abs(rough - exact).max() / np.abs(exact).max()
    correlation = np.corrcoef(ranks(exact), ranks(rough))[0, 1]
    return [
        f"vgg16 `{method}`",
        spread_text(summarize(plain)),
        spread_text(summarize(reduced)),
        f"{factor:.2f} x, {verdict}",
        f"{deviation:.1e}",
        f"{correlation:.4f}",
    ]


def run(session: Session) -> Iterator[Table]:
    table = Table(
        TITLE, ["network, method", "float32", "bf16", "faster", "largest deviation / largest value", "rank correlation"]
    )
    if OPTION[0] not in output(str(PROGRAM), "bench", "--help"):
        table.notes.append(f"This build has no {' '.join(OPTION)}.")
    for method in METHODS if not table.notes else []:
        try:
            session.add(table, *line(session, method))
        except Failure as failure:
            session.add(table, f"vgg16 `{method}`", f"fails: {failure}", *["-"] * 4)
    yield table
