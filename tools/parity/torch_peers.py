#!/usr/bin/env python3
"""Compares live with packages for PyTorch, on networks with the same weights: AttnLRP of small transformers with lxt, and
zennit's composites with batch normalisations merged on torchvision's ResNet-18.

    torch_peers.py [--networks N]

Prints a table; exit code 1 if a map deviates by more than 1e-4 of its largest value. Needs torch, torchvision, lxt and
zennit."""

from __future__ import annotations

import argparse
import pathlib
import sys
import tempfile
from typing import Any, Dict

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/golden/peers"))

import lxt_networks  # noqa: E402
import resnet_networks  # noqa: E402

import signxai_cpp  # noqa: E402

TOLERANCE = 1e-4
TARGET = 1
MERGED: Dict[str, Any] = {"merge_batch_norm": 1}


def loaded(network: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        network.save(pathlib.Path(folder) / "model.h5")
        return signxai_cpp.load(pathlib.Path(folder) / "model.h5")


class Table:
    def __init__(self) -> None:
        self.right = True

    def add(self, name: str, found: np.ndarray, expected: np.ndarray) -> None:
        axes = tuple(range(1, expected.ndim))
        worst = float((np.abs(found - expected).max(axes) / np.abs(expected).max(axes)).max())
        self.right = self.right and worst <= TOLERANCE
        print(f"{name:44} {worst:.1e}{'' if worst <= TOLERANCE else '  WRONG'}", flush=True)


def transformers(table: Table, seed: int) -> None:
    for name, make in lxt_networks.NETWORKS.items():
        network = make(seed)
        x = lxt_networks.samples(network, seed + 100)
        outputs, expected = lxt_networks.relevance(network, x, TARGET)
        model = loaded(network)
        table.add(f"{name} {seed}: outputs", model.predict(x), outputs)
        table.add(f"{name} {seed}: lrp_z", signxai_cpp.explain(model, x, "lrp_z", target=TARGET, semantics="sound"), expected)


def resnet(table: Table, seed: int) -> None:
    module, shape = resnet_networks.resnet_18(seed)
    x = resnet_networks.samples(shape, seed + 100)
    outputs, maps = resnet_networks.maps(module, x, TARGET)
    model = loaded(resnet_networks.keras_network(module, shape))
    table.add(f"resnet18 {seed}: outputs", model.predict(x), outputs)
    for name, expected in maps.items():
        more = {"low": -3.0, "high": 3.0} if name == "epsilon_gamma_box" else {}
        found = signxai_cpp.explain(model, x, f"lrp.{name}", target=TARGET, **MERGED, **more)
        table.add(f"resnet18 {seed}: {name}", found, expected)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", type=int, default=2, help="of each kind, by seeds from 1 (default 2)")
    table = Table()
    for seed in range(1, parser.parse_args().networks + 1):
        transformers(table, seed)
        resnet(table, seed)
    return 0 if table.right else 1


if __name__ == "__main__":
    sys.exit(main())
