"""The machine and what runs on it: facts for the results file, and a fixed kernel whose time tells how quiet it is."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import platform
import re
import subprocess
import time
from typing import Dict, List

import numpy as np

from support.places import KEPT, PROGRAM, ROOT
from support.statistics import Summary, spread_text, summarize

QUIET = 0.05  # of the kernel's time: what its spread and its drift may be on a quiet machine, and what others may take


def output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT).stdout.strip()
    except OSError:
        return ""


def cpu_name() -> str:
    found = re.search(r"model name\s*:\s*(.+)", pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    return found.group(1).strip() if found else platform.processor() or platform.machine()


def instruction_set() -> str:
    """That the program chose, as it says itself."""
    command = [str(PROGRAM), "bench", str(KEPT["digits_cnn"]), "--json"]
    found = re.search(r'"instruction_set":\s*"([^"]+)"', output(*command, "--repeats", "1"))
    return found.group(1) if found else "unknown"


def file_stem() -> str:
    """DATE-CPU-SET, as the results file is called: processors of one name differ in their instruction sets."""
    name = f"{cpu_name()} {instruction_set()}".lower()
    return time.strftime("%Y-%m-%d-") + re.sub(r"[^a-z0-9]+", "-", name).strip("-")


def memory_bytes() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def onednn_version() -> str:
    headers = sorted((ROOT / ".deps/onednn").rglob("oneapi/dnnl/dnnl_version.h")) or [
        pathlib.Path("/usr/include/oneapi/dnnl/dnnl_version.h")
    ]
    try:
        text = headers[0].read_text(encoding="utf-8")
    except OSError:
        return "unknown"
    return ".".join(re.findall(r"#define DNNL_VERSION_(?:MAJOR|MINOR|PATCH)\s+(\d+)", text))


def facts(threads: int) -> Dict[str, str]:
    changed = output("git", "status", "--porcelain", "--untracked-files=no")
    commit = output("git", "rev-parse", "--short", "HEAD")
    compiler = (output("c++", "--version").splitlines() or ["unknown compiler"])[0]
    return {
        "processor": f"{cpu_name()}, {len(os.sched_getaffinity(0))} cores",
        "instruction set in use": instruction_set(),
        "memory": f"{memory_bytes() / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}, {compiler}",
        "signxai": f"{output(str(PROGRAM), '--version')}, commit {commit}{', changed since' if changed else ''}",
        "oneDNN": onednn_version(),
        "threads": f"{threads}, where a table does not say otherwise",
    }


@dataclasses.dataclass(frozen=True)
class Quietness:
    """The kernel's time, and the share of that time in which it had its cores for itself."""

    time: Summary
    share: float


class Kernel:
    """A matrix product that is the same in every run: tens of milliseconds on all cores."""

    SIZE = 1024

    def __init__(self, threads: int) -> None:
        random = np.random.default_rng(0)
        self.threads = min(threads, len(os.sched_getaffinity(0)))
        self.a, self.b = (random.standard_normal((self.SIZE, self.SIZE), dtype=np.float32) for _ in range(2))
        self.c = np.empty_like(self.a)

    def measure(self, repeats: int = 40) -> Quietness:
        np.matmul(self.a, self.b, out=self.c)
        seconds: List[float] = []
        busy = time.process_time()
        for _ in range(repeats):
            start = time.perf_counter()
            np.matmul(self.a, self.b, out=self.c)
            seconds.append(time.perf_counter() - start)
        return Quietness(summarize(seconds), (time.process_time() - busy) / (sum(seconds) * self.threads))


def noise_text(before: Quietness, after: Quietness) -> str:
    drift = abs(after.time.median / before.time.median - 1)
    spread = max(before.time.spread, after.time.spread)
    taken = max(0.0, 1 - min(before.share, after.share))
    state = "quiet" if max(drift, spread, taken) <= QUIET else "**noisy**"
    return (
        f"{spread_text(before.time)} before, {spread_text(after.time)} after: spread {spread:.1%}, drift {drift:.1%}, "
        f"{taken:.0%} of the cores taken by others, {state}"
    )


def dense_bandwidth(repeats: int) -> Summary:
    """Bytes per second at which a matrix of 411 MB (VGG16's first dense layer) is read by a product with a vector."""
    matrix = np.ones((25088, 4096), np.float32)
    vector = np.ones(4096, np.float32)
    rates = []
    for _ in range(max(repeats, 2)):
        start = time.perf_counter()
        matrix @ vector
        rates.append(matrix.nbytes / (time.perf_counter() - start))
    return summarize(rates[1:])
