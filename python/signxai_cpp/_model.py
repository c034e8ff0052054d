"""Models: networks that were read from files or taken from memory."""

from __future__ import annotations

import hashlib
import os
import threading
from typing import TYPE_CHECKING, Any, Dict, List, Tuple, Union

import numpy as np
from numpy.typing import NDArray

from . import _native
from ._arrays import as_inputs

if TYPE_CHECKING:
    from ._explainer import Explainer


class Model:
    """A trained network. Made by :func:`load` and :func:`from_keras`; immutable, safe to use from several threads.

    A softmax or sigmoid at the end is left out of explanations, which are of the logits; ``predict`` includes it.

    >>> import signxai_cpp
    >>> model = signxai_cpp.load("examples/digits/digits_cnn.h5")
    >>> model.inputs, model.outputs
    ([conv2d_input (28, 28, 1)], [dense_1 (10,)])
    >>> model.layers[1].name, model.layers[1].class_name
    ('conv2d', 'Conv2D')
    """

    def __init__(self, native: _native.Model, source: Tuple[str, str] = ("", ""), digest: str = "") -> None:
        self._native = native
        self._source = source
        self._digest = digest  # of a model from memory
        self._explainers: Dict[Tuple[Any, ...], Explainer] = {}
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The name that the network was given when it was built."""
        return self._native.name

    @property
    def inputs(self) -> List[_native.Port]:
        """``name`` and ``shape`` (of one sample; open extents are -1) of each input, in the order of the arguments."""
        return self._native.inputs

    @property
    def outputs(self) -> List[_native.Port]:
        """``name`` and ``shape`` (of one sample) of each output."""
        return self._native.outputs

    @property
    def layers(self) -> List[_native.Layer]:
        """The layer calls: ``name``, ``class_name``, ``activation``, ``output_shape``, ``parameters``, ``inputs``."""
        return self._native.layers

    @property
    def notes(self) -> List[str]:
        """What was found worth telling when the network was read."""
        return self._native.notes

    def predict(self, x: Any) -> Union[NDArray[np.float32], List[NDArray[np.float32]]]:
        """What the model returns, softmax included: for a sample its outputs, for a batch (samples, ...). A list of
        arrays where the model has several outputs. Raises InvalidArgument for inputs that do not fit or are not finite.
        """
        arrays, single = as_inputs(x, self.inputs)
        result = self.explainer()._native.explain(arrays, [], _native.Target.max(), None)
        outputs = [output[0] if single else output for output in result.take_outputs()]
        return outputs[0] if len(outputs) == 1 else outputs

    def explainer(self, **options: Any) -> Explainer:
        """The explainer with these options (see :class:`Explainer`), made once for each set of them."""
        from ._explainer import Explainer

        key = tuple(sorted(options.items()))
        with self._lock:
            if key not in self._explainers:
                self._explainers[key] = Explainer(self, **options)
            return self._explainers[key]

    def _hashes(self) -> List[str]:
        """SHA-256 of the files that the model was read from, or of what was in memory. Reads the files. Raises InputOutput
        where one is no longer what was loaded."""
        return [self._digest] if self._digest else [sha256 for _, sha256 in self._native.files()]

    def __repr__(self) -> str:
        return f"Model({self.name!r}, inputs={self.inputs}, outputs={self.outputs}, {len(self.layers)} layers)"

    def __reduce__(self) -> Tuple[Any, Tuple[str, str]]:
        if not self._source[0]:
            raise TypeError("a model that was taken from memory cannot be pickled; pass the Keras model itself, or save it")
        return load, self._source


def load(path: Union[str, "os.PathLike[str]", Any], weights: Union[str, "os.PathLike[str]", None] = None) -> Model:
    """Reads a network: a full-model file, a SavedModel folder, or an architecture (.json) whose weights are in `weights`
    (default: a weights file beside it), or an ONNX file. The format is found by content; nothing in the file is ever
    executed. An onnx.ModelProto may stand in place of a path.

    Raises NotFound, CorruptFile, Unsupported (all unsupported layers at once), OutOfMemory.

    >>> import signxai_cpp
    >>> signxai_cpp.load("examples/digits/digits_cnn.h5").inputs[0].shape
    (28, 28, 1)
    """
    if hasattr(path, "SerializeToString"):
        data = path.SerializeToString()
        return Model(_native.Model.from_onnx(data), ("", ""), hashlib.sha256(data).hexdigest())
    source = os.fspath(path), os.fspath(weights) if weights is not None else ""
    return Model(_native.Model.load(*source), source)
