"""Maps as pictures, as iNNvestigate draws them."""

from __future__ import annotations

from typing import Any, Optional, Tuple, Union

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidArgument, Unsupported

__all__ = ["clip_quantile", "gamma", "graymap", "heatmap", "project"]

Array = NDArray[Any]


def project(
    X: Array, output_range: Tuple[float, float] = (0, 1), absmax: Any = None, input_is_positive_only: bool = False
) -> Array:
    """Maps [-absmax, absmax] (or [0, absmax] for positive input) linearly to the output range, and clips.

    absmax: one value per sample, else the largest magnitude of each. Where it is 0, values stay as they are before the
    mapping. Unlike in the reference the scale of each sample of a batch is its own, and `X` is not changed.

    >>> import numpy as np
    >>> from signxai_cpp.compat.innvestigate.utils.visualizations import project
    >>> project(np.array([[-2.0, 0.0, 1.0]]))
    array([[0.  , 0.5 , 0.75]])
    """
    X = np.asarray(X)
    scale = np.max(np.abs(X), axis=tuple(range(1, X.ndim))) if absmax is None else np.asarray(absmax)
    scale = np.reshape(scale, np.shape(scale) + (1,) * (X.ndim - np.ndim(scale)))
    kind = X.dtype if X.dtype.kind == "f" else np.float64
    scaled = np.divide(X, np.where(scale != 0, scale, 1), dtype=kind)
    if not input_is_positive_only:
        scaled = (scaled + 1) / 2
    low, high = output_range
    return low + scaled.clip(0, 1) * (high - low)


def _colors(cmap_type: str, levels: NDArray[np.int64]) -> Array:
    """RGBA of levels 0 to 255 (others are clipped): of matplotlib, where it is installed."""
    levels = levels.clip(0, 255)
    try:
        import matplotlib
    except ImportError:
        if cmap_type == "gray":
            return np.stack([levels / 255.0] * 3 + [np.ones(levels.shape)], axis=-1)
        raise Unsupported("needs matplotlib; try pip install matplotlib", "image", f"colour map {cmap_type}") from None
    if hasattr(matplotlib, "colormaps"):
        colormap = matplotlib.colormaps[cmap_type]
    else:
        from matplotlib import cm

        colormap = cm.get_cmap(cmap_type)
    return np.asarray(colormap(levels))


def heatmap(
    X: Array, cmap_type: str = "seismic", reduce_op: str = "sum", reduce_axis: int = -1, alpha_cmap: bool = False, **kwargs: Any
) -> NDArray[np.float32]:
    """A batch of maps (samples, height, width, channels) in colours, RGB (RGBA with `alpha_cmap`) from 0 to 1.

    reduce_op: "sum" of the channels, or "absmax", which as in the reference is their largest value.
    kwargs: of :func:`project`. Raises NotImplementedError for other reductions, Unsupported without matplotlib."""
    X = np.asarray(X)
    if reduce_op == "sum":
        plane = X.sum(axis=reduce_axis)
    elif reduce_op == "absmax":
        plane = X.max(axis=reduce_axis)
    else:
        raise NotImplementedError(f"reduce_op is 'sum' or 'absmax'; got {reduce_op!r}")
    levels = project(plane, output_range=(0, 255), **kwargs).astype(np.int64)
    colors = _colors(cmap_type, levels.ravel())[:, : 3 + bool(alpha_cmap)]
    shape = list(X.shape)
    shape[reduce_axis] = colors.shape[1]
    return colors.reshape(shape).astype(np.float32)


def graymap(X: Array, **kwargs: Any) -> NDArray[np.float32]:
    """:func:`heatmap` in gray."""
    return heatmap(X, cmap_type="gray", **kwargs)


def gamma(X: Array, gamma: float = 0.5, minamp: float = 0, maxamp: Optional[float] = None) -> Array:
    """sign(X - minamp) * |(X - minamp) / maxamp|^gamma * maxamp + minamp, maxamp the largest magnitude unless given.

    >>> import numpy as np
    >>> from signxai_cpp.compat.innvestigate.utils.visualizations import gamma
    >>> gamma(np.array([-4.0, 0.0, 1.0]))
    array([-4.,  0.,  2.])
    """
    shifted = np.asarray(X) - minamp
    largest = np.abs(shifted).max() if maxamp is None else maxamp
    if largest == 0:
        return np.zeros_like(X) + minamp
    magnitude = np.abs(shifted / largest) ** gamma
    return np.asarray(np.sign(shifted) * magnitude * largest + minamp, np.asarray(X).dtype)


def clip_quantile(X: Array, quantile: Union[float, Tuple[float, float]] = 1) -> Array:
    """Clips an array in place to its percentiles `quantile` and 100 - `quantile` (or to the two given), and returns it."""
    low, high = quantile if isinstance(quantile, (list, tuple)) else (quantile, 100 - quantile)
    if not low <= high:
        raise InvalidArgument(f"expected a lower and an upper percentile; got {quantile}", "image", "quantile")
    lower, upper = np.percentile(X, [low, high])
    X[X < lower] = lower
    X[X > upper] = upper
    return X
