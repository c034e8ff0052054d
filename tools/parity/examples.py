#!/usr/bin/env python3
"""Runs the examples of the reference's documentation through both packages and compares what they compute.

    examples.py [--side N] [--ecg DIR]

VGG16 with random weights at N x N pixels (224: as documented; then the picture of examples/ is loaded by both). Where DIR
(or SIGNXAI_ECG, or ../shared/examples/ecg beside the repository) holds the networks of the AIME 2024 ECG example, the
seven methods of it: positive relevance only, scaled to its largest. Only the loading of data is replaced."""

from __future__ import annotations

import argparse
import os
import pathlib
import sys
import tempfile
import warnings
from typing import Any, Dict, List, Tuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # with it, the reference alone crashes in TensorFlow now and then
warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from comparison import NOISE, TOLERANCE, cosine, deviation, tolerance  # noqa: E402
from networks import ROOT, scale_weights  # noqa: E402
from signxai.methods import wrappers as reference  # noqa: E402
from signxai.utils import utils as reference_utils  # noqa: E402

from signxai_cpp.compat.methods import wrappers as ours  # noqa: E402
from signxai_cpp.compat.utils import utils as our_utils  # noqa: E402

ECG_METHODS = ["grad_cam_timeseries", "gradient", "gradient_x_input", "gradient_x_sign", "lrp_alpha_1_beta_0",
               "lrp_epsilon_0_5_std_x", "lrpsign_epsilon_0_5_std_x"]  # fmt: skip
ALIGNED = 0.999  # cosine of maps that agree but for what hangs on the last bit
Row = Tuple[str, float, float]


def row(name: str, expected: np.ndarray, compute: Any, model: Any, x: np.ndarray) -> Row:
    """Where a map hangs on the last bit of an input, by a tie of a pooling window for instance, its direction counts."""
    found = compute(x)
    distance = deviation(found, expected)
    limit, condition = (TOLERANCE, 0.0) if distance <= TOLERANCE else tolerance(compute, model, x)
    note = ""
    if condition > NOISE:
        note = f"  ill-conditioned ({condition:.1e}), cosine {cosine(found, expected):.6f}"
        limit = float("inf") if cosine(found, expected) > ALIGNED else limit
    print(f"  {name:44} deviation {distance:.1e}  allowed {limit:.1e}{note}", flush=True)
    return name, distance, limit


def picture(side: int) -> Tuple[np.ndarray, List[Row]]:
    """The example picture, as both packages load it."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "example.jpg")
        our_utils.download_image(path)
        image, x = our_utils.load_image(path)
        reference_image, reference_x = reference_utils.load_image(path)
    rows = [row("load_image", reference_x, lambda _: x, None, x),
            row("load_image, picture", np.asarray(reference_image), lambda _: np.asarray(image), None, x)]  # fmt: skip
    step = 224 // side
    return np.ascontiguousarray(x[::step, ::step][:side, :side]), rows


def vgg16(side: int) -> List[Row]:
    """The documentation's VGG16 example."""
    x, rows = picture(side)
    model = tf.keras.applications.VGG16(weights=None, input_shape=(side, side, 3), classes=1000)
    scale_weights(model, np.stack([x, x[::-1]]), 3)
    model.layers[-1].activation = None
    for name in ("lrpz_epsilon_0_1_std_x", "lrpsign_epsilon_0_1_std_x"):
        expected = reference.calculate_relevancemap(name, np.array(x), model)
        rows.append(row(name, expected, lambda v, n=name: ours.calculate_relevancemap(n, np.array(v), model), model, x))
        heat = reference_utils.aggregate_and_normalize_relevancemap_rgb(expected)
        rows.append(row(f"{name}, aggregated", heat, lambda v, n=name: our_utils.aggregate_and_normalize_relevancemap_rgb(
            ours.calculate_relevancemap(n, np.array(v), model)), model, x))  # fmt: skip
    for rule in ("Z", "SIGN"):
        keywords = {"method": "lrp.stdxepsilon", "stdfactor": 0.1, "input_layer_rule": rule}
        expected = reference_utils.calculate_explanation_innvestigate(model, x, **keywords)
        rows.append(row(f"lrp.stdxepsilon, {rule}", expected, lambda v, k=keywords: our_utils.calculate_explanation_innvestigate(
            model, v, **k), model, x))  # fmt: skip
    return rows


def positives(relevance: np.ndarray) -> np.ndarray:
    """Positive relevance, scaled to its largest."""
    kept = np.maximum(relevance, 0)
    return kept / kept.max() if kept.max() > 0 else kept


def ecg(folder: pathlib.Path) -> List[Row]:
    """The AIME 2024 example: four networks, a recording, seven methods."""
    record = sorted(folder.glob("*.csv"))[0]
    x = np.loadtxt(record, delimiter=",", skiprows=1, dtype=np.float32)
    rows: List[Row] = []
    for network in sorted(path for path in folder.iterdir() if (path / "model.json").is_file()):
        full = tf.keras.models.model_from_json((network / "model.json").read_text())
        full.load_weights(str(network / "weights.h5"))
        model = tf.keras.Model(full.inputs, full.layers[-2].output)  # without the softmax layer
        for name in ECG_METHODS:
            keywords: Dict[str, Any] = {"neuron_selection": 1}
            if name.startswith("grad_cam"):
                keywords["last_conv_layer_name"] = "activation_4"
            expected = positives(reference.calculate_relevancemap(name, x, model, **keywords))
            rows.append(row(f"{network.name} {name}", expected, lambda v, n=name, k=keywords, m=model: positives(
                ours.calculate_relevancemap(n, v, m, **k)), model, x))  # fmt: skip
    return rows


def ecg_folder(given: str) -> Any:
    beside = ROOT.parent / "shared" / "examples" / "ecg"
    candidates = [pathlib.Path(path) for path in (given, os.environ.get("SIGNXAI_ECG", "")) if path] or [beside]
    found = next((path for path in candidates if path.is_dir()), None)
    if found is None and (given or os.environ.get("SIGNXAI_ECG")):
        sys.exit(f"no such folder: {candidates[0]}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="Runs the reference's examples through both packages.")
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--ecg", default="")
    options = parser.parse_args()
    print(f"VGG16 at {options.side} x {options.side}, random weights")
    rows = vgg16(options.side)
    folder = ecg_folder(options.ecg)
    if folder is None:
        print("ECG example: left out, its networks are not beside")
    else:
        print("ECG example")
        rows += ecg(folder)
    failed = [name for name, distance, limit in rows if not distance <= limit]
    print(f"{len(rows)} comparisons, {len(failed)} failed{': ' if failed else ''}{', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
