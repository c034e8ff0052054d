"""Calls of the engine: models, targets, batches and element types in the form in which the compatible API has them."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np
from numpy.typing import NDArray

from .. import _explainer
from .._model import Model
from .._requests import describe
from ..errors import InvalidArgument
from ._settings import configure

Array = NDArray[Any]
Maps = Dict[str, Array]

SELECTIONS = "None, 'all', 'max_activation', an integer, or a list of one integer per sample"


def native(model: Any) -> Model:
    """The model as the engine has it: from a live Keras model, a :class:`signxai_cpp.Model`, or the path of a file."""
    return _explainer.as_model(model)


def is_live(model: Any) -> bool:
    """Is it a Keras object, and not a model of this package or a path?"""
    return not isinstance(model, (Model, str)) and hasattr(model, "layers")


def input_keys(model: Any, engine_model: Model) -> List[str]:
    """The names under which relevance of the inputs is returned: those of the first layers."""
    if is_live(model) and type(model).__name__ == "Sequential" and len(model.layers) > 0:
        return [model.layers[0].name]
    return [port.name for port in engine_model.inputs]


def target_of(selection: Any, samples: int) -> Any:
    """`neuron_selection` as a target of the engine. Raises ValueError for what it cannot be."""
    if isinstance(selection, str):
        if selection not in ("all", "max_activation"):
            raise InvalidArgument(f"got {selection!r}; expected {SELECTIONS}", "target", "neuron_selection")
        return "all" if selection == "all" else None
    if selection is None:
        return "all"
    indices = np.asarray(selection)
    if indices.dtype.kind not in "iu" or indices.ndim > 1:
        raise InvalidArgument(f"got {selection!r}; expected {SELECTIONS}", "target", "neuron_selection")
    if indices.ndim == 0:
        return int(indices)
    if len(indices) != samples:
        raise InvalidArgument(
            f"has {len(indices)} entries for {samples} samples; expected one integer per sample", "target", "neuron_selection"
        )
    return [int(index) for index in indices]


def as_inputs(X: Any, engine_model: Model) -> List[Array]:
    """One batch per input of the model. A list of samples counts as a batch, as TensorFlow takes it."""
    ports = engine_model.inputs
    if len(ports) == 1:
        if isinstance(X, Mapping):
            X = X[ports[0].name]
        batches = [np.asarray(X)]
    else:
        values = [X[port.name] for port in ports] if isinstance(X, Mapping) else list(X)
        if len(values) != len(ports):
            raise InvalidArgument(f"got {len(values)} arrays; the model has {len(ports)} inputs", "explain", "input")
        batches = [np.asarray(value) for value in values]
    for batch, port in zip(batches, ports):
        if batch.ndim != len(port.shape) + 1:
            raise InvalidArgument(
                f"has shape {batch.shape}; expected a batch of samples of shape {tuple(port.shape)}", "explain", port.name
            )
    return batches


def result_type(batch: Array) -> np.dtype[Any]:
    """The element type of gradients with respect to a batch: its own where it is one of real numbers, else float32."""
    return np.dtype(np.float64) if batch.dtype == np.float64 else np.dtype(np.float32)


def plain(value: Any) -> Any:
    """A parameter as the engine takes it: arrays as flat lists, tuples as lists."""
    if isinstance(value, np.ndarray):
        return value.item() if value.size == 1 else [float(item) for item in value.ravel()]
    if isinstance(value, numbers.Number) or isinstance(value, (str, dict)):
        return value
    return list(value) if isinstance(value, tuple) else value


def parameter_names(method: str) -> List[str]:
    """What a caller may give to a method of the engine."""
    return [parameter.name for parameter in describe(method).parameters]


def run(
    model: Any,
    inputs: Sequence[Array],
    method: str,
    parameters: Mapping[str, Any],
    target: Any,
    semantics: Optional[str] = None,
    engine_model: Optional[Model] = None,
) -> Maps:
    """Maps of a batch, float32, by the name of the layer at whose input the relevance is."""
    settings = configure()
    engine_model = engine_model or native(model)
    explainer = engine_model.explainer(threads=settings.threads, semantics=semantics or settings.semantics)
    given = {name: plain(value) for name, value in parameters.items() if value is not None}
    x = list(inputs) if len(inputs) > 1 else inputs[0]
    maps = explainer.explain(x, {method: given}, target, False).maps
    keys = _keys(model, engine_model, parameters.get("explained_layer_names"))
    first = engine_model.inputs[0].name
    named = {}
    for number, (name, values) in enumerate(maps.items()):
        place = name[len(method) + 1 :]
        unnamed = not place or (place == first and len(maps) == 1)
        named[keys[min(number, len(keys) - 1)] if unnamed else place] = values
    return named


def _keys(model: Any, engine_model: Model, layers: Any) -> List[str]:
    """The names of maps that the engine returns without one: of the layer that was asked for, or of the inputs."""
    return list(layers) if isinstance(layers, list) else input_keys(model, engine_model)


def outputs_of(model: Any, inputs: Sequence[Array]) -> Array:
    """What the model returns for a batch."""
    x = list(inputs) if len(inputs) > 1 else inputs[0]
    outputs = native(model).predict(x)
    return outputs[0] if isinstance(outputs, list) else outputs


def split_inputs(arrays: Sequence[Array], parts: int) -> List[Tuple[Array, ...]]:
    """The batches of all inputs, cut into `parts` equal parts along the first axis."""
    return list(zip(*(np.split(array, parts) for array in arrays)))
