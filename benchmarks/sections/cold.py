"""Cold: a process from nothing, which loads a network that lies in the page cache and writes one map."""

from __future__ import annotations

import pathlib
import statistics
from typing import Iterator, List, Tuple

from support.places import network
from support.programs import explain_command, peer_command
from support.programs import run as run_process
from support.report import Table
from support.session import Session
from support.statistics import Target, ratios, spread_text, summarize
from support.workers import Failure

TITLE = "Cold, whole process"
METHOD = "lrpsign_z"
ROWS = [("vgg16", 1.0), ("resnet50", 0.35), ("digits_cnn", 0.030)]  # network, seconds


def read_through(path: pathlib.Path) -> None:
    """Into the page cache, bit by bit: what this process held at most, its children count as their own peak."""
    with path.open("rb") as file:
        while file.read(1 << 20):
            pass


def cold_seconds(name: str, threads: int) -> float:
    """The median of as many processes as fill a second."""
    found: List[float] = []
    while sum(found) < 1:
        found.append(run_process(explain_command(name, METHOD, threads), threads).seconds)
    return statistics.median(found)


def measure(session: Session, name: str) -> Tuple[List[float], List[float], str]:
    """Seconds of ours and of SignXAI, in turn, and why there are none of SignXAI."""
    read_through(network(name))
    ours: List[float] = []
    theirs: List[float] = []
    failure = ""
    for _ in range(session.repeats):
        ours.append(cold_seconds(name, session.threads))
        try:
            theirs.append(run_process(peer_command("signxai", name, METHOD, session.threads), session.threads).seconds)
        except Failure as error:
            failure = f"fails: {error}"
    return ours, theirs, failure


def line(session: Session, name: str, most: float) -> List[str]:
    session.say(name)
    ours, theirs, failure = measure(session, name)
    found = summarize(ours)
    verdict = session.check(f"{name}, cold", found.median, Target(most, unit="s"))
    if failure:
        return [name, spread_text(found), verdict, failure, "-"]
    return [name, spread_text(found), verdict, spread_text(summarize(theirs)), f"{ratios(theirs, ours).median:.1f} x"]


def run(session: Session) -> Iterator[Table]:
    table = Table(TITLE, [f"network, `{METHOD}`", "ours", "target", "SignXAI", "factor"])
    for name, most in ROWS:
        try:
            session.add(table, *line(session, name, most))
        except Failure as failure:
            session.add(table, name, f"fails: {failure}", "-", "-", "-")
    table.notes.append(
        f"`signxai explain NETWORK INPUT.npy -m {METHOD} --raw MAPS.npz`; "
        "SignXAI: a script that loads, explains and saves."
    )
    yield table
