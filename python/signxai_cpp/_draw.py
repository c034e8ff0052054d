"""Pictures without matplotlib: drawn by the compiled part, as the command line does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import _native
from ._explanation import Explanation
from ._tiles import columns_for, drawable, picture_of, subtitle_of, tiles_of

__all__ = ["drawable", "picture"]


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
