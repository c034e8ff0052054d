"""Small networks, called very often: warm, one thread, through C++ (small_bench.cpp) and Python; memory over calls."""

from __future__ import annotations

import json
import subprocess
from typing import Any, Dict, Iterator, List

from support.places import SMALL, environment, network, samples
from support.report import Table
from support.session import Session
from support.statistics import Summary, Target, duration, spread_text, summarize
from support.workers import Failure, Job, Worker

TITLE = "Small networks, one thread"
METHOD = "lrpsign_z"
ROWS = [("digits_mlp", 20e-6), ("digits_cnn", 150e-6)]  # network, seconds through C++
PYTHON = 30e-6  # what Python may add
CALLS = {"ours": 2000, "signxai": 20}  # of one measurement
MANY = 100_000


def through_cpp(session: Session) -> Dict[str, Summary]:
    command = [
        str(SMALL),
        "--benchmark_format=json",
        f"--benchmark_repetitions={max(session.repeats, 3)}",
        "--benchmark_min_time=0.3",
        *(str(network(name)) for name, _ in ROWS),
    ]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(1), check=False)
    if done.returncode != 0:
        raise Failure((done.stderr.strip().splitlines() or ["nothing said"])[-1][:200])
    runs: Dict[str, List[float]] = {}
    entries: List[Dict[str, Any]] = json.loads(done.stdout)["benchmarks"]
    for entry in entries:
        if entry["run_type"] == "iteration":
            runs.setdefault(entry["run_name"].split("/")[0], []).append(entry["median"])
    return {name: summarize(values) for name, values in runs.items()}


def through_python(session: Session, name: str, peer: str) -> Summary:
    """Medians of runs of many calls."""
    with Worker(peer, 1, Job(network(name), METHOD, samples(name))) as worker:
        session.versions.update(worker.prepared["versions"])
        worker.runs(CALLS[peer])
        return summarize([summarize(worker.runs(CALLS[peer])["seconds"]).median for _ in range(session.repeats)])


def line(session: Session, name: str, most: float, cpp: Summary) -> List[str]:
    session.say(name)
    verdict = session.check(f"{name} through C++", cpp.median * 1e6, Target(most * 1e6, unit="us"))
    python = through_python(session, name, "ours")
    added = python.median - cpp.median
    more = session.check(f"{name}, added by Python", added * 1e6, Target(PYTHON * 1e6, unit="us"))
    try:
        peer = through_python(session, name, "signxai")
        theirs = f"{spread_text(peer)}, {peer.median / python.median:.0f} x"
    except Failure as failure:
        theirs = f"fails: {failure}"
    return [name, spread_text(cpp), verdict, spread_text(python), f"{duration(max(added, 0))} more, {more}", theirs]


def memory_table(session: Session) -> Table:
    """What a process holds after 1 % of many calls and after all of them."""
    calls = MANY if session.repeats > 1 else MANY // 10
    table = Table(f"Memory over {calls} calls", ["network", "after 1 %", "after all", "grown by", "target"])
    for name, _ in ROWS:
        session.say(f"{name}, {calls} calls")
        with Worker("ours", 1, Job(network(name), METHOD, samples(name))) as worker:
            before = worker.runs(calls // 100)["resident"]
            after = [worker.runs(calls // 100)["resident"] for _ in range(99)][-1]
        verdict = session.check(f"{name}, growth in {calls} calls", (after - before) / 1e6, Target(1, unit="MB"))
        session.add(
            table, name, f"{before / 1e6:.1f} MB", f"{after / 1e6:.1f} MB", f"{(after - before) / 1e6:.2f} MB", verdict
        )
    return table


def run(session: Session) -> Iterator[Table]:
    table = Table(
        TITLE,
        [f"network, `{METHOD}`", "through C++", "target", "through Python", "target", "SignXAI, x ours in Python"],
    )
    try:
        cpp = through_cpp(session)
        for name, most in ROWS:
            session.add(table, *line(session, name, most, cpp[name]))
    except Failure as failure:
        session.add(table, "all", f"fails: {failure}", "-", "-", "-", "-")
    yield table
    yield memory_table(session)
