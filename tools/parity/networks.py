"""The networks that both sides explain, as live tf.keras 2 models without softmax, with an input of each.

Those that come from files are in this repository; MobileNet has seeded random weights, scaled so that activations keep
their size from layer to layer."""

from __future__ import annotations

import pathlib
from dataclasses import dataclass
from typing import Any, Callable, Dict

import numpy as np
import tensorflow as tf

ROOT = pathlib.Path(__file__).resolve().parents[2]
keras = tf.keras
tf.get_logger().setLevel("ERROR")


@dataclass(frozen=True)
class Network:
    model: Any
    sample: np.ndarray
    convolution: str  # for Grad-CAM


def without_softmax(model: Any) -> Any:
    """A model whose softmax layer is gone; where it is the activation of the last layer, that becomes linear in place."""
    last = model.layers[-1]
    if isinstance(last, (keras.layers.Softmax, keras.layers.Activation)):
        return keras.Model(model.inputs, model.layers[-2].output)
    last.activation = keras.activations.linear
    return model


def last_convolution(model: Any) -> str:
    """The last layer whose outputs have a place in the picture or series."""
    kinds = (keras.layers.Conv1D, keras.layers.Conv2D)
    return [layer.name for layer in model.layers if isinstance(layer, kinds) and min(layer.output_shape[1:-1]) > 1][-1]


def _from_file(*parts: str, low: float = 0.0, high: float = 1.0) -> Network:
    model = without_softmax(keras.models.load_model(ROOT.joinpath(*parts), compile=False))
    shape = model.input_shape[1:]
    sample = np.random.RandomState(7).uniform(low, high, shape).astype(np.float32)
    return Network(model, sample, last_convolution(model))


def scale_weights(model: Any, probe: np.ndarray, seed: int) -> None:
    """Random weights for which each layer's output has about the mean square of its input, statistics of batch
    normalisations measured on `probe`, layer by layer."""
    random = np.random.RandomState(seed)
    for layer in model.layers:
        weights = layer.get_weights()
        if not weights:
            continue
        inner = keras.Model(model.inputs, layer.input)(probe).numpy()
        if isinstance(layer, keras.layers.BatchNormalization):
            axes = tuple(range(inner.ndim - 1))
            gamma = random.uniform(0.8, 1.2, inner.shape[-1])
            beta = random.uniform(0.1, 0.4, inner.shape[-1])
            layer.set_weights([gamma, beta, inner.mean(axis=axes), inner.var(axis=axes) + 1e-3])
            continue
        kernel = random.normal(0, 1, weights[0].shape)
        fan_in = np.prod(kernel.shape[:2]) if "depthwise" in layer.name.lower() or "dw" in layer.name else np.prod(kernel.shape[:-1])
        scaled = kernel * np.sqrt(2.0 / fan_in)
        layer.set_weights([scaled, *(random.uniform(-0.1, 0.1, weight.shape) for weight in weights[1:])])


def mobilenet() -> Network:
    model = keras.applications.MobileNet(input_shape=(64, 64, 3), weights=None, classes=20)
    probe = np.random.RandomState(5).uniform(-1, 1, (8, 64, 64, 3)).astype(np.float32)
    scale_weights(model, probe, 11)
    model = without_softmax(model)
    return Network(model, probe[0], last_convolution(model))


NETWORKS: Dict[str, Callable[[], Network]] = {
    "digits_cnn": lambda: _from_file("examples", "digits", "digits_cnn.h5"),
    "vgg_mini": lambda: _from_file("tests", "golden", "data", "vgg_mini", "model.h5", low=-1.0),
    "resnet_mini": lambda: _from_file("tests", "golden", "data", "resnet_mini", "model.h5", low=-1.0),
    "conv1d_ecg": lambda: _from_file("tests", "golden", "data", "conv1d_ecg", "model.h5", low=-1.0),
    "ecg": lambda: _from_file("examples", "ecg", "st_elevation.h5", low=-1.0),
    "mobilenet": mobilenet,
}
