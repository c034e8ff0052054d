"""Live Keras models: taken from their configuration and weights in memory, and looked at anew in each call.

Nothing of Keras is imported here; the model brings what is needed. It is only read, never changed.
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
import weakref
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from . import _native
from ._arrays import FloatArray, as_float32
from ._model import Model
from .errors import InvalidArgument, Unsupported

Token = Tuple[Any, ...]
Weights = List[Tuple[str, List[FloatArray]]]


class _Snapshot(NamedTuple):
    """What a live model was when it was last looked at, and what was made of it."""

    fingerprint: Tuple[Any, ...]
    kept: List[Any]  # immutable arrays, whose identity is part of the fingerprint
    model: Model


class _Cache:
    """Snapshots by live model, for as long as that lives. Safe for several threads."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._snapshots: Dict[int, _Snapshot] = {}

    def get(self, live: Any) -> Optional[_Snapshot]:
        return self._snapshots.get(id(live))

    def put(self, live: Any, snapshot: _Snapshot) -> None:
        key = id(live)
        if key not in self._snapshots:
            try:
                weakref.finalize(live, self._snapshots.pop, key, None).atexit = False
            except TypeError:  # its end cannot be seen, and its address may become another's
                return
        self._snapshots[key] = snapshot

    def __len__(self) -> int:
        return len(self._snapshots)


_cache = _Cache()


def from_keras(model: Any) -> Model:
    """Takes a live Keras model: of Keras 3 on any backend, or of tf.keras 2. Functional and Sequential models.

    The model is read, never changed, and nothing is written to the disk. What comes back is a copy of the model as it is
    now. It is kept as long as the live model is, and made anew when a weight or the configuration has changed, also in
    place (``set_weights``, ``layer.kernel.assign``, ``layer.activation = None``). So pass the live model itself to
    :func:`explain`, as often as you like.

    Raises InvalidArgument (a ValueError) for what is no Keras model, or one that was not built; Unsupported for
    subclassed models, which have no configuration, and for layers that cannot be computed (all at once).

    Thread safety: may be called from several threads, as long as none changes the model meanwhile.

    >>> import signxai_cpp
    >>> signxai_cpp.from_keras("VGG16")
    Traceback (most recent call last):
    ...
    signxai_cpp.errors.InvalidArgument: [import] model: got a str; expected a Model, the path of a file, or a Keras model
    """
    with _cache.lock:
        architecture, weights = _read(model)
        fingerprint = (architecture, tuple((path, tuple(weight.token for weight in list_)) for path, list_ in weights))
        found = _cache.get(model)
        if found is not None and found.fingerprint == fingerprint:
            return found.model
        made = model_of(architecture, [(path, [weight.array() for weight in list_]) for path, list_ in weights])
        kept = [weight.immutable for _, list_ in weights for weight in list_ if weight.immutable is not None]
        _cache.put(model, _Snapshot(fingerprint, kept, made))
        return made


def content_of(model: Any) -> Tuple[str, Weights]:
    """Configuration and weights of a live model, of which :func:`model_of` makes a model, in another process too."""
    with _cache.lock:
        architecture, weights = _read(model)
        return architecture, [(path, [weight.array() for weight in list_]) for path, list_ in weights]


def model_of(architecture: str, weights: Weights) -> Model:
    """The model of a configuration and of the arrays of each layer."""
    digest = hashlib.sha256(architecture.encode())
    for path, arrays in weights:
        for array in arrays:
            digest.update(f"{path} {array.shape}".encode() + _native.fingerprint(array))
    return Model(_native.Model.from_memory(architecture, weights), digest=digest.hexdigest())


def _read(model: Any) -> Tuple[str, List[Tuple[str, List[_Weight]]]]:
    if not hasattr(model, "layers") or not (hasattr(model, "to_json") or hasattr(model, "get_config")):
        raise InvalidArgument(
            f"got a {type(model).__name__}; expected a Model, the path of a file, or a Keras model", "import", "model"
        )
    if getattr(model, "built", True) is False:
        name = str(getattr(model, "name", type(model).__name__))
        raise InvalidArgument("has no weights yet; expected a built model; try `model.build(input_shape)`, or call it once", "import", name)
    variables = _variables_of(model, "")
    return _architecture_of(model), [(path, [_Weight(variable) for variable in list_]) for path, list_ in variables]


def _architecture_of(model: Any) -> str:
    """The configuration as JSON. Raises Unsupported where there is none."""
    try:
        return _serialized(model)
    except Exception as first:  # whatever a user's layers raise
        bare = [layer for layer in _layers_of(model) if getattr(layer, "activation", "none") is None]
        error = first
        if bare:
            try:
                return _serialized_with_linear(model, bare)
            except Exception as second:
                error = second
        name = str(getattr(model, "name", type(model).__name__))
        raise Unsupported(
            f"has no configuration ({type(error).__name__}: {error}); expected a functional or Sequential model", "import", name
        ) from error


def _serialized(model: Any) -> str:
    if hasattr(model, "to_json"):
        return str(model.to_json())
    return json.dumps({"class_name": type(model).__name__, "config": model.get_config()})


def _serialized_with_linear(model: Any, bare: List[Any]) -> str:
    """The same with layers whose activation was set to None. Keras computes with such layers, but cannot write them down, so
    they have the equal activation `linear` meanwhile."""
    try:
        for layer in bare:
            layer.activation = _linear_of(layer)
        return _serialized(model)
    finally:
        for layer in bare:
            layer.activation = None


def _linear_of(layer: Any) -> Any:
    """The function `linear` of the Keras that the layer is of."""
    for kind in type(layer).__mro__:
        package = sys.modules.get(kind.__module__.partition(".")[0])
        activations = getattr(package, "activations", None)
        if activations is not None:
            return activations.linear
    return None


def _layers_of(model: Any) -> Iterator[Any]:
    """All layers, those of inner models too."""
    for layer in getattr(model, "layers", None) or []:
        yield layer
        yield from _layers_of(_inner_model(layer))


def _inner_model(layer: Any) -> Any:
    """The model that a layer is, or that it wraps (TimeDistributed); None where it is no such layer."""
    for candidate in (layer, getattr(layer, "layer", None)):
        if isinstance(getattr(candidate, "layers", None), (list, tuple)):
            return candidate
    return None


def _variables_of(model: Any, prefix: str) -> Iterator[Tuple[str, List[Any]]]:
    """The weights of each layer that has some; layers of a model that is used as a layer as "outer/inner"."""
    for layer in model.layers:
        path = prefix + str(layer.name)
        inner = _inner_model(layer)
        if inner is not None:
            yield from _variables_of(inner, path + "/")
        elif layer.weights:
            yield path, list(layer.weights)


class _Weight:
    """One variable: what tells that it changed, and its values."""

    def __init__(self, variable: Any) -> None:
        self._variable = variable
        self._values: Optional[FloatArray] = None
        # JAX arrays never change: a changed variable has another one.
        value = getattr(variable, "value", None)
        self.immutable = value if type(value).__module__.partition(".")[0] in ("jax", "jaxlib") else None
        if self.immutable is not None:
            self.token: Token = ("same", id(self.immutable))
        else:
            self.token = ("equal", self.array().shape, _native.fingerprint(self.array()))

    def array(self) -> FloatArray:
        """The values, read once."""
        if self._values is None:
            try:
                self._values = as_float32(np.asarray(self._variable))
            except (TypeError, RuntimeError):  # a variable that knows its own way only
                self._values = as_float32(self._variable.numpy())
        return self._values
