"""What users hand in, as the float32 arrays that the compiled part takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Dict, List, Tuple

import numpy as np
from numpy.typing import NDArray

from . import _native
from .errors import InvalidArgument

FloatArray = NDArray[np.float32]


def _array_of(x: Any) -> NDArray[Any]:
    """``x`` as a NumPy array of whatever dtype, without a copy where there is a way."""
    if isinstance(x, np.ma.MaskedArray):
        raise InvalidArgument("is a masked array; try x.filled(value)", "explain", "input")
    if isinstance(x, np.ndarray):
        return x
    detach = getattr(x, "detach", None)  # a PyTorch tensor that records gradients
    if callable(detach):
        x = detach()
    try:
        if hasattr(x, "__dlpack__") and not hasattr(x, "__array__"):
            return np.from_dlpack(x)
        return np.asarray(x)
    except (TypeError, ValueError, BufferError, RuntimeError) as error:
        raise InvalidArgument(f"{type(x).__name__} is no array of numbers; {error}", "explain", "input") from error


def as_float32(x: Any) -> FloatArray:
    """``x`` as a C-contiguous float32 array: itself if it is one, else converted once."""
    array = _array_of(x)
    if type(array) is np.ndarray and array.dtype == np.float32 and array.flags.c_contiguous and array.flags.aligned:
        return array
    if array.dtype.kind in "cOSUMm":
        raise InvalidArgument(f"holds {array.dtype}; expected real numbers", "explain", "input")
    with np.errstate(over="ignore"):  # what overflows is refused as an infinity, with its place
        return np.require(array, np.float32, ["C", "A"])


def as_inputs(x: Any, ports: List[_native.Port]) -> Tuple[List[FloatArray], bool]:
    """One array per input of a model, and whether they are one sample, without a batch axis."""
    names = [port.name for port in ports]
    if isinstance(x, Mapping):
        unknown = sorted(set(map(str, x)) - set(names))
        missing = [name for name in names if name not in x]
        if unknown or missing:
            raise InvalidArgument(f"got inputs {sorted(map(str, x))}, expected {names}", "explain", "input")
        values = [x[name] for name in names]
    elif len(ports) == 1:
        values = [x[0]] if _wraps_one_array(x) else [x]
    elif isinstance(x, Sequence) and len(x) == len(ports):
        values = list(x)
    else:
        raise InvalidArgument(
            f"the network has {len(ports)} inputs; expected a list of as many arrays, or a dict with {names}", "explain", "input"
        )
    arrays = [as_float32(value) for value in values]
    if arrays[0].ndim == 0:
        raise InvalidArgument(f"is one number; the network takes {ports[0].shape}, or a batch of that", "explain", "input")
    return arrays, arrays[0].ndim == len(ports[0].shape)


def _wraps_one_array(x: Any) -> bool:
    """Is it the list of inputs of a model with one input, ``[array]``? A list of numbers is an array itself."""
    return isinstance(x, (list, tuple)) and len(x) == 1 and getattr(x[0], "ndim", 0) > 1


def scores_of(targets: NDArray[np.int64], explained: List[str], outputs: Dict[str, FloatArray]) -> FloatArray:
    """What the model returns at the targets, in their shape; NaN where no single neuron is explained."""
    samples = targets.shape[0]
    if samples == targets.size == 1 and targets.flat[0] >= 0:  # as usual, and in a fraction of the time
        score: FloatArray = outputs[explained[0]].reshape(-1)[targets.flat[0]].reshape(targets.shape)
        return score
    columns = targets.reshape(samples, -1)
    scores = np.full(columns.shape, np.nan, np.float32)
    for column in range(columns.shape[1]):
        name = explained[column] if len(explained) > 1 else explained[0]
        flat = outputs[name].reshape(samples, -1)
        index = columns[:, column]
        found = index >= 0
        scores[found, column] = flat[np.nonzero(found)[0], index[found]]
    return scores.reshape(targets.shape)
