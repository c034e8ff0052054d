"""Series drawn with matplotlib: stacked leads, shaded by relevance, on a grid; ECGs on the paper that they are read on.

ECG paper has lines every millimetre, stronger ones every 5; 25 mm are a second and 10 mm a millivolt. A small square is 0.04 s
by 0.1 mV, and squares are drawn square, at whatever size.
"""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
from numpy.typing import NDArray

from ._plot import Style, as_figure, label_bar
from ._tiles import Tile, columns_for
from .errors import InvalidArgument

# The grid is gray: red and blue are relevance.
_PAPER, _FINE, _COARSE = "#fffdfa", "#ebe6e0", "#cfc6bd"
_LARGEST_MILLIVOLT = 20.0  # amplitudes beyond are no millivolts
_LONGEST = 12.0  # seconds on paper; what is longer is drawn narrower than paper has it
_INCH_PER_SECOND = 25 / 25.4
_INCH_PER_MILLIVOLT = 10 / 25.4
_PULSE = (-0.4, -0.2)  # seconds, the 1 mV pulse at the beginning of the paper
_WIDTHS = {1: 9.0, 2: 6.5, 3: 5.0}  # inches of a panel by panels per row
_NARROWEST = 3.6

Numbers = NDArray[np.float64]


class Paper(NamedTuple):
    """How a series is laid out."""

    rate: float
    leads: Optional[Sequence[str]]


class Sheet(NamedTuple):
    """What all panels of one drawing share, apart from their signals."""

    names: Sequence[str]
    rate: float
    ecg: bool  # on ECG paper, else each lead on its own scale
    seconds: float  # with the margin at the beginning; steps, if there is no rate

    def lead_heights(self, signal: Numbers) -> Numbers:
        """The height of each lead's strip: what the lead needs, in mV, or 1."""
        if not self.ecg:
            return np.full(signal.shape[1], 1.2)
        return np.asarray(np.maximum(np.ceil((np.ptp(signal, axis=0) + 0.2) * 10) / 10, 0.6))


