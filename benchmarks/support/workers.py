"""Packages in processes of their own (peers/serve.py), and paired runs of two of them: one call of the one, one of the
other, in turn. A package that fails, or does not answer in time, is a result that says so."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import subprocess
import threading
import time
from typing import Any, Dict, List, Optional

import numpy as np

from support.places import BENCHMARKS, LOGS, PEERS, SCRATCH, environment
from support.statistics import Summary, cosine, ratios, spread_text, summarize

PATIENCE = 3600.0  # seconds for one answer, which may be all maps of the reference
PAUSE = 0.02  # seconds between two turns, in which the threads of the one before go to sleep


class Failure(Exception):
    """What a package failed with, in one line."""


@dataclasses.dataclass(frozen=True)
class Job:
    """What a worker computes."""

    network: pathlib.Path
    method: str
    samples: pathlib.Path


class Worker:
    def __init__(self, peer: str, threads: int, job: Job) -> None:
        self.ended = False
        LOGS.mkdir(parents=True, exist_ok=True)
        self.log = LOGS / f"{peer}-{job.network.stem}-{job.method.replace(':', '-')[:60]}.log"
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [*PEERS[peer].command(), str(threads)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=BENCHMARKS,
                env=environment(threads),
                text=True,
            )
        self.out = SCRATCH / f"map-{self.process.pid}.npy"
        order = {"do": "prepare", "network": str(job.network), "method": job.method, "input": str(job.samples)}
        try:
            self.prepared = self.ask({**order, "out": str(self.out)})
        except Failure:
            self.close()
            raise

    def ask(self, order: Dict[str, Any]) -> Dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        timer = threading.Timer(PATIENCE, self.process.kill)
        timer.start()
        try:
            self.process.stdin.write(json.dumps(order) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if not line:
            raise Failure(f"ended without an answer, {self.end_text()}; see {self.log.name}")
        answer: Dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise Failure(answer["error"][:160])
        return answer

    def run(self) -> float:
        time.sleep(PAUSE)
        return float(self.ask({"do": "run"})["seconds"])

    def runs(self, count: int) -> Dict[str, Any]:
        return self.ask({"do": "runs", "count": count})

    def map(self) -> "np.ndarray[Any, Any]":
        return np.load(self.out)

    def end_text(self) -> str:
        self.close()
        code = self.process.returncode
        return f"by signal {-code}" if code < 0 else f"exit code {code}"

    def close(self) -> None:
        """Ends the process."""
        if self.ended:
            return
        self.ended = True
        assert self.process.stdin and self.process.stdout
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.wait()
        self.process.stdout.close()
        self.out.unlink(missing_ok=True)

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclasses.dataclass(frozen=True)
class Pairs:
    """Ours beside one peer."""

    ours: Summary
    peer: Summary
    factor: Summary  # peer / ours, pair by pair
    agreement: float  # cosine of the two maps
    versions: Dict[str, str]


def measure_pairs(ours: Worker, peer: Worker, repeats: int, budget: float) -> Pairs:
    """`repeats` pairs, or fewer, but three, when the budget of seconds is used up."""
    first, second = [], []  # type: List[float], List[float]
    if repeats > 1 and peer.prepared["first"] < budget / 3:
        ours.run()
        peer.run()
    start = time.monotonic()
    for i in range(repeats):
        if i >= 3 and time.monotonic() - start > budget:
            break
        first.append(ours.run())
        second.append(peer.run())
    agreement = cosine(*(np.asarray(w.map(), np.float64).ravel().tolist() for w in (ours, peer)))
    return Pairs(summarize(first), summarize(second), ratios(second, first), agreement, peer.prepared["versions"])


@dataclasses.dataclass(frozen=True)
class Outcome:
    """Pairs, or why there are none."""

    pairs: Optional[Pairs] = None
    failure: str = ""

    def text(self) -> str:
        if not self.pairs:
            return f"fails: {self.failure}"
        return f"{spread_text(self.pairs.peer)}, {self.pairs.factor.median:.2f} x ours"


def beside(ours: Worker, name: str, threads: int, job: Job, repeats: int, budget: float) -> Outcome:
    try:
        with Worker(name, threads, job) as peer:
            return Outcome(measure_pairs(ours, peer, repeats, budget))
    except Failure as failure:
        return Outcome(failure=str(failure))
