"""Where things are, the packages that are measured, and the networks and inputs, made when they are asked for."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import subprocess
from typing import Dict, List

import numpy as np

BENCHMARKS = pathlib.Path(__file__).resolve().parents[1]
ROOT = BENCHMARKS.parent
BUILD = ROOT / "build"
PROGRAM = BUILD / "bin" / "signxai"
SMALL = BUILD / "bin" / "signxai-benchmarks"
SCRATCH = BUILD / "bench"
LOGS = SCRATCH / "logs"
NETWORKS = SCRATCH / "networks"
RESULTS = BENCHMARKS / "results"
KEPT = {
    "digits_cnn": ROOT / "examples/digits/digits_cnn.h5",
    "digits_mlp": ROOT / "python/signxai_cpp/compat/examples/digits_mlp.h5",
}


@dataclasses.dataclass(frozen=True)
class Peer:
    title: str
    environment: str  # below .deps/
    module: str  # in peers/

    def python(self) -> pathlib.Path:
        return ROOT / ".deps" / self.environment / "bin" / "python"

    def command(self) -> List[str]:
        return [str(self.python()), "-W", "ignore", str(BENCHMARKS / "peers" / "serve.py"), self.module]


PEERS = {
    "ours": Peer("signxai", "python", "ours"),
    "signxai": Peer("SignXAI", "parity-tf", "signxai_tf"),
    "innvestigate": Peer("iNNvestigate", "parity-tf", "innvestigate_tf"),
    "zennit": Peer("zennit", "bench-torch", "zennit_torch"),
    "captum": Peer("Captum", "bench-torch", "captum_torch"),
}


def environment(threads: int) -> Dict[str, str]:
    """Of every process that is measured: the same number of threads."""
    count = str(threads)
    return {
        **os.environ,
        "PYTHONPATH": str(BUILD / "python"),
        "OMP_NUM_THREADS": count,
        "MKL_NUM_THREADS": count,
        "OPENBLAS_NUM_THREADS": count,
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def make(command: List[str]) -> None:
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"bench: {' '.join(command)} failed:\n{done.stderr[-2000:]}")


def network(name: str) -> pathlib.Path:
    """The file of a network; made once."""
    if name in KEPT:
        return KEPT[name]
    path = NETWORKS / f"{name}.h5"
    if not path.exists():
        NETWORKS.mkdir(parents=True, exist_ok=True)
        python = str(PEERS["signxai"].python())
        if name == "vgg16":
            unfinished = NETWORKS / "unfinished.h5"
            make([python, str(BENCHMARKS / "make_vgg16.py"), str(unfinished)])
            unfinished.rename(path)
        else:
            make([python, str(BENCHMARKS / "make_networks.py"), str(NETWORKS), name])
    return path


SHAPES = {"vgg16": (224, 224, 3), "inceptionv3": (299, 299, 3), "digits_cnn": (28, 28, 1), "digits_mlp": (28, 28, 1)}


def samples(name: str, count: int = 1) -> pathlib.Path:
    """A file with random inputs of a network, uniform in -1..1, the same in every run."""
    shape = (count, *SHAPES.get(name, (224, 224, 3)))
    path = SCRATCH / f"input-{'x'.join(map(str, shape))}.npy"
    if not path.exists():
        SCRATCH.mkdir(parents=True, exist_ok=True)
        np.save(path, np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32))
    return path
