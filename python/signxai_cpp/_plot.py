"""Drawings with matplotlib: panels of pictures here, series on millimetre paper in `_paper`."""

from __future__ import annotations

import operator
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Union

import numpy as np
from numpy.typing import NDArray

from ._explanation import Explanation, titles_of
from ._tiles import Tile, columns_for, picture_of, subtitle_of, tiles_of
from .errors import InvalidArgument

_MOST_COLUMNS = 5
_PANEL = 2.4  # inches, the width of a picture


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


class Row(NamedTuple):
    """The maps of one sample."""

    title: str  # of its input
    tiles: List[Tile]


def plot(
    explanation: Explanation,
    sample: Union[int, Sequence[int]],
    *,
    names: Optional[Sequence[str]],
    titles: Optional[Dict[str, str]],
    cmap: str,
    columns: int,
    clip: float,
    rate: float,
    leads: Optional[Sequence[str]],
    figure: Any,
) -> Any:
    """See :meth:`Explanation.plot`."""
    if not 0 <= clip < 1:
        raise InvalidArgument(f"is {clip}; expected a share from 0 to below 1", "plot", "clip")
    if not 0 <= rate < float("inf"):
        raise InvalidArgument(f"is {rate}; expected samples per second, or 0 where that is unknown", "plot", "rate")
    many = np.ndim(sample) > 0
    samples = [operator.index(each) for each in np.atleast_1d(sample).tolist()]
    rows = [_row(explanation, each, names, titles or {}, many) for each in samples]
    if not rows or not all(row.tiles for row in rows):
        raise InvalidArgument("there is no map to draw", "plot")
    below = "" if many else subtitle_of(explanation, samples[0], rows[0].tiles)
    heading = ": ".join(text for text in (explanation.model, below) if text)
    style = Style(cmap, clip, columns)
    if all(tile.series for row in rows for tile in row.tiles):
        from ._paper import Paper, plot_series

        every = [tile if not many or tile.subtitle else tile._replace(subtitle=row.title) for row in rows for tile in row.tiles]
        style = style._replace(columns=columns or (len(rows[0].tiles) if many else 0))
        return plot_series(every, heading, style, Paper(rate, leads), figure)
    style = style._replace(columns=columns or (len(rows[0].tiles) + 1 if many else 0))
    return _plot_pictures(rows, heading, style, figure)


def _row(explanation: Explanation, sample: int, names: Optional[Sequence[str]], titles: Dict[str, str], many: bool) -> Row:
    tiles = tiles_of(explanation, sample, names)
    named = [tile._replace(name=titles.get(tile.name, tile.name)) for tile in tiles]
    if not many:
        return Row("input", named)
    below = "" if any(tile.subtitle for tile in tiles) else titles_of(explanation, sample, [])
    return Row(f"sample {sample}" + (f": {below}" if below else ""), named)


def _new_figure(width: float, height: float) -> Any:
    """A figure of pyplot, in inches; panels that keep their aspect stand close together."""
    try:
        import matplotlib.pyplot as pyplot
    except ImportError as error:
        raise ImportError("plot() draws with matplotlib; try `pip install signxai-cpp[plot]`") from error
    return pyplot.figure(figsize=(width, height), layout="compressed")


def as_figure(figure: Any, width: float, height: float) -> Any:
    """The user's figure, or a new one of this size."""
    return _new_figure(width, height) if figure is None else figure


def label_bar(bar: Any, top: float, upright: bool) -> None:
    """Ends and middle of a colour bar; what it measures."""
    bar.set_ticks([-top, 0, top], labels=[f"{-top:.2g}", "0", f"{top:.2g}"])
    bar.ax.tick_params(labelsize=7, length=2)
    bar.set_label("relevance", fontsize=7, labelpad=1)
    bar.outline.set_visible(False)
    if not upright:  # the ends stay within the bar, clear of a neighbour's
        for label, side in zip(bar.ax.get_xticklabels(), ("left", "center", "right")):
            label.set_horizontalalignment(side)


def _plot_pictures(rows: List[Row], heading: str, style: Style, figure: Any) -> Any:
    panels: List[Union[Row, Tile]] = []
    for row in rows:
        panels += [row, *row.tiles]
    columns = min(style.columns, len(panels)) if style.columns > 0 else columns_for(len(panels), _MOST_COLUMNS)
    lines = -(-len(panels) // columns)
    figure = as_figure(figure, _PANEL * columns + 0.2, (_PANEL * _tallness(rows[0].tiles[0].signal) + 0.85) * lines + 0.35)
    axes = figure.subplots(lines, columns, squeeze=False).ravel()
    figure.suptitle(heading, fontsize=10)
    for axis in axes:
        axis.set_axis_off()
    for axis, panel in zip(axes, panels):
        if isinstance(panel, Row):
            _plot_input(figure, axis, panel)
        else:
            _plot_map(figure, axis, panel, style)
    return figure


def _tallness(signal: NDArray[Any]) -> float:
    """Height by width of a panel; plain features are one line of pixels, drawn taller."""
    return 0.4 if signal.ndim < 2 else min(max(signal.shape[0] / signal.shape[1], 0.25), 2.0)


def _aspect(values: NDArray[Any]) -> Any:
    """Pixels are square, those of features and of very long arrays as tall as the panel."""
    return "equal" if values.shape[0] > 1 and 0.25 <= values.shape[0] / values.shape[1] <= 4 else "auto"


def _plot_input(figure: Any, axis: Any, row: Row) -> None:
    pixels = picture_of(row.tiles[0].signal)
    shown = axis.imshow(pixels, cmap="gray", vmin=0, vmax=255, interpolation="nearest", aspect=_aspect(pixels))
    axis.set_title(row.title, fontsize=8)
    # Room for a bar that is not there, so that the input is as large as its maps.
    bar = figure.colorbar(shown, ax=axis, orientation="horizontal", fraction=0.05, pad=0.03)
    label_bar(bar, 1.0, upright=False)
    bar.ax.set_visible(False)


def _channel_axis(values: NDArray[Any]) -> int:
    """The first for pictures of PyTorch: 1, 3 or 4 channels there, and more elsewhere."""
    return 0 if values.shape[0] in (1, 3, 4) and min(values.shape[1:]) > 4 else -1


def _plot_map(figure: Any, axis: Any, tile: Tile, style: Style) -> None:
    heat = tile.relevance
    heat = heat[None, :] if heat.ndim == 1 else heat.sum(axis=_channel_axis(heat)) if heat.ndim == 3 else heat
    top = style.scale(heat)
    shown = axis.imshow(heat, cmap=style.cmap, vmin=-top, vmax=top, interpolation="nearest", aspect=_aspect(heat))
    axis.set_title(tile.name + (f"\n{tile.subtitle}" if tile.subtitle else ""), fontsize=8)
    label_bar(figure.colorbar(shown, ax=axis, orientation="horizontal", fraction=0.05, pad=0.03), top, upright=False)
