"""Batches: samples per second by batch and threads; the dense layers beside the memory's bandwidth."""

from __future__ import annotations

import itertools
from typing import Dict, Iterator, List, Tuple

from support.machine import dense_bandwidth
from support.names import names
from support.places import network, samples
from support.programs import bench
from support.report import Table
from support.session import Session
from support.statistics import Summary, Target, ratios, summarize
from support.workers import Failure, Job, Worker, beside

TITLE = "Batches and threads"
ROWS = [("vgg16", "gradient"), ("vgg16", "lrp_z"), ("vgg16", "lrp_alpha_1_beta_0"), ("resnet50", "lrp_epsilon_0_1")]
BATCHES = [1, 8, 32]
PEER_ROWS = [("vgg16", "lrp_epsilon_0_1", 8, ["signxai", "zennit", "captum"])]
DENSE = [("fc1", "lrp_z"), ("fc1", "lrp_alpha_1_beta_0"), ("fc2", "lrp_z")]
FC_BYTES = {"fc1": 25088 * 4096 * 4, "fc2": 4096 * 4096 * 4}

Case = Tuple[int, int]  # batch, threads
CASES: List[Case] = [(1, 1), *((batch, 2) for batch in BATCHES), (8, 1)]


def rates(session: Session, name: str, method: str) -> Dict[Case, List[float]]:
    """Samples per second of every case, the cases in turn."""
    found: Dict[Case, List[float]] = {case: [] for case in CASES}
    for _, (batch, threads) in itertools.product(range(min(session.repeats, 3)), CASES):
        repeats = 1 if session.repeats == 1 else max(1, 24 // batch)  # as long for small batches as for large ones
        entry = bench(name, method, threads, repeats, "--samples", str(batch))[-1]
        found[batch, threads].append(batch / entry["seconds"])
    return found


def rate_text(rate: Summary) -> str:
    if rate.count < 2:
        return f"{rate.median:.2f}"
    return f"{rate.median:.2f} ({rate.low:.2f} to {rate.high:.2f})"


def line(session: Session, name: str, method: str) -> List[str]:
    session.say(f"{name} {method}")
    found = rates(session, name, method)
    cells = [f"{name} `{method}`", *(rate_text(summarize(found[case])) for case in CASES)]
    for batch in BATCHES[1:]:
        gain = ratios(found[batch, 2], found[1, 2]).median
        cells.append(f"{gain:.2f}, {session.check(f'{name} {method}, batch {batch} / batch 1', gain, Target(1, True))}")
    for batch in (1, 8):
        gain = ratios(found[batch, 2], found[batch, 1]).median
        cells.append(
            f"{gain:.2f}, {session.check(f'{name} {method}, batch {batch}, 2 threads / 1', gain, Target(1.9, True))}"
        )
    return cells


def batch_table(session: Session) -> Table:
    columns = [f"batch {batch}, {threads} thread{'s' if threads > 1 else ''}" for batch, threads in CASES]
    table = Table(
        TITLE,
        [
            "samples per second",
            *columns,
            "batch 8 / 1",
            "batch 32 / 1",
            "2 threads / 1, batch 1",
            "2 threads / 1, batch 8",
        ],
    )
    for name, method in ROWS:
        try:
            session.add(table, *line(session, name, method))
        except Failure as failure:
            session.add(table, f"{name} `{method}`", f"fails: {failure}", *["-"] * (len(table.columns) - 2))
    return table


def peer_table(session: Session) -> Table:
    table = Table(
        "A batch beside the peers", ["network, method, batch", "samples per second", "SignXAI", "zennit", "Captum"]
    )
    for name, method, batch, peers in PEER_ROWS:
        cells, rate = [], "-"
        with Worker("ours", session.threads, Job(network(name), method, samples(name, batch))) as ours:
            for peer, theirs in names(method, peers).items():
                session.say(f"{name} {method}, batch {batch}, beside {peer}")
                outcome = beside(
                    ours,
                    peer,
                    session.threads,
                    Job(network(name), theirs, samples(name, batch)),
                    min(session.repeats, 3),
                    session.budget,
                )
                session.learn(outcome)
                pairs = outcome.pairs
                rate = f"{batch / pairs.ours.median:.2f}" if pairs else rate
                cells.append(
                    f"{batch / pairs.peer.median:.2f}, ours {pairs.factor.median:.2f} x"
                    if pairs
                    else f"fails: {outcome.failure}"
                )
        session.add(table, f"{name} `{method}`, {batch}", rate, *cells)
    return table


def dense_table(session: Session) -> Table:
    """Each reading of a dense layer's weights as a share of what a plain product reads in a second."""
    session.say("dense layers")
    memory = dense_bandwidth(session.repeats)
    table = Table(
        "Dense layers of VGG16, batch 1",
        ["layer, method", "readings and their GB per second", "a plain product", "share of it"],
    )
    for layer, method in DENSE:
        try:
            steps = bench("vgg16", method, session.threads, max(session.repeats, 3))[-1]["steps"]
        except Failure as failure:
            session.add(table, f"{layer} `{method}`", f"fails: {failure}", "-", "-")
            continue
        speeds = [
            FC_BYTES[layer] / step["seconds"]
            for step in steps
            if step["layer"] == layer and step["op"].startswith("matmul")
        ]
        if not speeds:
            session.add(table, f"{layer} `{method}`", "no such step", "-", "-")
            continue
        session.add(
            table,
            f"{layer} `{method}`",
            ", ".join(f"{speed / 1e9:.1f}" for speed in speeds),
            f"{memory.median / 1e9:.1f}",
            f"{min(speeds) / memory.median:.2f} (the slowest)",
        )
    table.notes.append(
        "A plain product: NumPy's, of a matrix of fc1's size with a vector. "
        "A step that reads the weights once for two products counts once."
    )
    return table


def run(session: Session) -> Iterator[Table]:
    yield batch_table(session)
    yield peer_table(session)
    yield dense_table(session)
