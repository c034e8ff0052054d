"""Writes the model files of this folder: networks of operations on tensors, those of python/tests/live/operation_networks.py joined,
as Keras 3 (3.15 on JAX) saves them or, with TensorFlow 2.12 in the environment, as tf.keras 2 does; NAME.npz beside them holds
inputs x0, x1, outputs y, and the gradients g0, g1 of output 1.

    cd tests/importers/data/operations && python make_operations.py
"""
import os
import pathlib
import sys

os.environ.setdefault("KERAS_BACKEND", "jax")
sys.path.insert(0, str(pathlib.Path.cwd().parents[3] / "python/tests/live"))

import numpy as np
from attention_networks import IS_3, keras, randomized
from operation_networks import ARITHMETIC, ITEMS, ONE, TWO, inputs_of, joined

if IS_3:
    import jax
else:
    import tensorflow as tf

FUNCTIONS = ("functions", "more_functions", "pointwise", "clip")
CHOICES = ("where", "masks", "mean", "mean_all", "sums", "extremes", "variance", "moments", "norm", "normalize", "standardized")
MOVES = [n for n in ONE if n not in {*ARITHMETIC, *ITEMS, *FUNCTIONS, *CHOICES}]
NETWORKS = {"arithmetic": {**ARITHMETIC, **ITEMS}, "functions": FUNCTIONS, "reductions": CHOICES, "moves": MOVES, "pairs": TWO}
ENDINGS = {True: {"pairs": ("keras", "h5"), "arithmetic": ("keras", "h5")}, False: {}}


def gradients_of(model, arrays):
    def given(inputs):
        return inputs if len(inputs) > 1 else inputs[0]

    if IS_3:
        return [np.asarray(g) for g in jax.grad(lambda p: model(given(p), training=False)[:, 1].sum())(arrays)]
    points = [tf.constant(x) for x in arrays]
    with tf.GradientTape() as tape:
        tape.watch(points)
        chosen = tf.reduce_sum(model(given(points), training=False)[:, 1])
    return [g.numpy() for g in tape.gradient(chosen, points)]


for name, parts in NETWORKS.items():
    keras.backend.clear_session()
    model = randomized(joined(*parts)())
    stem = name + ("3" if IS_3 else "2")
    for ending in ENDINGS[IS_3].get(name, ("keras",) if IS_3 else ("h5",)):
        model.save(f"{stem}.{ending}")
    x = inputs_of(model)
    arrays = {f"x{i}": a for i, a in enumerate(x)} | {f"g{i}": g for i, g in enumerate(gradients_of(model, x))}
    np.savez(f"{stem}.npz", y=np.asarray(model(x if len(x) > 1 else x[0], training=False)), **arrays)
