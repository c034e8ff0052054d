"""Helpers of signxai: explanations by analyzer name, models without softmax, pictures, heat maps."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any, Tuple, Union

import numpy as np
from numpy.typing import NDArray

from .. import _native
from .._model import Model
from ..errors import InputOutput
from ._analyzers import create_analyzer
from ._engine import is_live
from ._graph import keras_of, linear

__all__ = [
    "aggregate_and_normalize_relevancemap_rgb", "calculate_explanation_innvestigate", "download_image", "download_model",
    "load_image", "normalize_heatmap", "remove_softmax",
]  # fmt: skip

PathLike = Union[str, "os.PathLike[str]"]

_MEANS = (103.939, 116.779, 123.68)  # of blue, green and red over ImageNet
_SIDE = 224


def remove_softmax(model: Any) -> Any:
    """Makes the activation of the last layer of a Keras model linear, in place, and returns the same model. Of a
    :class:`signxai_cpp.Model` or the path of a file nothing has to be removed: the engine explains the logits."""
    if isinstance(model, (Model, str)):
        return model
    if is_live(model):
        try:
            identity = keras_of(model).activations.linear
        except (AttributeError, ValueError):
            identity = linear
        model.layers[-1].activation = identity
    return model


def calculate_explanation_innvestigate(
    model: Any, x: Any, method: str = "lrp.epsilon", neuron_selection: Any = None, batchmode: bool = False, **kwargs: Any
) -> NDArray[Any]:
    """The map of one sample, or with `batchmode` of a batch, by the analyzer `method` with its parameters.

    neuron_selection: None and "max_activation" explain the largest output of each sample; an integer, one integer per
    sample, or "all" for all outputs together. The result is float32 (gradients of float64 samples, and smoothgrad and
    vargrad: float64) and has the shape of `x`.

    Raises KeyError for unknown analyzers, NotAnalyzeableModelException for a Keras model with softmax, ValueError for
    parameters, inputs and selections that do not fit."""
    analyzer = create_analyzer(method, model, **kwargs)
    selection = "max_activation" if neuron_selection is None else neuron_selection
    maps = analyzer.analyze(x if batchmode else _batch_of_one(x), neuron_selection=selection, **kwargs)
    relevance = next(iter(maps.values()))
    return np.asarray(relevance if batchmode else relevance[0])


def _batch_of_one(x: Any) -> Any:
    if isinstance(x, (list, tuple)) and len(x) > 0 and hasattr(x[0], "shape"):  # several inputs
        return [np.asarray(each)[np.newaxis] for each in x]
    if isinstance(x, dict):
        return {name: np.asarray(each)[np.newaxis] for name, each in x.items()}
    return np.asarray(x)[np.newaxis]


def _as_picture(pixels: NDArray[np.uint8]) -> Any:
    try:
        from PIL import Image
    except ImportError:
        return pixels
    return Image.fromarray(pixels)


def load_image(img_path: PathLike, expand_dims: bool = False) -> Tuple[Any, NDArray[np.float32]]:
    """The picture at 224 x 224 (nearest pixels) twice: as a Pillow image where Pillow is installed, else as a uint8 array;
    and as VGG16 takes it: BGR minus (103.939, 116.779, 123.68), float32, (224, 224, 3), or (1, 224, 224, 3) with
    `expand_dims`. PNG and JPEG. Raises NotFound (a FileNotFoundError), CorruptFile, Unsupported."""
    x: NDArray[np.float32] = np.asarray(_native.preprocess(_native.load_image(os.fspath(img_path)), "vgg16", [_SIDE, _SIDE, 3]))
    pixels = np.ascontiguousarray(np.rint(x + np.array(_MEANS, np.float32)).astype(np.uint8)[..., ::-1])
    return _as_picture(pixels), x[np.newaxis] if expand_dims else x


def _example(name: str, path: PathLike) -> None:
    source = Path(__file__).with_name("examples") / name
    if not source.is_file():
        raise InputOutput("is missing; the package is not whole", "compat", str(source))
    shutil.copyfile(source, os.fspath(path))


def download_image(path: PathLike) -> None:
    """Writes the bundled photograph of a flower to `path`, a JPEG; nothing is downloaded."""
    _example("flower.jpg", path)


def download_model(path: PathLike) -> None:
    """Writes the bundled network to `path`: digits of 28 x 28 pixels, Keras 2 HDF5; nothing is downloaded."""
    _example("digits_mlp.h5", path)


def normalize_heatmap(H: Any) -> NDArray[Any]:
    """H / max|H|, then NaN to 0: values from -1 to 1. All zeros, or a NaN or an infinity among them, give zeros.

    >>> from signxai_cpp.compat.utils.utils import normalize_heatmap
    >>> normalize_heatmap([1.0, -2.0, 0.0])
    array([ 0.5, -1. ,  0. ])
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.nan_to_num(np.asarray(H) / np.max(np.abs(H)), nan=0))


def aggregate_and_normalize_relevancemap_rgb(R: NDArray[Any]) -> NDArray[Any]:
    """The sum over the channels of a (height, width, channels) map, normalised as by :func:`normalize_heatmap`."""
    return normalize_heatmap(np.asarray(R).sum(axis=2))
