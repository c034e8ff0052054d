#!/usr/bin/env python3
"""Writes networks of keras.applications with seeded random weights as Keras 2 HDF5 files.

    make_networks.py FOLDER NAME...         of resnet50, densenet121, inceptionv3, mobilenetv2, efficientnetb0

The weights are Keras's initial ones. Batch normalization gets the statistics that random inputs have there, so that
activations keep their size from layer to layer. Needs TensorFlow 2.12.
"""

import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

SIDES = {"ResNet50": 224, "DenseNet121": 224, "InceptionV3": 299, "MobileNetV2": 224, "EfficientNetB0": 224}
BY_FILE = {name.lower(): name for name in SIDES}


def set_statistics(model, side):
    """One pass in training mode, after which mean and variance of each normalization are those of the pass."""
    norms = [layer for layer in model.layers if isinstance(layer, tf.keras.layers.BatchNormalization)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    samples = np.random.default_rng(1).uniform(-1, 1, (8, side, side, 3)).astype(np.float32)
    model(samples, training=True)
    for norm, momentum in zip(norms, momenta):
        norm.momentum = momentum


def make(name, path):
    tf.keras.backend.clear_session()
    tf.keras.utils.set_random_seed(16)
    model = getattr(tf.keras.applications, name)(weights=None)
    set_statistics(model, SIDES[name])
    outputs = model(
        np.random.default_rng(2).uniform(-1, 1, (1, SIDES[name], SIDES[name], 3)).astype(np.float32)
    ).numpy()
    if not np.isfinite(outputs).all():
        raise SystemExit(f"make_networks: {name} answers random input with values that are not finite")
    unfinished = path.with_suffix(".unfinished.h5")
    model.save(unfinished, include_optimizer=False)
    unfinished.rename(path)


def main():
    if len(sys.argv) < 3 or any(name not in BY_FILE for name in sys.argv[2:]):
        sys.exit(__doc__)
    for name in sys.argv[2:]:
        make(BY_FILE[name], pathlib.Path(sys.argv[1]) / f"{name}.h5")


if __name__ == "__main__":
    main()
