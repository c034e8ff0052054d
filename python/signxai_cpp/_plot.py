"""Drawings with matplotlib: panels of pictures, and series as stacked leads on millimetre paper."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import numpy as np
from numpy.typing import NDArray

from ._explanation import Explanation
from ._tiles import Tile, columns_for, picture_of, subtitle_of, tiles_of
from .errors import InvalidArgument

_PAPER, _FINE, _COARSE = "#fff8f6", "#f6d9d5", "#e9aaa3"
_LARGEST_MILLIVOLT = 20.0  # amplitudes beyond are no millivolts
_MOST_COARSE_LINES = 120


def _pyplot() -> Any:
    try:
        import matplotlib.pyplot as pyplot
    except ImportError as error:
        raise ImportError("plot() draws with matplotlib; try `pip install signxai-cpp[plot]`") from error
    return pyplot


def plot(
    explanation: Explanation,
    sample: int = 0,
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
    """See :meth:`Explanation.plot`."""
    if not 0 <= clip < 1:
        raise InvalidArgument(f"is {clip}; expected a share from 0 to below 1", "plot", "clip")
    tiles = tiles_of(explanation, sample, names)
    if not tiles:
        raise InvalidArgument("there is no map to draw", "plot")
    named = [tile._replace(name=(titles or {}).get(tile.name, tile.name)) for tile in tiles]
    heading = ", ".join(text for text in (explanation.model, subtitle_of(explanation, sample, tiles)) if text)
    if all(tile.series for tile in named):
        return _plot_series(named, heading, Style(cmap, clip, columns), Paper(rate, leads), figure)
    return _plot_pictures(named, heading, Style(cmap, clip, columns), figure)


class Style(NamedTuple):
    """How maps are coloured and laid out."""

    cmap: str
    clip: float
    columns: int

    def scale(self, values: NDArray[Any]) -> float:
        """The magnitude at the ends of the symmetric scale; never 0."""
        sizes = np.abs(values[np.isfinite(values)])
        if sizes.size == 0:
            return 1.0
        top = float(np.quantile(sizes, 1 - self.clip)) or float(sizes.max())
        return top or 1.0


class Paper(NamedTuple):
    """How a series is laid out."""

    rate: float
    leads: Optional[Sequence[str]]


# -- pictures ---------------------------------------------------------------------------------------------------------


def _plot_pictures(tiles: List[Tile], heading: str, style: Style, figure: Any) -> Any:
    count = len(tiles) + 1
    columns = min(style.columns, count) if style.columns > 0 else columns_for(count, 4)
    rows = -(-count // columns)
    signal = tiles[0].signal
    tall = 1.0 if signal.ndim < 2 else min(max(signal.shape[0] / signal.shape[1], 0.5), 2.0)
    if figure is None:
        figure = _pyplot().figure(figsize=(2.6 * columns + 0.4, (2.2 * tall + 0.75) * rows + 0.5), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    figure.suptitle(heading, fontsize="medium")
    flat = axes.ravel()
    for axis in flat:
        axis.set_axis_off()
    pixels = picture_of(signal)
    flat[0].imshow(pixels, cmap="gray", vmin=0, vmax=255)
    flat[0].set_title("input", fontsize="small")
    for axis, tile in zip(flat[1:], tiles):
        _plot_map(figure, axis, tile, style)
    return figure


def _plot_map(figure: Any, axis: Any, tile: Tile, style: Style) -> None:
    heat = tile.relevance
    heat = heat[None, :] if heat.ndim == 1 else heat.sum(axis=-1) if heat.ndim == 3 else heat
    top = style.scale(heat)
    shown = axis.imshow(heat, cmap=style.cmap, vmin=-top, vmax=top, interpolation="nearest")
    axis.set_title(tile.name + (f"\n{tile.subtitle}" if tile.subtitle else ""), fontsize="small")
    bar = figure.colorbar(shown, ax=axis, orientation="horizontal", fraction=0.05, pad=0.03, ticks=[-top, 0, top])
    bar.ax.set_xticklabels([f"{-top:.2g}", "0", f"{top:.2g}"], fontsize="x-small")
    bar.outline.set_visible(False)


# -- series -----------------------------------------------------------------------------------------------------------


def _plot_series(tiles: List[Tile], heading: str, style: Style, paper: Paper, figure: Any) -> Any:
    signal = tiles[0].signal
    steps, count = signal.shape
    names = list(paper.leads) if paper.leads is not None else [str(lead + 1) for lead in range(count)]
    if len(names) != count:
        raise InvalidArgument(f"got {len(names)} names for {count} leads", "plot", "leads")
    columns = min(style.columns, len(tiles)) if style.columns > 0 else columns_for(len(tiles), 2)
    rows = -(-len(tiles) // columns)
    if figure is None:
        width = 9.0 if columns == 1 else 6.0 * columns
        figure = _pyplot().figure(figsize=(width, (0.62 * count + 1.1) * rows + 0.4), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    figure.suptitle(heading, fontsize="medium")
    for axis in axes[len(tiles) :]:
        axis.set_axis_off()
    for axis, tile in zip(axes, tiles):
        _plot_leads(figure, axis, tile, names, style, paper.rate)
    return figure


def _plot_leads(figure: Any, axis: Any, tile: Tile, names: Sequence[str], style: Style, rate: float) -> None:
    signal = tile.signal.astype(np.float64)
    steps, count = signal.shape
    time = np.arange(steps) / (rate or 1.0)
    millivolts = rate > 0 and float(np.abs(signal).max()) <= _LARGEST_MILLIVOLT
    # Millivolts keep one scale for all leads; other series get each lead's own.
    height = max(float(np.ptp(signal, axis=0).max()), 1e-12) if millivolts else 1.0
    traces = signal if millivolts else _unit_height(signal)
    middle = (traces.max(axis=0) + traces.min(axis=0)) / 2
    step = 1.15 * height
    offsets = -step * np.arange(count)
    relevance = np.broadcast_to(tile.relevance, signal.shape)
    top = style.scale(relevance)
    colors = _shading(axis, style, top)
    for lead in range(count):
        base = offsets[lead]
        edge = (time[1] - time[0]) / 2 if steps > 1 else 0.5
        axis.imshow(relevance[None, :, lead], aspect="auto", interpolation="nearest", zorder=1, alpha=0.75, **colors,
                    extent=(time[0] - edge, time[-1] + edge, base - step / 2, base + step / 2))
        axis.plot(time, traces[:, lead] - middle[lead] + base, color="black", linewidth=0.7, zorder=3)
    axis.set_yticks(offsets, names, fontsize="x-small")
    axis.set_ylim(offsets[-1] - step * 0.6, step * 0.6)
    axis.set_xlim(time[0], time[-1])
    _rule_paper(axis, time, millivolts, rate)
    axis.set_title(tile.name + (f" ({tile.subtitle})" if tile.subtitle else ""), fontsize="small")
    axis.set_xlabel("s" if rate > 0 else "step", fontsize="x-small")
    axis.tick_params(labelsize="x-small", length=2)
    bar = figure.colorbar(axis.images[0], ax=axis, fraction=0.02, pad=0.01, ticks=[-top, 0, top])
    bar.ax.set_yticklabels([f"{-top:.2g}", "0", f"{top:.2g}"], fontsize="x-small")
    bar.outline.set_visible(False)


def _unit_height(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = np.ptp(signal, axis=0)
    return np.asarray(signal / np.where(spread > 0, spread, 1.0))


def _shading(axis: Any, style: Style, top: float) -> Dict[str, Any]:
    """Colours that leave the paper visible where there is no relevance."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    colors = colormaps[style.cmap](np.linspace(0, 1, 256))
    colors[:, 3] = np.abs(np.linspace(-1, 1, 256)) ** 0.7
    axis.set_facecolor(_PAPER)
    return {"cmap": ListedColormap(colors), "vmin": -top, "vmax": top}


