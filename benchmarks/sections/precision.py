"""Beyond the direct limit: Winograd's algorithm and bfloat16 in place of direct sums in single precision. How much
faster, beside whom, and how far maps move: from the same map in double precision, which the reference backend computes.
"""

from __future__ import annotations

import dataclasses
from typing import Iterator, List, Optional

import numpy as np

from support.names import OTHERS, names
from support.places import PEERS, SCRATCH, network, samples
from support.programs import bench, explain_command
from support.programs import run as run_process
from support.report import Table
from support.session import Session
from support.statistics import Target, ratios, spread_text, summarize
from support.workers import Failure, Job, Worker, beside

TITLE = "Other precisions"
NETWORK = "vgg16"


@dataclasses.dataclass(frozen=True)
class Precision:
    name: str
    faster: Optional[float] = None  # than f32, at least
    has_peers: bool = False


METHODS = ["gradient", "lrp_z", "lrp_alpha_1_beta_0"]
ROWS = [Precision("f32"), Precision("winograd", has_peers=True), Precision("bf16", faster=1.7)]


def the_map(method: str, threads: int, *options: str) -> "np.ndarray":
    run_process([*explain_command(NETWORK, method, threads), *options], threads)
    return np.load(SCRATCH / "maps.npz")[method].ravel()


def ranks(values: "np.ndarray") -> "np.ndarray":
    return np.argsort(np.argsort(values, kind="stable"), kind="stable")


def peer_cells(session: Session, precision: Precision, method: str) -> List[str]:
    """Factors alone: the section `warm` has the peers' times."""
    if not precision.has_peers:
        return ["-"] * len(OTHERS)
    cells = []
    job = Job(network(NETWORK), f"{method}:precision={precision.name}", samples(NETWORK))
    with Worker("ours", session.threads, job) as ours:
        for peer in OTHERS:
            session.say(f"{NETWORK} {method} in {precision.name} beside {peer}")
            theirs = Job(network(NETWORK), names(method)[peer], samples(NETWORK))
            outcome = beside(ours, peer, session.threads, theirs, session.repeats, session.budget)
            session.learn(outcome)
            cells.append(outcome.text() if not outcome.pairs else f"{outcome.pairs.factor.median:.2f} x")
    return cells


def line(session: Session, method: str, precision: Precision, exact: "np.ndarray") -> List[str]:
    session.say(f"{NETWORK} {method} in {precision.name}")
    options = ["--precision", precision.name]
    plain, other = [], []
    for _ in range(min(session.repeats, 5)):
        plain.append(bench(NETWORK, method, session.threads, 5)[-1]["seconds"])
        other.append(bench(NETWORK, method, session.threads, 5, *options)[-1]["seconds"])
    factor = ratios(plain, other).median
    faster = f"{factor:.2f} x" if precision.name != "f32" else "-"
    if precision.faster is not None:
        target = Target(precision.faster, True, "x")
        faster += f", {session.check(f'{NETWORK} {method}, {precision.name}, x faster', factor, target)}"
    found = the_map(method, session.threads, *options)
    return [
        spread_text(summarize(other)),
        faster,
        f"{np.abs(found - exact).max() / np.abs(exact).max():.1e}",
        f"{np.corrcoef(ranks(exact), ranks(found))[0, 1]:.5f}",
        *peer_cells(session, precision, method),
    ]


def run(session: Session) -> Iterator[Table]:
    columns = ["network, method", "precision", "seconds", "faster than f32", "largest deviation", "rank correlation"]
    table = Table(TITLE, [*columns, *(PEERS[name].title for name in OTHERS)])
    for method in METHODS:
        session.say(f"{NETWORK} {method} in double precision")
        exact = the_map(method, session.threads, "--backend", "reference")
        for precision in ROWS:
            try:
                cells = line(session, method, precision, exact)
            except Failure as failure:
                cells = [f"fails: {failure}", *["-"] * (len(columns) + len(OTHERS) - 3)]
            session.add(table, f"{NETWORK} `{method}`", precision.name, *cells)
    table.notes.append(
        "Deviation, of the largest value, and correlation: from and with the same map in double precision. In single "
        "precision most of it is where a rounding decides a ReLU or the largest of a window; every order of sums, of "
        "this program and of any other, decides other ones. The last columns: how many times longer the peers take."
    )
    yield table
