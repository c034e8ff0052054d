"""What a method of the user's works with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Dict, List, Union

import numpy as np
from numpy.typing import NDArray

from . import _native
from ._arrays import as_inputs
from ._model import Model
from ._requests import MethodArgument, requests_of
from .errors import InvalidArgument

FloatArray = NDArray[np.float32]


class Call:
    """Some samples to be explained, and other methods to explain them with. It works until the method returns.

    Attributes: ``x``, the samples as a float32 array (samples, *sample shape), a dict of arrays for a model of several
    inputs; ``targets``, the explained neuron of each sample (-1 where there is no single one); ``model``. With the targets
    "top:K" and "each" a sample comes once for each of its neurons.
    """

    def __init__(self, native: _native.MethodCall) -> None:
        self._native = native
        self.model = Model(native.model)
        self.names = [port.name for port in self.model.inputs]
        arrays = native.inputs()
        self.x: Any = arrays[0] if len(arrays) == 1 else dict(zip(self.names, arrays))
        self.targets: NDArray[np.int64] = native.targets()

    def __call__(self, methods: MethodArgument, x: Any = None, **params: Any) -> Dict[str, FloatArray]:
        """Maps of the samples by other methods, for the same targets: arrays (samples, ...) by name, or by METHOD/INPUT with several
        inputs. `methods` and `params` are those of :func:`signxai_cpp.explain`; methods asked for together share work.

        x: other inputs in place of the samples, as many and of their shape; each is explained for its sample's target."""
        result = self._native.explain(requests_of(methods, params), self._at(x))
        return {entry.name: entry.take() for entry in result.maps}

    def predict(self, x: Any = None) -> Union[FloatArray, List[FloatArray]]:
        """What the model returns for the samples, or for `x` in their place; a list for several outputs."""
        outputs = self._native.explain([], self._at(x)).take_outputs()
        return outputs[0] if len(outputs) == 1 else outputs

    def _at(self, x: Any) -> List[FloatArray]:
        return [] if x is None else as_inputs(x, self.model.inputs)[0]


def maps_of(name: str, returned: Any, call: Call) -> List[FloatArray]:
    """What a method returned, as one float32 array per input of the model."""
    if isinstance(returned, Mapping):
        if set(returned) != set(call.names):
            raise InvalidArgument(f"returned maps of {list(returned)}; expected {call.names}", "method", name)
        return [_map_of(name, returned[key]) for key in call.names]
    if len(call.names) > 1:
        raise InvalidArgument(f"returned one map; expected a dict with a map for each of {call.names}", "method", name)
    return [_map_of(name, returned)]


def _map_of(name: str, returned: Any) -> FloatArray:
    try:
        array = np.asarray(returned)
    except (TypeError, ValueError) as error:
        raise InvalidArgument(f"returned a {type(returned).__name__}, which is no array: {error}", "method", name) from error
    if array.dtype.kind not in "biuf":
        what = "nothing" if returned is None else f"a {type(returned).__name__} of {array.dtype}"
        raise InvalidArgument(f"returned {what}; expected an array of numbers of the shape of call.x", "method", name)
    with np.errstate(over="ignore"):  # what overflows is refused as an infinity
        return np.require(array, np.float32, ["C", "A"])