def _rule_paper(axis: Any, time: NDArray[np.float64], millivolts: bool, rate: float) -> None:
    """Lines of the paper: 0.04 s x 0.1 mV and 0.2 s x 0.5 mV, or every tenth and half of a plain grid."""
    from matplotlib.ticker import MultipleLocator

    span = float(time[-1] - time[0]) or 1.0
    coarse = 0.2 if rate > 0 and span / 0.2 <= _MOST_COARSE_LINES else _round_step(span / 10)
    lines = dict(zorder=0, linewidth=0.5)
    for x in np.arange(np.ceil(time[0] / coarse) * coarse, time[-1] + coarse / 2, coarse):
        axis.axvline(x, color=_COARSE, **lines)
    if rate > 0 and span / (coarse / 5) <= 2 * _MOST_COARSE_LINES:
        for x in np.arange(np.ceil(time[0] / coarse) * coarse - coarse, time[-1], coarse / 5):
            axis.axvline(x, color=_FINE, zorder=-1, linewidth=0.4)
    low, high = axis.get_ylim()
    if millivolts and (high - low) / 0.5 <= _MOST_COARSE_LINES:
        for y in np.arange(np.ceil(low / 0.5) * 0.5, high, 0.5):
            axis.axhline(y, color=_COARSE, **lines)
        for y in np.arange(np.ceil(low / 0.1) * 0.1, high, 0.1):
            axis.axhline(y, color=_FINE, zorder=-1, linewidth=0.4)
    if rate > 0:
        axis.xaxis.set_major_locator(MultipleLocator(_round_step(span / 8)))


def _round_step(step: float) -> float:
    """The next of 1, 2, 5, 10, 20 ..."""
    power = 10.0 ** np.floor(np.log10(step))
    return float(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= step * (1 - 1e-9)))
