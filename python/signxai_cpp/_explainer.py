"""Explaining: the function `explain` and the object behind it."""

from __future__ import annotations

import os
from typing import Any, Union

import numpy as np

from . import _native
from ._arrays import as_inputs, scores_of
from ._explanation import Explanation
from ._ledger import ledger_of
from ._model import Model, load
from ._progress import ProgressArgument, reporting
from ._registry import ADDITIONS
from ._requests import MethodArgument, bytes_of, requests_of, target_of


def as_model(model: Any) -> Model:
    """A model, the path of a file, an onnx.ModelProto, or a live Keras model, as a model."""
    if isinstance(model, Model):
        return model
    if isinstance(model, (str, os.PathLike)) or hasattr(model, "SerializeToString"):
        return load(model)
    from ._live import from_keras

    return from_keras(model)


class Explainer:
    """Computes relevance maps of one model; keeps packed weights and compiled explanations for reuse. Calls from several
    threads at once are safe, and the interpreter's lock is released while it computes.

    Parameters
    ----------
    model: a :class:`Model`, the path of a file, or a live Keras model (which is looked at once, now).
    threads: worker threads; 0: one per core.
    max_memory: bytes for weights, working memory, inputs and maps of what is computed together (chunks of samples shrink to fit;
        OutOfMemory where one sample does not), as a number or a text such as "2G"; None: no limit.
    semantics: "signxai" (the numbers of the reference package), "sound" (with its mistakes put right), or the quirks to
        put right, such as "Q1,Q7".
    precision: "f32"; "winograd": 3 x 3 convolutions of stride 1 by Winograd's algorithm, faster with other roundings; or "bf16":
        wide convolutions round their operands to bfloat16, for up to twice the speed on machines with such instructions, for maps
        that are alike and not equal. Unsupported on others.
    backend: "cpu", or "reference": double precision, slow; what rounding does to a map shows beside it.

    >>> import numpy as np, signxai_cpp
    >>> explainer = signxai_cpp.Explainer("examples/digits/digits_cnn.h5", threads=1)
    >>> explainer.explain(np.ones((2, 28, 28, 1)), ["gradient", "lrp_z"]).maps["lrp_z"].shape
    (2, 28, 28, 1)
    """

    def __init__(
        self,
        model: Any,
        threads: int = 0,
        max_memory: Union[None, int, str] = None,
        semantics: str = "signxai",
        precision: str = "f32",
        backend: str = "cpu",
    ) -> None:
        self.model = as_model(model)
        self.semantics = semantics
        self.precision = precision
        self.max_memory = bytes_of(max_memory)
        self._inputs = self.model.inputs  # asked of the compiled part once, not in every call
        self._outputs = [port.name for port in self.model.outputs]
        self._native = _native.Explainer(
            self.model._native,
            threads=threads,
            max_memory=self.max_memory,
            semantics=semantics,
            precision=precision,
            backend=backend,
            extensions=ADDITIONS,
        )

    def explain(
        self,
        x: Any,
        methods: MethodArgument = "lrpsign_z",
        target: Any = None,
        progress: ProgressArgument = None,
        ledger: bool = False,
        **params: Any,
    ) -> Explanation:
        """Maps of `x` for each method; see :func:`explain`. `progress` is called with (done, total) samples and stops the
        call (Cancelled) when it returns False; True shows a bar, None a bar where one is useful, False none."""
        arrays, single = as_inputs(x, self._inputs)
        requests = requests_of(methods, params)
        samples = 1 if single else len(arrays[0])
        with reporting(progress, samples) as callback:
            result = self._native.explain(arrays, requests, target_of(target, self._outputs), callback, ledger)
        predicted = dict(zip(self._outputs, result.take_outputs()))
        targets = result.take_targets().view(np.int64)  # of the two 64-bit types, the usual one
        maps, explained = result.maps, result.explained
        return Explanation(
            maps={entry.name: entry.take() for entry in maps},
            targets=targets,
            scores=scores_of(targets, explained, predicted),
            outputs=predicted,
            inputs=dict(zip([port.name for port in self._inputs], arrays)),
            ledger={entry.method: ledger_of(entry, _ledger_shape(targets, explained), single) for entry in result.ledgers},
            notes=self.model.notes + _notes_of(maps),
            single=single,
            model=self.model.name,
            explained=explained,
            seconds=(result.seconds, result.compile_seconds),
        )


def _ledger_shape(targets: np.ndarray[Any, np.dtype[np.int64]], explained: list[str]) -> tuple[int, ...]:
    """The targets' shape; several explained outputs share their accounts."""
    return targets.shape if len(explained) == 1 else targets.shape[:1]


def _notes_of(maps: list[_native.MethodMap]) -> list[str]:
    notes = []
    for entry in maps:
        notes += [f"{entry.name}: {note}" for note in entry.notes]
        if entry.quirks:
            notes.append(f"{entry.name}: quirks of the reference apply: {', '.join(entry.quirks)}")
    return notes


def explain(
    model: Any,
    x: Any,
    method: MethodArgument = "lrpsign_z",
    target: Any = None,
    *,
    threads: int = 0,
    max_memory: Union[None, int, str] = None,
    semantics: str = "signxai",
    precision: str = "f32",
    progress: ProgressArgument = None,
    ledger: bool = False,
    **params: Any,
) -> Explanation:
    """Explains what a model answers for `x`.

    Parameters
    ----------
    model: a :class:`Model`, a live Keras model, an :class:`Explainer`, or the path of a file. All but the path keep what
        was compiled for the next call.
    x: one sample of the model's shape, or a batch of them, channels last; anything that NumPy or DLPack can read. A model
        of several inputs takes a list of arrays, or a dict by name. NaN and infinities are refused.
    method: a name, several names, or a dict of names with parameters of their own. Methods asked for together share work.
    target: None explains the largest output of each sample; an index, or one index per sample; "all", "each", "top:5",
        "3-5" (a contrast), an expression ("f0 + 2*f1"), each optionally behind "OUTPUT:"; an array of booleans or floats of the
        output's shape, for all samples or with the samples in front: the sum of the outputs, each times its weight (the pixels
        of a mask), of one of several outputs as {"OUTPUT": array}.
    threads, max_memory, semantics, precision: see :class:`Explainer`.
    progress: None shows a bar where one is useful, True always, False never; a function is called with (done, total) samples
        and stops the call (Cancelled) by returning False.
    ledger: keep the accounts of each method in the result's `ledger`; for methods of the LRP and gradient families.
    params: parameters of the methods, as ``describe(name).parameters`` lists them.

    Raises InvalidArgument (a ValueError) for inputs, methods, parameters or targets that do not fit, Unsupported,
    OutOfMemory; KeyboardInterrupt on ctrl-C.

    >>> import numpy as np, signxai_cpp
    >>> model = signxai_cpp.load("examples/digits/digits_cnn.h5")
    >>> x = np.linspace(0, 1, 28 * 28).reshape(28, 28, 1)
    >>> e = signxai_cpp.explain(model, x, "lrp_epsilon_0_1", target=3)
    >>> e.shape, int(e.targets)
    ((28, 28, 1), 3)
    >>> heat = np.abs(e).sum(axis=-1)
    >>> heat.shape
    (28, 28)
    """
    if isinstance(model, Explainer):
        explainer = model
    else:
        explainer = as_model(model).explainer(threads=threads, max_memory=max_memory, semantics=semantics, precision=precision)
    return explainer.explain(x, method, target, progress, ledger, **params)
