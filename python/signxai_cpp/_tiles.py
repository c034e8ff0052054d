"""What a drawing of one sample consists of, for matplotlib's drawings and for those of the compiled part, as the command
line makes them."""

from __future__ import annotations

from typing import Iterable, List, NamedTuple, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

from . import _native
from ._explanation import Explanation, titles_of
from .errors import InvalidArgument, Unsupported

FloatArray = NDArray[np.float32]

_SERIES_ASPECT = 4  # arrays of two axes may be series (time, leads) or gray pictures; series are long and narrow


class Tile(NamedTuple):
    """One map of a sample."""

    name: str
    subtitle: str
    relevance: FloatArray  # (H, W, C), (H, W), (T, C) or (F,)
    signal: FloatArray  # the input it belongs to, one sample
    series: bool


def tiles_of(explanation: Explanation, sample: int, names: Optional[Iterable[str]] = None) -> List[Tile]:
    """The maps of one sample: one per name and, with the targets "top:K" and "each", per neuron."""
    count = 1 if explanation._single else len(next(iter(explanation.inputs.values())))
    if not -count <= sample < count:
        raise InvalidArgument(f"there is no sample {sample}; there are {count}", "plot")
    tiles = []
    for name in explanation.maps if names is None else names:
        signal = _signal_of(explanation, name, sample)
        if not 1 <= signal.ndim <= 3:
            raise Unsupported(f"samples of shape {signal.shape} cannot be drawn; expected 1 to 3 axes; try .maps", "plot")
        relevance = explanation._sample(explanation[name], sample)
        for subtitle, part in _neurons(explanation, sample, relevance):
            is_series = signal.ndim == 2 and len(signal) >= _SERIES_ASPECT * signal.shape[1]
            tiles.append(Tile(name, subtitle, _on_steps(part, len(signal)) if is_series else part, signal, is_series))
    return tiles


def drawable(explanation: Explanation) -> bool:
    """Have the inputs one to three axes, and is there a map?"""
    axes = [array.ndim - (0 if explanation._single else 1) for array in explanation.inputs.values()]
    return bool(explanation.maps) and all(1 <= each <= 3 for each in axes)


def subtitle_of(explanation: Explanation, sample: int, tiles: List[Tile]) -> str:
    """The target, if it is the same for all tiles."""
    return "" if any(tile.subtitle for tile in tiles) else titles_of(explanation, sample, [])


def columns_for(count: int, most: int) -> int:
    """Columns that spread tiles evenly over as few rows as `most` columns need."""
    rows = -(-count // most)
    return -(-count // rows)


def picture_of(signal: FloatArray) -> NDArray[np.uint8]:
    """An input as an 8-bit picture, stretched from its minimum to its maximum."""
    return _native.picture_of(signal[None, :] if signal.ndim == 1 else signal)


def _signal_of(explanation: Explanation, name: str, sample: int) -> FloatArray:
    """The input that a map belongs to: the one it is named after, or the first."""
    place = name.partition("/")[2]
    key = place if place in explanation.inputs else next(iter(explanation.inputs))
    signal: FloatArray = explanation._sample(explanation.inputs[key], sample)
    return np.ascontiguousarray(signal)


def _neurons(explanation: Explanation, sample: int, relevance: FloatArray) -> List[Tuple[str, FloatArray]]:
    targets = np.atleast_1d(explanation._sample(explanation.targets, sample))
    if targets.size == 1 and np.ndim(explanation._sample(explanation.targets, sample)) == 0 or len(explanation.explained) > 1:
        return [("", np.ascontiguousarray(relevance))]
    scores = explanation._sample(explanation.scores, sample)
    return [
        (f"class {target}, score {score:.4g}", np.ascontiguousarray(part))
        for target, score, part in zip(targets, scores, relevance)
    ]


def _on_steps(relevance: FloatArray, steps: int) -> FloatArray:
    """The map of a series on the series' own time steps: some methods answer at a coarser resolution."""
    columns = relevance.reshape(len(relevance), -1)
    if len(columns) == steps:
        return columns
    return np.ascontiguousarray(_native.resize_bilinear(columns[:, None, :], steps, 1)[:, 0, :])


def picture(explanation: Explanation, sample: int = 0) -> NDArray[np.uint8]:
    """All maps of one sample as a picture (height, width, 3)."""
    tiles = tiles_of(explanation, sample)
    title, subtitle = explanation.model, subtitle_of(explanation, sample, tiles)
    maps = [(tile.name, tile.subtitle, tile.relevance) for tile in tiles]
    if all(tile.series for tile in tiles) and len(explanation.inputs) == 1:
        # A series shows titles only: what is explained goes there.
        maps = [(f"{name} ({below})" if below else name, "", relevance) for name, below, relevance in maps]
        return _native.draw_series(title, subtitle, tiles[0].signal, [], 0.0, maps, columns_for(len(maps), 3))
    return _native.draw_panel(title, subtitle, picture_of(tiles[0].signal), maps, columns_for(len(maps) + 1, 4))
