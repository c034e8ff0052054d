"""Batches of images and of data, as iNNvestigate's helpers hand them on."""

from __future__ import annotations

import math
from typing import Any, Callable, List, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidArgument

__all__ = ["BatchSequence", "TargetAugmentedSequence", "postprocess_images", "preprocess_images", "to_list"]

Array = NDArray[Any]


def to_list(l: Any) -> List[Any]:
    """The list itself, or a list of the one value."""
    return l if isinstance(l, list) else [l]


def _recoloured(images: Array, color_coding: Optional[str]) -> Array:
    assert color_coding in (None, "RGBtoBGR", "BGRtoRGB"), f"color_coding is None, 'RGBtoBGR' or 'BGRtoRGB'; got {color_coding!r}"
    return images if color_coding is None else images[..., ::-1]


def preprocess_images(images: Array, color_coding: Optional[str] = None) -> Array:
    """A batch of images with the channels behind, (samples, height, width, channels), and their order reversed for
    "RGBtoBGR" and "BGRtoRGB". Images whose second axis has 1 or 3 entries have their channels in front."""
    images = np.asarray(images)
    if images.ndim != 4:
        raise InvalidArgument(f"expected 4 axes; got shape {images.shape}", "image", "images")
    if images.shape[1] in (1, 3):
        images = images.transpose(0, 2, 3, 1)
    return _recoloured(images, color_coding)


def postprocess_images(images: Array, color_coding: Optional[str] = None, channels_first: Optional[bool] = None) -> Array:
    """The way back of :func:`preprocess_images`; `channels_first` puts the channels in front."""
    images = _recoloured(np.asarray(images), color_coding)
    return images.transpose(0, 3, 1, 2) if channels_first else images


class BatchSequence:
    """Batches of one or several arrays of equal length: ``len`` and indexing, arrays for one, tuples for several."""

    def __init__(self, Xs: Any, batch_size: int = 32) -> None:
        self.Xs = to_list(Xs)
        self.single_tensor = len(self.Xs) == 1
        self.batch_size = batch_size
        lengths = {len(X) for X in self.Xs}
        assert len(lengths) == 1, f"arrays of different lengths: {sorted(lengths)}"

    def __len__(self) -> int:
        return int(math.ceil(len(self.Xs[0]) / self.batch_size))

    def __getitem__(self, idx: int) -> Any:
        if not -len(self) <= idx < len(self):
            raise IndexError(f"batch {idx} of {len(self)}")
        begin = (idx % len(self)) * self.batch_size
        batches = [X[begin : begin + self.batch_size] for X in self.Xs]
        return batches[0] if self.single_tensor else tuple(batches)


class TargetAugmentedSequence:
    """Batches of another sequence, each with the target that a function makes of it."""

    def __init__(self, sequence: Any, augment_f: Callable[[List[Any]], Any]) -> None:
        self.sequence = sequence
        self.augment_f = augment_f

    def __len__(self) -> int:
        return len(self.sequence)

    def __getitem__(self, idx: int) -> Tuple[Any, Any]:
        inputs = self.sequence[idx]
        if isinstance(inputs, tuple):
            assert len(inputs) == 1, f"expected batches of one array; got {len(inputs)}"
            inputs = inputs[0]
        return inputs, self.augment_f(to_list(inputs))
