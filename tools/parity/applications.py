"""The networks of keras.applications as they are compared: at their smallest input, without softmax, with seeded random
weights in which activations keep their size. For Keras 3 on TensorFlow and for tf.keras 2.

Kernels are drawn with variance 2 / fan-in. Statistics of normalisations are set in one pass, layer by layer, to what arrives: the
mean to a fifth of its mean at most, the variance to the mean square of what is left. With the whole mean taken away, layers deep in a random
network, where samples differ little, enlarge rounding each time, until two float32 implementations of fifty of them differ by 1e-4.
For the same reason what a block adds to its input is scaled down, as it is in trained networks."""

from __future__ import annotations

import contextlib
import os
import re
import unittest.mock
from typing import Any, Iterator, List, Set, Tuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # with it, the reference crashes in TensorFlow now and then
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

keras = tf.keras
tf.get_logger().setLevel("ERROR")
THIRD = keras.__version__.startswith("3.")
CLASSES = 10
_SHARE = 0.1  # of what a residual block adds
_PROBES = 128  # samples that the statistics are of; of few, each normalisation enlarges samples that were not among them


def constructors() -> List[str]:
    """Of the Keras that is installed, in alphabetical order."""
    return sorted(name for name in dir(keras.applications) if name[0].isupper() and callable(getattr(keras.applications, name)))


def blank(name: str) -> Any:
    """The network as its constructor makes it, at the smallest side, which it names when it is given too small a one."""
    make = getattr(keras.applications, name)
    options = {"weights": None, "classes": CLASSES, "classifier_activation": None}
    try:
        return make(input_shape=(32, 32, 3), **options)
    except ValueError as error:
        least = re.search(r"at least (\d+)x", str(error))
        if not least:
            raise
        return make(input_shape=(int(least[1]), int(least[1]), 3), **options)


def made(name: str, seed: int) -> Any:
    """The network with its weights."""
    model, random = blank(name), np.random.default_rng(seed)
    added = _added(model)
    for layer in _layers(model):
        names = [re.sub(r".*/|:\d+$", "", weight.name) for weight in layer.weights]
        drawn = [_draw(random, type(layer).__name__, *pair) for pair in zip(names, layer.get_weights())]
        if layer.name in added:
            drawn[names.index("gamma")] *= _SHARE
        if drawn:
            layer.set_weights(drawn)
    _set_statistics(model, random, seed)
    return model


def set_type(name: str) -> None:
    """What layers are made of from now on."""
    keras.backend.set_floatx(name)
    keras.mixed_precision.set_global_policy(name)


def in_double_precision(name: str, model: Any) -> Any:
    """The same network, computed in float64."""
    set_type("float64")
    try:
        with contextlib.nullcontext() if THIRD else _scales_of_layer_type():
            double = blank(name)
    finally:
        set_type("float32")
    double.set_weights(model.get_weights())
    assert double.layers[-1].compute_dtype == "float64"
    return double


def _scales_of_layer_type() -> Any:
    """For tf.keras 2, whose LayerScale makes a float32 variable, whatever the type that it computes in."""
    from keras.applications.convnext import LayerScale

    def build(layer: Any, _: Any) -> None:
        initial = keras.initializers.Constant(layer.init_values)
        layer.gamma = layer.add_weight("gamma", (layer.projection_dim,), initializer=initial)

    return unittest.mock.patch.object(LayerScale, "build", build)


def samples(model: Any, count: int, seed: int) -> np.ndarray:
    """Pictures in the range that the network expects: pixels, where it begins with a layer that scales them."""
    first = [layer for layer in _layers(model)][:4]
    pixels = any(type(layer).__name__ in ("Rescaling", "Normalization") for layer in first)
    low, high = (0.0, 255.0) if pixels else (-1.0, 1.0)
    return np.random.default_rng(seed).uniform(low, high, (count, *model.input_shape[1:])).astype(np.float32)


def outputs_and_gradient(model: Any, x: np.ndarray, target: int) -> Tuple[np.ndarray, np.ndarray]:
    points = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(points)
        outputs = model(points, training=False)
        chosen = tf.reduce_sum(outputs[:, target])
    return outputs.numpy(), tape.gradient(chosen, points).numpy()


def _draw(random: np.random.Generator, kind: str, name: str, value: np.ndarray) -> np.ndarray:
    if kind in ("Normalization", "Rescaling") or name == "moving_variance":
        return value
    if kind == "LayerScale":
        return random.choice([-1.0, 1.0], value.shape) * random.uniform(0.2, 0.5, value.shape)
    if name == "gamma":
        return random.uniform(0.7, 1.3, value.shape)
    if value.ndim == 1:
        return random.normal(0, 0.1, value.shape)
    fan_in = np.prod(value.shape[:-2] if "depthwise" in name else value.shape[:-1])
    return random.standard_normal(value.shape, np.float32) * np.float32(np.sqrt(2 / fan_in))


def _inputs_of(layer: Any) -> List[Any]:
    """The layers that its first call takes its inputs from."""
    node = layer._inbound_nodes[0]
    if THIRD:
        return [parent.operation for parent in node.parent_nodes]
    before = node.inbound_layers
    return before if isinstance(before, list) else [before]


def _added(model: Any) -> Set[str]:
    """Normalisations whose result is added to something, perhaps behind a Dropout or factors of channels."""
    names: Set[str] = set()
    left = [layer for add in model.layers if type(add).__name__ == "Add" for layer in _inputs_of(add)]
    while left:
        layer = left.pop()
        if type(layer).__name__ in ("Dropout", "Multiply"):
            left += _inputs_of(layer)
        if type(layer).__name__ == "BatchNormalization" and layer.scale:
            names.add(layer.name)
    return names


def _set_statistics(model: Any, random: np.random.Generator, seed: int) -> None:
    norms = [layer for layer in _layers(model) if type(layer).__name__ == "BatchNormalization"]

    def measured(norm: Any) -> Any:
        def call(inputs: Any, *_: Any, **__: Any) -> Any:
            x = inputs.numpy().astype(np.float64)
            axes = tuple(range(x.ndim - 1))
            mean = x.mean(axis=axes) * random.uniform(-0.2, 0.2, x.shape[-1])
            variance = np.square(x - mean).mean(axis=axes) * random.uniform(0.9, 1.3, x.shape[-1]) + 1e-4
            norm.moving_mean.assign(mean.astype(np.float32))
            norm.moving_variance.assign(variance.astype(np.float32))
            return type(norm).call(norm, inputs, training=False)

        return call

    for norm in norms:
        norm.call = measured(norm)
    if norms:
        model(samples(model, _PROBES, seed + 1), training=False)
    for norm in norms:
        del norm.call


def _layers(model: Any) -> Iterator[Any]:
    return model._flatten_layers(include_self=False)
