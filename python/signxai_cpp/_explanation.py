"""The result of an explanation: maps that act as an array, with how they were made."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

from . import _native
from ._ledger import Ledger
from .errors import InvalidArgument

FloatArray = NDArray[np.float32]


class Explanation(NDArrayOperatorsMixin):
    """Relevance maps. Acts as the NumPy array of its map: shape, dtype, indexing, arithmetic, every NumPy function and
    method. With several maps it acts as all of them stacked, in the order asked for, if their shapes agree.

    For one sample without a batch axis, maps have the sample's shape and `targets` and `scores` no batch axis either.

    Attributes
    ----------
    maps: float32 arrays by name: the method's, or "METHOD/PLACE" with several inputs or inner layers.
    targets: the explained neurons (int64, flat indices; -1 where there is no single one): (samples,), (samples, outputs)
        for several explained outputs, (samples, K) for the targets "top:K" and "each".
    scores: what the model returns there, NaN for -1; in the shape of `targets`.
    outputs: all that the model returns, by output.
    inputs: what was explained, by input.
    ledger: by method, where it was asked for, what becomes of the relevance at each layer: `rows` (with `layer`, `rule`, `incoming`,
        `out`, `bias`, `epsilon`, `other`), `put_in` and `arrived`.
    notes: what is worth knowing about the model and each map.
    explained: names of the explained outputs.
    seconds, compile_seconds: time of the computation and of the compilation before it.

    >>> import numpy as np, signxai_cpp
    >>> model = signxai_cpp.load("examples/digits/digits_cnn.h5")
    >>> e = signxai_cpp.explain(model, np.ones((2, 28, 28, 1)), ["gradient", "lrp_z"])
    >>> e.shape, e["lrp_z"].shape, e.targets.shape
    ((2, 2, 28, 28, 1), (2, 28, 28, 1), (2,))
    >>> bool(np.all(e[1] == e.maps["lrp_z"]))
    True
    """

    def __init__(
        self,
        maps: Dict[str, FloatArray],
        targets: NDArray[np.int64],
        scores: FloatArray,
        outputs: Dict[str, FloatArray],
        inputs: Dict[str, FloatArray],
        ledger: Dict[str, Ledger],
        notes: List[str],
        single: bool,
        model: str,
        explained: List[str],
        seconds: Tuple[float, float],
    ) -> None:
        self._single = single
        self.maps = {name: self._unbatched(array) for name, array in maps.items()}
        self.targets = self._unbatched(targets)
        self.scores = self._unbatched(scores)
        self.outputs = {name: self._unbatched(array) for name, array in outputs.items()}
        self.inputs = inputs
        self.ledger = ledger
        self.notes = notes
        self.model = model
        self.explained = explained
        self.seconds, self.compile_seconds = seconds
        self._stacked: Optional[FloatArray] = None

    def _unbatched(self, array: Any) -> Any:
        return array[0] if self._single else array

    # -- as an array --------------------------------------------------------------------------------------------------

    def _array(self) -> FloatArray:
        maps: List[FloatArray] = list(self.maps.values())
        if len(maps) == 1:
            return maps[0]
        if self._stacked is None:
            if len({array.shape for array in maps}) > 1:
                shapes = ", ".join(f"{name} {array.shape}" for name, array in self.maps.items())
                raise InvalidArgument(f"maps of different shapes are no one array ({shapes}); try .maps[name]", "explain")
            self._stacked = np.stack(maps)
        return self._stacked

    def __array__(self, dtype: Any = None, copy: Optional[bool] = None) -> NDArray[Any]:
        array = self._array()
        if dtype is not None and np.dtype(dtype) != array.dtype:
            if copy is False:
                raise ValueError(f"the maps are {array.dtype}; as {np.dtype(dtype)} they have to be copied")
            return array.astype(dtype)
        return array.copy() if copy else array

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        plain = [each._array() if isinstance(each, Explanation) else each for each in inputs]
        if "out" in kwargs:
            kwargs["out"] = tuple(each._array() if isinstance(each, Explanation) else each for each in kwargs["out"])
        return getattr(ufunc, method)(*plain, **kwargs)

    def __dlpack__(self, **kwargs: Any) -> Any:
        return self._array().__dlpack__(**kwargs)

    def __dlpack_device__(self) -> Any:
        return self._array().__dlpack_device__()

    @property
    def shape(self) -> Tuple[int, ...]:
        """Shape of the array that this acts as."""
        return self._array().shape

    @property
    def dtype(self) -> np.dtype[np.float32]:
        """float32"""
        return np.dtype(np.float32)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self._array().ndim

    def __len__(self) -> int:
        return len(self._array())

    def __iter__(self) -> Any:
        return iter(self._array())

    def __getitem__(self, key: Any) -> Any:
        """A map by name, or what the array has there."""
        if isinstance(key, str):
            if key not in self.maps:
                raise KeyError(f"no map is called {key!r}; there are {', '.join(self.maps)}")
            return self.maps[key]
        return self._array()[key]

    def __getattr__(self, name: str) -> Any:
        # sum, mean, max, reshape ...: what an array can do
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return getattr(self._array(), name)
        except AttributeError:
            raise AttributeError(f"'Explanation' has no attribute {name!r}") from None

    def __repr__(self) -> str:
        maps = ", ".join(f"{name} {array.shape}" for name, array in self.maps.items())
        targets = np.array2string(np.asarray(self.targets), threshold=10)
        return f"Explanation({maps}; targets {targets})"

    # -- pictures and files -------------------------------------------------------------------------------------------

    def plot(
        self,
        sample: Union[int, Sequence[int]] = 0,
        *,
        names: Optional[Sequence[str]] = None,
        titles: Optional[Dict[str, str]] = None,
        cmap: str = "seismic",
        columns: int = 0,
        clip: float = 0.0,
        rate: float = 0.0,
        leads: Optional[Sequence[str]] = None,
        figure: Any = None,
    ) -> Any:
        """Draws the maps of one sample, or of several, with matplotlib (``pip install signxai-cpp[plot]``) and returns the
        figure. In a notebook, ``e.plot();`` shows it once: a figure that a cell returns is shown again.

        Pictures: the input and every map side by side, each map on its own symmetric scale. Series (two axes, long in
        the first): leads stacked over time on a grid, shaded where relevance is. With `rate`, up to 12 seconds of plausible
        millivolts are drawn on ECG paper: square squares of 0.04 s by 0.1 mV, all leads to the same scale, a pulse of 1 mV.

        Parameters
        ----------
        sample: which sample of the batch; with several, such as ``range(3)``, each has a row.
        names: the maps to draw, in this order; default: all.
        titles: names to show instead of the method's, by map.
        cmap: colour map of matplotlib, by name.
        columns: panels per row; 0: what fits.
        clip: share of the largest magnitudes that saturates, such as 0.01.
        rate: sampling rate of a series in Hz; 0: unknown.
        leads: names of a series' leads.
        figure: a figure to draw into; default: a new one of pyplot, of a size that fits.

        Raises InvalidArgument for a sample that is not there, names that do not fit the leads; Unsupported for samples of
        more than three axes.
        """
        from ._plot import plot

        return plot(
            self, sample, names=names, titles=titles, cmap=cmap, columns=columns, clip=clip, rate=rate, leads=leads, figure=figure
        )

    def save(self, path: Union[str, "os.PathLike[str]"], overwrite: bool = False) -> None:
        """Writes the result, whole or not at all, in the form that the ending names: ".npz" (each map under its name,
        `targets` and `scores`), ".npy" (the array this acts as), ".png" (a picture of the first sample).

        Raises InputOutput (an OSError) when the file exists, unless `overwrite`; InvalidArgument for other endings.
        """
        name = os.fspath(path)
        ending = os.path.splitext(name)[1].lower()
        if ending == ".npz":
            arrays = [(key.replace("/", "."), np.require(array, None, "C")) for key, array in self.maps.items()]
            arrays.append(("scores", np.require(self.scores, np.float32, "C")))
            _native.write_npz(name, arrays, [("targets", np.require(self.targets, np.int64, "C"))], overwrite)
        elif ending == ".npy":
            _native.write_npy(name, np.require(self._array(), None, "C"), overwrite)
        elif ending == ".png":
            from ._tiles import picture

            _native.write_png(name, picture(self), overwrite)
        else:
            raise InvalidArgument(f"ends in {ending!r}; expected .npz, .npy or .png", "output", name)

    def _repr_png_(self) -> Optional[bytes]:
        """What a notebook shows: the maps of the first sample; nothing where the input cannot be drawn."""
        from ._tiles import drawable, picture

        return _native.encode_png(picture(self)) if drawable(self) else None

    def _sample(self, array: Any, sample: int) -> Any:
        """The part of an array that belongs to a sample."""
        return array if self._single else array[sample]


def titles_of(explanation: Explanation, sample: int, names: Sequence[str]) -> str:
    """What is explained: "class 3, score 0.9987", for each explained output or neuron."""
    targets = np.atleast_1d(explanation._sample(explanation.targets, sample))
    scores = np.atleast_1d(explanation._sample(explanation.scores, sample))
    pieces = []
    for index, (target, score) in enumerate(zip(targets, scores)):
        prefix = f"{explanation.explained[index]}: " if len(explanation.explained) > 1 else ""
        pieces.append(prefix + ("several outputs" if target < 0 else f"class {target}, score {score:.4g}"))
    return "; ".join(pieces)
