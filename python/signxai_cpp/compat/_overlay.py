"""Maps over pictures, as signxai2 draws them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._visualizations import _colors

__all__ = ["normalize_relevance_map", "overlay_heatmap", "relevance_to_heatmap"]

Array = NDArray[Any]


def normalize_relevance_map(relevance_map: Array, percentile: float = 99) -> Array:
    """The map clipped at a percentile of its magnitudes, and divided by it: values from -1 to 1. Zeros stay zeros."""
    largest = np.percentile(np.abs(relevance_map), percentile)
    return np.clip(relevance_map, -largest, largest) / largest if largest > 0 else np.asarray(relevance_map)


def relevance_to_heatmap(relevance_map: Array, cmap: str = "seismic", symmetric: bool = True) -> Array:
    """A map with values from -1 (or 0 unless `symmetric`) to 1 in colours, RGB from 0 to 1."""
    values = np.asarray(relevance_map, np.float64)
    share = (values + 1) / 2 if symmetric else values
    return _colors(cmap, np.floor(share * 256).astype(np.int64))[..., :3]


def overlay_heatmap(image: Array, heatmap: Array, alpha: float = 0.5) -> Array:
    """Both RGB from 0 to 1, mixed: (1 - alpha) * image + alpha * heatmap."""
    return (1 - alpha) * np.asarray(image) + alpha * np.asarray(heatmap)
