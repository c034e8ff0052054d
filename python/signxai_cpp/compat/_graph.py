"""Questions about whole models, and models without their softmax."""

from __future__ import annotations

import sys
from typing import Any, Callable, List, Sequence, Set, Union

import numpy as np

from .._model import Model
from ..errors import InvalidArgument, Unsupported
from ._checks import contains_activation, is_network, isInstanceOf

__all__ = [
    "copy_layer", "copy_layer_wo_activation", "get_input_layers", "get_kernel", "get_layer_inbound_count",
    "get_layer_outbound_count", "get_model_layers", "model_contains", "model_wo_output_activation", "model_wo_softmax",
    "pre_softmax_tensors",
]  # fmt: skip


def _flat(value: Any) -> List[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def linear(x: Any) -> Any:
    """The identity, as an activation."""
    return x


def keras_of(model: Any) -> Any:
    """The Keras package that a live model belongs to: tf.keras 2 has modules of its own."""
    for base in type(model).__mro__:
        package = base.__module__.split(".")[0]
        if package == "keras" and "keras" in sys.modules:
            return sys.modules["keras"]
        if package in ("tf_keras", "tensorflow") and "tensorflow" in sys.modules:
            return sys.modules["tf_keras"] if package == "tf_keras" else sys.modules["tensorflow"].keras
    raise InvalidArgument(f"{type(model).__name__} is no Keras model", "explain", "model")


def get_kernel(layer: Any) -> np.ndarray[Any, Any]:
    """The one weight of a layer that is no vector. Raises ValueError if there is not exactly one."""
    kernels = [np.asarray(weight) for weight in layer.get_weights() if np.ndim(weight) > 1]
    if len(kernels) != 1:
        raise InvalidArgument(f"has {len(kernels)} kernels; expected 1", "graph", layer.name)
    return kernels[0]


def get_input_layers(layer: Any) -> Set[Any]:
    """All Keras layers whose outputs this one takes, over all its calls."""
    feeders = set()
    for node in layer._inbound_nodes:
        tensors = getattr(node, "input_tensors", None)
        for tensor in _flat(tensors if tensors is not None else []):
            feeders.add(tensor._keras_history[0])
    if isInstanceOf(layer, "InputLayer"):
        feeders.add(layer)
    return feeders


def get_layer_inbound_count(layer: Any) -> int:
    """How often the layer is called."""
    return len(layer._inbound_nodes)


def get_layer_outbound_count(layer: Any) -> int:
    """How often the layer's outputs are used."""
    return len(getattr(layer, "_outbound_nodes", None) or getattr(layer, "outbound_nodes", []))


def get_model_layers(model: Any) -> List[Any]:
    """The layers of a model, those of inner models of the plain class Model behind them."""
    layers: List[Any] = []
    for layer in model.layers:
        layers.append(layer)
        if is_network(layer):
            layers += get_model_layers(layer)
    return layers


def model_contains(
    model: Any, layer_condition: Union[Callable[[Any], bool], Sequence[Callable[[Any], bool]]], return_only_counts: bool = False
) -> Any:
    """The layers (or their number) for which a condition holds; for several conditions a list of these."""
    single = callable(layer_condition)
    conditions = [layer_condition] if callable(layer_condition) else list(layer_condition)
    layers = get_model_layers(model)
    found: List[Any] = [[layer for layer in layers if condition(layer)] for condition in conditions]
    if return_only_counts:
        found = [len(each) for each in found]
    return found[0] if single else found


def copy_layer(
    layer: Any, keep_bias: bool = True, name_template: Any = None, weights: Any = None, reuse_symbolic_tensors: bool = True, **kwargs: Any
) -> Any:
    """A Keras layer of the same configuration (changed by `kwargs`) and weights that is called on tensors of the same
    shape. `name_template`: "copy_%s" names it after the original."""
    config = {**layer.get_config(), **kwargs}
    if name_template is None:
        config.pop("name", None)
    else:
        config["name"] = name_template % layer.name
    values = list(layer.get_weights() if weights is None else weights)
    if not keep_bias and config.get("use_bias", False):
        config["use_bias"] = False
        values = values[:-1] if weights is None else values
    copy = type(layer).from_config(config)
    copy.build(tuple(layer.input.shape))
    copy.set_weights(values)
    return copy


def copy_layer_wo_activation(
    layer: Any, keep_bias: bool = True, name_template: Any = None, weights: Any = None, reuse_symbolic_tensors: bool = True, **kwargs: Any
) -> Any:
    """As :func:`copy_layer`, with the identity as activation."""
    if "activation" in layer.get_config():
        kwargs["activation"] = "linear"
    return copy_layer(layer, keep_bias, name_template, weights, reuse_symbolic_tensors, **kwargs)


def pre_softmax_tensors(Xs: Any, should_find_softmax: bool = True) -> List[Any]:
    """The symbolic tensors that go into the softmax of output tensors; other outputs stay as they are. Raises ValueError
    if there is no softmax and `should_find_softmax`."""
    tensors, found = [], False
    for x in _flat(Xs):
        layer = x._keras_history[0]
        if not contains_activation(layer, "softmax"):
            tensors.append(x)
            continue
        found = True
        alone = isInstanceOf(layer, ("Activation", "Softmax"))
        tensors.append(layer.input if alone else copy_layer_wo_activation(layer, name_template="%s_wo_softmax")(layer.input))
    if should_find_softmax and not found:
        raise InvalidArgument("no softmax found", "graph", "model")
    return tensors


def model_wo_softmax(model: Any) -> Any:
    """A model that ends before the softmax; the given one stays as it is. Raises ValueError if there is none. A
    :class:`signxai_cpp.Model` or the path of a file comes back as it is: the engine explains what goes into the softmax."""
    if isinstance(model, (Model, str)):
        return model
    outputs = pre_softmax_tensors(model.outputs)
    return keras_of(model).Model(model.inputs, outputs if len(outputs) > 1 else outputs[0], name=model.name)


def model_wo_output_activation(model: Any) -> Any:
    """A model whose last layers are without activation; the given one stays as it is."""
    if isinstance(model, (Model, str)):
        raise Unsupported("needs a live Keras model", "graph", "model_wo_output_activation")
    outputs = []
    for x in model.outputs:
        layer = x._keras_history[0]
        alone = isInstanceOf(layer, "Activation")
        outputs.append(layer.input if alone else copy_layer_wo_activation(layer, name_template="%s_wo_activation")(layer.input))
    return keras_of(model).Model(model.inputs, outputs if len(outputs) > 1 else outputs[0], name=model.name)
