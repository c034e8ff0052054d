"""All methods asked for at once, and methods that evaluate many points."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from typing import Iterator, List, Tuple

import numpy as np

from support.names import OTHERS, POINTS, names
from support.places import PEERS, PROGRAM, SCRATCH, network, samples
from support.programs import bench, explain_command, limit
from support.programs import run as run_process
from support.report import Table
from support.session import Session
from support.statistics import Target, spread_text, summarize
from support.workers import Failure, Job, Worker, beside

TITLE = "All methods at once, and sampling"
SAMPLING = ["smoothgrad", "integrated_gradients"]


def listed() -> Tuple[List[str], List[str]]:
    """The names that `-m all` means for VGG16, and those of the reference that evaluate many points."""
    run_process(explain_command("vgg16", "all", 2), 2)
    maps = np.load(SCRATCH / "maps.npz").files
    done = subprocess.run([str(PROGRAM), "methods", "--json"], capture_output=True, text=True, check=True)
    listed_names = [entry["name"] for entry in json.loads(done.stdout)]
    many = [name for name in listed_names if name.startswith(("smoothgrad", "vargrad", "integrated_gradients"))]
    without_parameter = [name for name in many if not name.endswith("_mu")]
    return [name for name in listed_names if name in maps], without_parameter


@dataclasses.dataclass(frozen=True)
class Reference:
    """One call of SignXAI for each name, once: it makes its analyzers anew in each, so none is warmer than another."""

    seconds: float = 0.0
    refused: str = ""  # names that fail there
    failure: str = ""


def measure_reference(session: Session, methods: List[str]) -> Reference:
    session.say(f"{len(methods)} names in SignXAI, one by one")
    try:
        with Worker("signxai", session.threads, Job(network("vgg16"), ",".join(methods), samples("vgg16"))) as worker:
            versions = worker.prepared["versions"]
            refused = versions.pop("refused", "")
            session.versions.update(versions)
            return Reference(worker.prepared["first"], refused)
    except Failure as failure:
        return Reference(failure=str(failure))


def reference_cells(session: Session, parts: List[Reference], count: int, seconds: float, least: float) -> List[str]:
    failures = [part.failure for part in parts if part.failure]
    if failures:
        return [f"fails: {failures[0]}", "-"]
    factor = sum(part.seconds for part in parts) / seconds
    refused = ", ".join(part.refused for part in parts if part.refused)
    said = f"{factor * seconds:.0f} s" + (f" without {refused}, which fail there" if refused else "")
    verdict = session.check(f"vgg16, {count} names, x SignXAI", factor, Target(least, at_least=True, unit="x"))
    return [said, f"{factor:.1f} x, {verdict}"]


def all_at_once(session: Session, methods: List[str], reference: Reference) -> List[str]:
    session.say(f"{len(methods)} names at once")
    repeats = min(session.repeats, 3)
    entries = [bench("vgg16", ",".join(methods), session.threads, repeats, "--together")[-1] for _ in range(repeats)]
    one = limit("vgg16", "lrp_z", session.threads, session.repeats).seconds.median
    seconds = summarize([entry["seconds"] for entry in entries])
    ratio = summarize([entry["ratio"] for entry in entries]).median
    chains = seconds.median / one
    return [
        f"{len(methods)} names without sampling",
        spread_text(seconds),
        f"{ratio:.2f} x, {session.check('vgg16, all names, x kernels', ratio, Target(1.1, unit='x'))}",
        f"{chains:.1f} x, {session.check('vgg16, all names, x lrp_z', chains, Target(16, unit='x'))}",
        *reference_cells(session, [reference], len(methods), seconds.median, 40),
    ]


def with_sampling(session: Session, methods: List[str], references: List[Reference]) -> List[str]:
    session.say(f"{len(methods)} names at once, with sampling")
    with Worker("ours", session.threads, Job(network("vgg16"), ",".join(methods), samples("vgg16"))) as ours:
        seconds = summarize([ours.run() for _ in range(min(session.repeats, 2))])
    cells = reference_cells(session, references, len(methods), seconds.median, 15)
    return [f"{len(methods)} names with sampling", spread_text(seconds), "-", "-", *cells]


def together_table(session: Session) -> Table:
    columns = ["VGG16, one sample", "ours", "its kernels alone", "one `lrp_z`", "SignXAI, one by one", "factor"]
    table = Table(TITLE, columns)
    single, many = listed()
    references = [measure_reference(session, single), measure_reference(session, many)]
    try:
        session.add(table, *all_at_once(session, single, references[0]))
        session.add(table, *with_sampling(session, single + many, references))
    except Failure as failure:
        session.add(table, "all names", f"fails: {failure}", *["-"] * (len(columns) - 2))
    table.notes.append("Kernels are those of the compiled plan of all names, in its process. SignXAI is measured once.")
    return table


def sampling_line(session: Session, method: str) -> List[str]:
    cells = []
    with Worker("ours", session.threads, Job(network("vgg16"), method, samples("vgg16"))) as ours:
        for peer in OTHERS:
            if peer not in names(method):
                cells.append("-")
                continue
            session.say(f"{method} beside {PEERS[peer].title}")
            job = Job(network("vgg16"), names(method)[peer], samples("vgg16"))
            outcome = beside(ours, peer, session.threads, job, min(session.repeats, 3), session.budget)
            session.learn(outcome)
            cells.append(outcome.text())
    found = limit("vgg16", method, session.threads, min(session.repeats, 3), POINTS)
    ratio = found.ratio.median
    verdict = session.check(f"vgg16 {method}, x kernels", ratio, Target(1.1, unit="x"))
    return [
        f"`{method}`, {POINTS} points",
        spread_text(found.seconds),
        spread_text(found.kernels),
        f"{ratio:.2f}",
        verdict,
        *cells,
    ]


def sampling_table(session: Session) -> Table:
    limits = f"{POINTS} x the kernels of one point"
    columns = ["VGG16, one sample", "ours", limits, "ratio", "target", *(PEERS[name].title for name in OTHERS)]
    table = Table("Sampling", columns)
    for method in SAMPLING:
        try:
            session.add(table, *sampling_line(session, method))
        except Failure as failure:
            session.add(table, f"`{method}`", f"fails: {failure}", *["-"] * (len(columns) - 2))
    return table


def run(session: Session) -> Iterator[Table]:
    yield together_table(session)
    yield sampling_table(session)
