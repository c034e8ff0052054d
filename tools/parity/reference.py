#!/usr/bin/env python3
"""Compares signxai_cpp.compat with the live reference, SignXAI 1.1.9.2 on TensorFlow 2.12, in one process and on the same
model objects.

    reference.py [--seconds N] [--seed N] [--networks a,b] [--names regex] [--all]

Without --all the names are drawn by the seed for every network, first one of each family (names that differ in their
numbers alone), for as long as the network's share of the time lasts. Prints a table; exit code 1 if a map deviates by more than 1e-4 of its
largest value (more only where the map is ill-conditioned, see comparison.py)."""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import sys
import time
import warnings
from typing import Any, Dict, List, Tuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # with it, the reference alone crashes in TensorFlow now and then
warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
from comparison import NOISE, TOLERANCE, deviation, same_size, tolerance  # noqa: E402
from networks import NETWORKS, ROOT, Network  # noqa: E402
from signxai.methods import wrappers as reference  # noqa: E402

from signxai_cpp.compat.methods import wrappers as ours  # noqa: E402

Row = Tuple[str, str, str, float, float]  # network, name, verdict, deviation, tolerance
CAM_LAYERS = {"VGG16ILSVRC": "block5_conv3", "VGG16MITPL365": "relu5_3", "MNISTCNN": "conv2d_1"}


def names() -> List[str]:
    table = json.loads((ROOT / "tests" / "methods" / "data" / "methods.json").read_text())
    return [row["name"] for row in (table["methods"] if isinstance(table, dict) else table)]


def family(name: str) -> str:
    return re.sub(r"\d+", "N", name)


def arguments(name: str, network: Network) -> Dict[str, Any]:
    if name.endswith("_x_sign_mu"):
        return {"mu": 0.3}
    return {"last_conv_layer_name": network.convolution} if name in ("grad_cam", "grad_cam_timeseries") else {}


def outcome(module: Any, name: str, network: Network, keywords: Dict[str, Any]) -> Any:
    """The map, or the error."""
    np.random.seed(0)
    try:
        return module.calculate_relevancemap(name, np.array(network.sample), network.model, **keywords)
    except Exception as error:  # noqa: BLE001: the sort of error is compared
        return error


def verdict(network: Network, name: str) -> Tuple[str, float, float]:
    keywords = arguments(name, network)
    expected = outcome(reference, name, network, keywords)
    state = np.random.get_state()[1:]
    found = outcome(ours, name, network, keywords)
    if isinstance(expected, Exception):
        return ("both refuse" if isinstance(found, Exception) else "reference refuses"), 0.0, TOLERANCE
    if isinstance(found, Exception):
        print(f"    {name}: {type(found).__name__}: {found}")
        return "FAILS", float("inf"), TOLERANCE
    if name.startswith("zblrp"):  # the reference leaves the rule's factors out, what remains is rounding noise
        noise = float(np.abs(expected).max() / max(np.abs(found).max(), 1e-30))
        return ("reference is zero" if noise < 1e-3 else "FAILS"), noise, 1e-3
    if "smoothgrad" in name or name == "vargrad":
        same = all(np.array_equal(a, b) for a, b in zip(state, np.random.get_state()[1:]))
        if not same:
            return "FAILS (random state)", float("inf"), TOLERANCE
    return judged(network, name, keywords, np.asarray(expected), np.asarray(found))


def judged(network: Network, name: str, keywords: Dict[str, Any], expected: np.ndarray, found: np.ndarray) -> Tuple[str, float, float]:
    if expected.dtype != found.dtype:
        return f"FAILS ({found.dtype} for {expected.dtype})", float("inf"), TOLERANCE
    if np.isnan(expected).all() and "grad_cam" in name:  # nothing positive: 0 / 0 there, zeros here
        return ("reference is NaN" if not found.any() or np.isnan(found).all() else "FAILS"), 0.0, TOLERANCE
    distance = deviation(found, expected)
    if "grad_cam" in name and "timeseries" not in name and np.abs(found - expected).max() <= 1.0001 * level(name, expected):
        return "right", distance, TOLERANCE
    if distance <= TOLERANCE:
        return "right", distance, TOLERANCE
    limit, condition = tolerance(lambda x: run_ours(name, network.model, x, keywords), network.model, network.sample)
    if condition > NOISE:
        return ("ill-conditioned" if same_size(found, expected) else "FAILS"), distance, limit
    return ("right" if distance <= limit else "FAILS"), distance, limit


def level(name: str, expected: np.ndarray) -> float:
    """One of 256 levels, by which truncation to 8 bits may move an entry."""
    return float(np.abs(expected).max()) / 255 if "guided" in name else 1.0


def run_ours(name: str, model: Any, sample: np.ndarray, keywords: Dict[str, Any]) -> np.ndarray:
    np.random.seed(0)
    return np.asarray(ours.calculate_relevancemap(name, sample, model, **keywords))


def ordered(chosen: List[str], seed: int, everything: bool) -> Tuple[List[str], List[str]]:
    """One name of each family, and the others, in an order drawn by the seed."""
    if everything:
        return chosen, []
    shuffled = list(chosen)
    random.Random(seed).shuffle(shuffled)
    first: Dict[str, str] = {}
    for name in shuffled:
        first.setdefault(family(name), name)
    picked = set(first.values())
    return [name for name in shuffled if name in picked], [name for name in shuffled if name not in picked]


def compare(network_name: str, chosen: List[str], rows: List[Row], deadline: float) -> None:
    network = NETWORKS[network_name]()
    for name in chosen:
        if time.monotonic() > deadline:
            return
        text, distance, limit = verdict(network, name)
        rows.append((network_name, name, text, distance, limit))
        if text.startswith("FAILS"):
            print(f"  {network_name} {name}: {text}, deviation {distance:.2e}, allowed {limit:.1e}", flush=True)


def table(rows: List[Row]) -> None:
    kinds = ["right", "both refuse", "reference refuses", "reference is zero", "reference is NaN", "ill-conditioned", "FAILS"]
    print(f"{'network':12} {'names':>6} " + " ".join(f"{kind:>17}" for kind in kinds) + f" {'worst deviation':>16}")
    for network in dict.fromkeys(row[0] for row in rows):
        mine = [row for row in rows if row[0] == network]
        counts = [sum(row[2].startswith(kind) for row in mine) for kind in kinds]
        worst = max([row[3] for row in mine if row[2] == "right"], default=0.0)
        print(f"{network:12} {len(mine):6} " + " ".join(f"{count:17}" for count in counts) + f" {worst:16.1e}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Compares signxai_cpp.compat with the live reference.")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--names", default=".*")
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    chosen = [name for name in names() if re.fullmatch(options.names, name)]
    first, others = ordered(chosen, options.seed, options.all)
    rows: List[Row] = []
    networks = options.networks.split(",")
    begin = time.monotonic()
    for number, name in enumerate(networks, 1):
        deadline = float("inf") if options.all else begin + options.seconds * number / len(networks)
        compare(name, first + others, rows, deadline)
        done = sum(row[0] == name for row in rows)
        print(f"{name}: {done} names ({min(done, len(first))} of {len(first)} families)", flush=True)
    table(rows)
    failed = [row for row in rows if row[2].startswith("FAILS")]
    print(f"{len(rows)} maps of {len(chosen)} names on {len(networks)} networks, {len(failed)} failed")
    seen = {row[0] for row in rows}
    return 1 if failed or seen != set(networks) else 0


if __name__ == "__main__":
    sys.exit(main())
