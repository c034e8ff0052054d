"""Networks for handwritten digits, as iNNvestigate hands them out: random weights, unless a file has them."""

from __future__ import annotations

from typing import Any, Callable, Tuple

from ._applications import keras

_HIDDEN = 1296  # neurons of each hidden layer (Lapuschkin et al. 2016, jmlr.org/papers/v17/15-618.html)
_KINDS = {f"pretrained_plos_{size}_{name}": (layers, activation)
          for size, layers in (("long", 3), ("short", 2)) for name, activation in (("relu", "relu"), ("tanh", "tanh"))}  # fmt: skip

__all__ = [*_KINDS]


def _network(layers: int, activation: str, input_shape: Tuple[int, ...]) -> Any:
    package = keras()
    model = package.Sequential([package.layers.Input(tuple(input_shape))])
    if len(input_shape) > 1:
        model.add(package.layers.Flatten())
    for _ in range(layers):
        model.add(package.layers.Dense(_HIDDEN, activation=activation))
    model.add(package.layers.Dense(10))
    return model


def _builder(name: str) -> Callable[..., Tuple[Any, Any]]:
    layers, activation = _KINDS[name]

    def build(input_shape: Tuple[int, ...], **kwargs: Any) -> Tuple[Any, Any]:
        model = _network(layers, activation, input_shape)
        if kwargs.get("weights") is not None:
            model.load_weights(kwargs["weights"])
        package = keras()
        return model, package.Sequential([*model.layers, package.layers.Activation("softmax")])

    build.__name__ = build.__qualname__ = name
    build.__doc__ = (
        f"A network of {layers} hidden layers with {activation}, without softmax and with it (sharing the layers). "
        "weights: the path of a weights file; without it the weights are random. Needs Keras (Unsupported without it)."
    )
    return build


globals().update({name: _builder(name) for name in _KINDS})
