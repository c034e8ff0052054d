"""Whole processes: their wall time and the most memory they held; and what `signxai bench` says."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import subprocess
import sys
from typing import Any, Dict, List, Sequence

from support.places import BENCHMARKS, PEERS, PROGRAM, SCRATCH, environment, network, samples
from support.statistics import Summary, summarize
from support.workers import Failure


@dataclasses.dataclass(frozen=True)
class Usage:
    seconds: float
    peak: int  # bytes


def run(command: Sequence[str], threads: int, cwd: pathlib.Path = BENCHMARKS) -> Usage:
    """Failure with the last line of what it printed, if it fails."""
    launched = subprocess.run(
        [sys.executable, "-S", str(BENCHMARKS / "support" / "launch.py"), *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        cwd=cwd,
        env=environment(threads),
        check=False,
    )
    lines = launched.stderr.strip().splitlines() or ["nothing"]
    if launched.returncode != 0:
        raise Failure(lines[-1][:160])
    usage = json.loads(launched.stdout)
    if usage["code"] != 0:
        raise Failure(f"exit code {usage['code']}: {lines[-1][:160]}")
    return Usage(usage["seconds"], usage["peak"])


def explain_command(name: str, method: str, threads: int) -> List[str]:
    """Of our program: one map, or several, of one input into one file."""
    return [
        str(PROGRAM),
        "explain",
        str(network(name)),
        str(samples(name)),
        "-m",
        method,
        "--raw",
        str(SCRATCH / "maps.npz"),
        "--force",
        "--threads",
        str(threads),
    ]


def peer_command(peer: str, name: str, method: str, threads: int) -> List[str]:
    """Of a peer: a script that does the same."""
    return [
        *PEERS[peer].command(),
        str(threads),
        str(network(name)),
        method,
        str(samples(name)),
        str(SCRATCH / "maps.npy"),
    ]


def bench(name: str, method: str, threads: int, repeats: int, *more: str) -> List[Dict[str, Any]]:
    """The entries per method of `signxai bench`."""
    command = [
        str(PROGRAM),
        "bench",
        str(network(name)),
        "-m",
        method,
        "--json",
        "--repeats",
        str(repeats),
        "--threads",
        str(threads),
        *more,
    ]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(threads), check=False)
    if done.returncode != 0:
        raise Failure((done.stderr.strip().splitlines() or ["nothing said"])[-1][:200])
    methods: List[Dict[str, Any]] = json.loads(done.stdout)["methods"]
    return methods


@dataclasses.dataclass(frozen=True)
class Limit:
    """One method beside its kernels alone, over several processes."""

    seconds: Summary
    kernels: Summary
    ratio: Summary


def limit(name: str, method: str, threads: int, repeats: int, evaluations: int = 1) -> Limit:
    """`evaluations`: of methods that evaluate many points, for which the kernel time is that of one.

    A short call is repeated for a second at least, up to 41 times: any pause in a few of them would be their median.
    """
    seconds, kernels = [], []
    once = bench(name, method, threads, 1)[-1]["seconds"]
    calls = max(repeats, min(41, int(1 / once)))
    for _ in range(min(repeats, 3)):
        entry = bench(name, method, threads, calls)[-1]
        seconds.append(entry["seconds"])
        kernels.append(entry["kernel_seconds"] * evaluations)
    ratio = [a / b for a, b in zip(seconds, kernels)]
    return Limit(summarize(seconds), summarize(kernels), summarize(ratio))
