#!/usr/bin/env python3
"""One network of keras.applications, saved, loaded and compared; a row of the table that architectures.py makes.

    architecture.py NAME RESULT.json [--seed N] [--without-maps]

Logits and the gradients of one logit are compared with Keras at eight samples. Logits may differ by 1e-4 of the largest value;
beyond, both are compared with Keras in float64, and ours may not be the worse ones. A gradient has two values next to a kink of a
rectifier, and of the hundred thousands in a deep network some are so near to zero that rounding decides: a gradient has to agree within 1e-4
at a quarter of the samples (one that is computed wrongly does so at none), or else with float64 at no fewer samples than Keras's does. Where
SignXAI on TensorFlow is installed, maps of a sample whose gradients agree are compared with its; else they have to be finite."""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
import tempfile
import time
from typing import Any, Callable, Dict, Tuple

import numpy as np
from applications import THIRD, in_double_precision, made, outputs_and_gradient, samples
from comparison import NOISE, TOLERANCE, deviation, same_size, tolerance

import signxai_cpp

try:
    from signxai.methods import wrappers as reference
except ImportError:
    reference = None

TARGET, COUNT, DRAWS = 3, 8, 3
LEAST = COUNT // 4  # samples at which gradients agree
TOO_LARGE = ("efficientnetv2-l",)
MAP_SAMPLES = 4  # of which one has maps that agree
MAPS = {"epsilon": "lrp_epsilon_0_1", "alpha1beta0": "lrp_alpha_1_beta_0"}
Row = Dict[str, Any]


def saved(model: Any, folder: str) -> str:
    path = pathlib.Path(folder) / ("model.keras" if THIRD else "model.h5")
    model.save(path)
    return str(path)


def logits_cell(ours: np.ndarray, theirs: np.ndarray, exact: Callable[[], np.ndarray]) -> Row:
    distance = deviation(ours, theirs)
    if distance <= TOLERANCE:
        return {"verdict": "ok", "deviation": distance}
    right = exact()
    mine, its = deviation(ours, right), deviation(theirs, right)
    return {"verdict": "Keras rounds" if mine <= its else "FAILS", "deviation": distance, "ours_float64": mine, "keras_float64": its}


def deviations(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Sample by sample."""
    return np.array([deviation(*pair) for pair in zip(ours, theirs)])


def gradient_cell(ours: np.ndarray, theirs: np.ndarray, in_float64: Callable[[], Tuple[np.ndarray, np.ndarray]]) -> Row:
    apart = deviations(ours, theirs)
    near = apart[apart <= TOLERANCE]
    row = {"deviation": float(near.max(initial=apart.min())), "samples": len(near), "of": COUNT}
    if len(near) >= LEAST:
        return {"verdict": "ok", **row}
    exact = int((deviations(*in_float64()) <= TOLERANCE).sum())  # numbers such as 1 / 255 are in single precision here
    return {"verdict": f"{exact}/{COUNT} in float64" if exact >= LEAST else "FAILS", **row, "float64": exact}


def why_not(model: Any) -> str:
    """What makes the reference explain another network (docs/semantics.md), or nothing."""
    if THIRD or reference is None:
        return "takes tf.keras 2"
    if model.name in TOO_LARGE:
        return "takes more than 22 GB"
    kinds = {type(layer).__name__ for layer in model.layers}
    if kinds & {"Functional", "Sequential"}:
        return "walks nested models wrongly"
    return "joins branches in another order" if kinds & {"Concatenate", "Subtract", "Dot"} else ""


def gradient_in_float64(file: Any, x: np.ndarray) -> np.ndarray:
    explainer = signxai_cpp.Explainer(file, backend="reference")
    return np.asarray(explainer.explain(x, "gradient", TARGET))


def best_map_cell(name: str, model: Any, file: Any, samples: np.ndarray) -> Row:
    """Of the first sample whose maps agree: where a denominator is next to zero, rounding decides upon the stabiliser's sign,
    and the rule has two values."""
    cells = []
    for x in samples[:MAP_SAMPLES]:
        cells.append(map_cell(name, model, file, x))
        if cells[-1]["verdict"] != "FAILS" or "reason" in cells[-1]:
            break
    return cells[-1] if cells[-1]["verdict"] != "FAILS" else cells[0]


def map_cell(name: str, model: Any, file: Any, x: np.ndarray) -> Row:
    found = np.asarray(signxai_cpp.explain(file, x, name, TARGET))
    if not np.isfinite(found).all() or not found.any():
        return {"verdict": "FAILS", "reason": "not finite, or zero"}
    reason = why_not(model)
    if reason:
        return {"verdict": "finite", "reason": reason}
    try:
        expected = np.asarray(reference.calculate_relevancemap(name, np.array(x), model, neuron_selection=TARGET))
    except Exception as error:  # noqa: BLE001: whatever it raises, it has no map
        return {"verdict": "finite", "reason": f"raises {type(error).__name__}"}
    if not np.isfinite(expected).all():
        return {"verdict": "finite", "reason": "gives NaN"}
    return judged(name, model, x, found, expected)


def judged(name: str, model: Any, x: np.ndarray, found: np.ndarray, expected: np.ndarray) -> Row:
    distance = deviation(found, expected)
    if distance <= TOLERANCE:
        return {"verdict": "ok", "deviation": distance}
    limit, condition = tolerance(lambda at: np.asarray(signxai_cpp.explain(model, at, name, TARGET)), model, x, DRAWS)
    row = {"deviation": distance, "condition": condition}
    if condition > NOISE:
        return {"verdict": "noise" if same_size(found, expected) else "FAILS", **row}
    return {"verdict": "ok" if distance <= limit else "FAILS", **row}


def compared(name: str, seed: int, maps: bool) -> Row:
    begin = time.monotonic()
    model = made(name, seed)
    x = samples(model, COUNT, seed + 1)  # of those that the statistics are of: fifty normalisations blow others up
    logits, gradients = outputs_and_gradient(model, x, TARGET)
    shape = "x".join(str(extent) for extent in model.input_shape[1:])
    row: Row = {"parameters": model.count_params(), "input": shape, "seed": seed}
    with tempfile.TemporaryDirectory() as folder:
        file = signxai_cpp.load(saved(model, folder))
        exact = Exact(name, model, x)
        row["logits"] = logits_cell(file.predict(x), logits, lambda: exact.values()[0])
        ours = np.asarray(signxai_cpp.explain(file, x, "gradient", TARGET))
        row["gradient"] = gradient_cell(ours, gradients, lambda: (gradient_in_float64(file, x), exact.values()[1]))
        clearest = x[deviations(ours, gradients).argsort()]
        for key, method in MAPS.items() if maps else ():
            row[key] = best_map_cell(method, model, file, clearest)
    row["seconds"] = round(time.monotonic() - begin)
    return row


class Exact:
    """Keras's values in float64, computed when they are asked for."""

    def __init__(self, name: str, model: Any, x: np.ndarray) -> None:
        self._given = name, model, x
        self._values: Any = None

    def values(self) -> Tuple[np.ndarray, np.ndarray]:
        if self._values is None:
            name, model, x = self._given
            self._values = outputs_and_gradient(in_double_precision(name, model), x.astype(np.float64), TARGET)
        return self._values


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("result", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without-maps", action="store_true")
    options = parser.parse_args()
    try:
        row = compared(options.name, options.seed, not options.without_maps)
    except signxai_cpp.errors.Error as error:
        row = {"logits": {"verdict": "FAILS", "reason": str(error)[:400]}}
    options.result.write_text(json.dumps(row))
    return 0


if __name__ == "__main__":
    sys.exit(main())
