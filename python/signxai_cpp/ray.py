"""Explaining the rows of a Ray data set, on many machines: ``pip install signxai-cpp[ray]``.

    import ray, signxai_cpp.ray
    rows = ray.data.read_images("pictures")
    explained = signxai_cpp.ray.explain(rows, "network.h5", ["lrp_z", "gradient"], preprocess="vgg16")
    explained.write_parquet("maps")
"""

from __future__ import annotations

import importlib
import os
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple, Union

import numpy as np
from numpy.typing import NDArray

from . import _native
from ._explainer import Explainer
from ._live import content_of, model_of
from ._model import Model, load
from ._requests import MethodArgument, requests_of, target_of
from .errors import InputOutput, InvalidArgument, Unsupported

__all__ = ["explain"]

Batch = Dict[str, NDArray[Any]]


def explain(
    dataset: Any,
    model: Any,
    methods: MethodArgument = "lrpsign_z",
    *,
    column: Union[None, str, Mapping[str, str]] = None,
    target: Any = None,
    target_column: Optional[str] = None,
    preprocess: Union[str, "os.PathLike[str]", None] = None,
    batch_size: int = 32,
    concurrency: Union[None, int, Tuple[int, int]] = None,
    threads: int = 1,
    max_memory: Union[None, int, str] = None,
    semantics: str = "signxai",
    precision: str = "f32",
    **params: Any,
) -> Any:
    """Adds maps to the rows of a :class:`ray.data.Dataset`: a float32 column per map, under its name ("METHOD", or
    "METHOD/PLACE"), and `targets` (int64) and `scores` (float32), as of an :class:`Explanation`. Returns a new data set, which
    computes when it is asked, like every other. Each worker is an actor that loads the model once.

    Parameters
    ----------
    model: the path of a file, a Model that was loaded from one (the file has to be there on every machine, and unchanged), or a
        live Keras model, whose weights travel through Ray's object store.
    methods, semantics, precision, max_memory, params: as for :func:`signxai_cpp.explain`; max_memory is that of a worker.
    column: the column of the samples (channels last); default: the only one. For a model of several inputs a dict, input to
        column; default: columns under the inputs' names.
    target: None, an index, or a text, as for :func:`signxai_cpp.explain`, for all rows alike.
    target_column: a column with the index that is explained, row by row.
    preprocess: the column holds pictures (uint8, of any size) as ``ray.data.read_images`` gives them: "none" (0..255), "unit"
        (0..1), "vgg16", or a JSON file, as on the command line.
    batch_size: rows that are computed together. It decides how sums are rounded, no more.
    concurrency: number of workers, or (least, most); default: from one to as many as the cluster has CPUs for.
    threads: of a worker, which counts as that many CPUs of Ray's.

    Raises ImportError without Ray; InvalidArgument (a ValueError) for methods, targets and columns that do not fit; Unsupported for
    a Model that was taken from memory. What is wrong with rows shows when they are computed.
    """
    ray = _ray()
    requests_of(methods, params)
    methods = methods if isinstance(methods, (str, Mapping)) else list(methods)
    if isinstance(model, Explainer):
        model, semantics, precision = model.model, model.semantics, model.precision
    portable, here = _portable(model, ray)
    if target is not None and (target_column is not None or np.ndim(target) > 0):
        raise InvalidArgument("is for all rows alike; for an index per row, put it into a column and name that as target_column alone",
                              "explain", "target")
    if target is not None:
        target_of(target, [port.name for port in here.outputs])
    columns = _columns_of(column, dataset.columns() or [], here.inputs)
    settings = _Settings(methods, params, columns, target, target_column, _absolute(preprocess), max_memory, semantics, precision, threads)
    settings.check(here, dataset.columns() or [])
    if concurrency is None:
        concurrency = (1, max(1, int(ray.cluster_resources().get("CPU", 1)) // max(threads, 1)))
    return dataset.map_batches(
        _Worker, fn_constructor_args=(portable, settings), batch_size=batch_size, batch_format="numpy",
        compute=ray.data.ActorPoolStrategy(**_pool(concurrency)), num_cpus=max(threads, 1),
    )


def _ray() -> Any:
    try:
        importlib.import_module("ray.data")
        return importlib.import_module("ray")
    except ImportError as error:
        raise ImportError(f"signxai_cpp.ray needs Ray Data ({error}); try: pip install signxai-cpp[ray]") from error


def _pool(concurrency: Union[int, Tuple[int, int]]) -> Dict[str, int]:
    if isinstance(concurrency, int):
        return {"size": concurrency}
    return {"min_size": concurrency[0], "max_size": concurrency[1]}


def _absolute(preprocess: Union[str, "os.PathLike[str]", None]) -> Optional[str]:
    """Names of presets as they are; of files so that a worker finds them."""
    if preprocess is None:
        return None
    return os.path.abspath(preprocess) if os.path.isfile(preprocess) else os.fspath(preprocess)


class _Portable(NamedTuple):
    """What a worker makes the model of."""

    files: Tuple[str, str]  # of the model and of its weights; empty for a live one
    hashes: List[str]
    content: Any  # reference to configuration and weights of a live model

    def load(self) -> Model:
        if self.content is not None:
            return model_of(*_ray().get(self.content))
        model = load(self.files[0], self.files[1] or None)
        if model._hashes() != self.hashes:
            raise InputOutput("is not the file on this machine that it is where explain() was called; expected the same content", "import",
                              self.files[0])
        return model


def _portable(model: Any, ray: Any) -> Tuple[_Portable, Model]:
    """The model in a form that travels, and here."""
    if isinstance(model, (str, os.PathLike)):
        model = load(model)
    if not isinstance(model, Model):
        content = content_of(model)
        return _Portable(("", ""), [], ray.put(content)), model_of(*content)
    if not model._source[0]:
        raise Unsupported("was taken from memory and cannot travel to other processes; pass the Keras model itself, or save it and pass "
                          "the path", "explain", "model")
    files = os.path.abspath(model._source[0]), os.path.abspath(model._source[1]) if model._source[1] else ""
    return _Portable(files, model._hashes(), None), model


def _columns_of(column: Union[None, str, Mapping[str, str]], there: List[str], ports: List[_native.Port]) -> Dict[str, str]:
    """The column of each input of the model."""
    names = [port.name for port in ports]
    if column is None:
        column = names[0] if len(names) == 1 and names[0] in there else there[0] if len(there) == 1 and len(names) == 1 else {n: n for n in names}
    columns = {names[0]: column} if isinstance(column, str) and len(names) == 1 else column
    if not isinstance(columns, Mapping) or set(columns) != set(names) or not set(columns.values()) <= set(there):
        said = f"got {columns!r}" if columns != {name: name for name in names} else "none was named"
        raise InvalidArgument(f"{said}; the data set has the columns {there}, the model the inputs {names}", "explain", "column")
    return {name: columns[name] for name in names}


class _Settings(NamedTuple):
    """What a worker does with a batch."""

    methods: MethodArgument
    params: Dict[str, Any]
    columns: Dict[str, str]
    target: Any
    target_column: Optional[str]
    preprocess: Optional[str]
    max_memory: Union[None, int, str]
    semantics: str
    precision: str
    threads: int

    def explainer(self, model: Model) -> Explainer:
        return Explainer(model, threads=self.threads, max_memory=self.max_memory, semantics=self.semantics, precision=self.precision)

    def check(self, model: Model, there: List[str]) -> None:
        """Raises for what can be seen before a worker is started."""
        explainer = self.explainer(model)
        added = [*explainer._native.map_names(requests_of(self.methods, self.params)), "targets", "scores"]
        taken = sorted(set(added) & set(there))
        if taken:
            raise InvalidArgument(f"has columns {taken} already, which would be replaced; try dataset.rename_columns(...)", "explain", "dataset")
        if self.target_column is not None and self.target_column not in there:
            raise InvalidArgument(f"is {self.target_column!r}; the data set has the columns {there}", "explain", "target_column")


class _Worker:
    """An actor: the model, and what becomes of a batch of rows."""

    def __init__(self, portable: _Portable, settings: _Settings) -> None:
        self._settings = settings
        self._explainer = settings.explainer(portable.load())

    def __call__(self, batch: Batch) -> Batch:
        settings = self._settings
        x = {port.name: self._values(batch[settings.columns[port.name]], port) for port in self._explainer.model.inputs}
        target = settings.target if settings.target_column is None else batch[settings.target_column]
        found = self._explainer.explain(x, settings.methods, target, False, **settings.params)
        return {**batch, **found.maps, "targets": found.targets, "scores": found.scores}

    def _values(self, rows: NDArray[Any], port: _native.Port) -> NDArray[Any]:
        """The column as a batch; rows of different shapes are objects."""
        if self._settings.preprocess is not None:
            return np.stack([_native.preprocess(_pixels(row), self._settings.preprocess, port.shape) for row in rows])
        if rows.dtype != object:
            return rows
        shapes = sorted({np.shape(row) for row in rows})
        if len(shapes) > 1:
            raise InvalidArgument(f"rows of a batch have the shapes {shapes}; expected one shape; try preprocess=, or batch_size=1",
                                  "explain", port.name)
        return np.stack(list(rows))


def _pixels(row: Any) -> NDArray[np.uint8]:
    pixels = np.asarray(row)
    if pixels.dtype != np.uint8:
        raise InvalidArgument(f"is for pictures, uint8; the column holds {pixels.dtype}", "explain", "preprocess")
    return np.require(pixels[..., None] if pixels.ndim == 2 else pixels, np.uint8, "C")