def plot_series(tiles: List[Tile], heading: str, style: Style, paper: Paper, figure: Any) -> Any:
    """Panels of series, one per tile."""
    signals = [tile.signal.astype(np.float64) for tile in tiles]
    count = signals[0].shape[1]
    names = [str(name) for name in paper.leads] if paper.leads is not None else [str(lead + 1) for lead in range(count)]
    if len(names) != count:
        raise InvalidArgument(f"got {len(names)} names for {count} leads", "plot", "leads")
    sheet = _sheet_for(signals, names, paper.rate)
    columns = min(style.columns, len(tiles)) if style.columns > 0 else _columns_for(len(tiles), sheet)
    rows = -(-len(tiles) // columns)
    width, height = _panel_size(sheet, columns, signals)
    figure = as_figure(figure, (width + 0.95) * columns + 0.1, (height + 0.75) * rows + 0.35)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    figure.suptitle(heading, fontsize=10)
    for axis in axes[len(tiles) :]:
        axis.set_axis_off()
    for axis, tile, signal in zip(axes, tiles, signals):
        _plot_leads(figure, axis, tile, signal, sheet, style)
    return figure


def _sheet_for(signals: List[Numbers], names: Sequence[str], rate: float) -> Sheet:
    largest = max(float(np.abs(signal).max()) for signal in signals)
    seconds = (len(signals[0]) - 1) / (rate or 1.0)
    ecg = rate > 0 and largest <= _LARGEST_MILLIVOLT and seconds <= _LONGEST
    return Sheet(names, rate, ecg, seconds - 1.25 * _PULSE[0] if ecg else seconds)


def _columns_for(count: int, sheet: Sheet) -> int:
    most = 3 if count <= 6 else 4
    if sheet.ecg:  # ten seconds need more room than two
        most = max(1, min(most, int(16 / (0.65 * _INCH_PER_SECOND * sheet.seconds))))
    return columns_for(count, most)


def _panel_size(sheet: Sheet, columns: int, signals: List[Numbers]) -> Tuple[float, float]:
    """Inches of a panel. Paper is magnified at most by a quarter."""
    width = _WIDTHS.get(columns, _NARROWEST)
    if not sheet.ecg:
        count = len(sheet.names)
        return width, min((0.55 if columns < 3 else 0.4) * count, max(14.0, 0.12 * count)) + 0.2
    natural = _INCH_PER_SECOND * sheet.seconds
    zoom = min(max(width / natural, 0.65), 1.25)
    tallest = max(float(sheet.lead_heights(signal).sum()) for signal in signals)
    return natural * zoom, tallest * _INCH_PER_MILLIVOLT * zoom


def _plot_leads(figure: Any, axis: Any, tile: Tile, signal: Numbers, sheet: Sheet, style: Style) -> None:
    time = np.arange(len(signal)) / (sheet.rate or 1.0)
    edge = 0.5 / (sheet.rate or 1.0)
    traces = signal if sheet.ecg else _unit_height(signal)
    heights = sheet.lead_heights(signal)
    lower = -np.cumsum(heights)
    middles = lower + heights / 2
    shifts = middles - (traces.max(axis=0) + traces.min(axis=0)) / 2
    relevance = np.broadcast_to(tile.relevance, signal.shape)
    top = style.scale(relevance)
    colors = _shading(style, top)
    for lead in range(signal.shape[1]):
        axis.imshow(relevance[None, :, lead], aspect="auto", interpolation="nearest", zorder=1, alpha=0.8, **colors,
                    extent=(time[0] - edge, time[-1] + edge, lower[lead], lower[lead] + heights[lead]))
        axis.plot(time, traces[:, lead] + shifts[lead], color="black", linewidth=0.8, zorder=3)
    axis.set_facecolor(_PAPER)
    axis.set_yticks(middles, sheet.names, fontsize=8 if len(sheet.names) <= 16 else 6)
    axis.set_ylim(lower[-1], 0)
    axis.set_xlim(time[0] - edge, time[-1] + edge)
    if sheet.ecg:
        _rule_ecg_paper(axis, float(time[-1]), float(lower[-1]))
        _draw_pulse(axis, middles[0])
    else:
        _rule_plain(axis, float(time[-1]), lower, sheet.rate)
    for line in axis.spines.values():
        line.set_color(_COARSE)
    axis.set_title(tile.name + (f"\n{tile.subtitle}" if tile.subtitle else ""), fontsize=9)
    axis.tick_params(axis="both", labelsize=8 if len(sheet.names) <= 16 else 6, length=0)
    bar = figure.colorbar(axis.images[0], ax=axis, fraction=0.03, pad=0.01, aspect=40, shrink=0.5)
    label_bar(bar, top, upright=True)


def _unit_height(signal: Numbers) -> Numbers:
    spread = np.ptp(signal, axis=0)
    return np.asarray(signal / np.where(spread > 0, spread, 1.0))


def _shading(style: Style, top: float) -> Dict[str, Any]:
    """Colours that leave the paper visible where there is no relevance."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    colors = colormaps[style.cmap](np.linspace(0, 1, 256))
    colors[:, 3] = np.abs(np.linspace(-1, 1, 256)) ** 0.7
    return {"cmap": ListedColormap(colors), "vmin": -top, "vmax": top}


def _rule_ecg_paper(axis: Any, end: float, low: float) -> None:
    """Lines every 0.04 s and 0.1 mV, stronger ones every 0.2 s and 0.5 mV; the squares are square."""
    begin = 1.25 * _PULSE[0]
    axis.set_xlim(begin, end)
    for step, color, width in ((1, _FINE, 0.4), (5, _COARSE, 0.6)):
        times = np.arange(np.ceil(begin / 0.04 / step), end / 0.04 / step) * 0.04 * step
        volts = -np.arange(0, -low / 0.1 / step) * 0.1 * step
        axis.vlines(times, low, 0, color=color, linewidth=width, zorder=0 if step > 1 else -1)
        axis.hlines(volts, begin, end, color=color, linewidth=width, zorder=0 if step > 1 else -1)
    axis.set_aspect(_INCH_PER_MILLIVOLT / _INCH_PER_SECOND)
    axis.set_xticks(np.arange(0, end + 1e-9, 1.0 if end >= 2 else _round_step(end / 5)))
    axis.set_xlabel("s    (25 mm/s, 10 mm/mV)", fontsize=8)


def _draw_pulse(axis: Any, middle: float) -> None:
    """The pulse of 1 mV and 0.2 s, to measure by."""
    left, right = _PULSE
    x = [left - 0.06, left, left, right, right, right + 0.06]
    y = [middle + each for each in (-0.5, -0.5, 0.5, 0.5, -0.5, -0.5)]
    axis.plot(x, y, color="black", linewidth=0.8, zorder=3, clip_on=False)


def _rule_plain(axis: Any, end: float, lower: Numbers, rate: float) -> None:
    """A plain grid: round steps of time, a line between leads."""
    coarse = _round_step((end or 1.0) / 10)
    axis.vlines(np.arange(0, end + coarse / 2, coarse), lower[-1], 0, color=_COARSE, linewidth=0.5, zorder=0)
    axis.vlines(np.arange(0, end + coarse / 2, coarse / 5), lower[-1], 0, color=_FINE, linewidth=0.4, zorder=-1)
    axis.hlines(lower[:-1], 0, end, color=_FINE, linewidth=0.6, zorder=0)
    axis.set_xticks(np.arange(0, end + 1e-9, _round_step((end or 1.0) / 6)))
    axis.set_xlabel("s" if rate > 0 else "step", fontsize=8)


def _round_step(step: float) -> float:
    """The next of 1, 2, 5, 10, 20 ..."""
    power = 10.0 ** np.floor(np.log10(step))
    return float(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= step * (1 - 1e-9)))
