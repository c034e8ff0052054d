"""Medians, spreads, ratios of pairs, and targets. Pure: nothing is measured here."""

from __future__ import annotations

import dataclasses
from typing import Sequence


def quantile(values: Sequence[float], share: float) -> float:
    """Linear between the neighbours in order, 0 <= share <= 1."""
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])


@dataclasses.dataclass(frozen=True)
class Summary:
    """The median of some values and the quartiles around it."""

    median: float
    low: float
    high: float
    count: int

    @property
    def spread(self) -> float:
        """The distance of the quartiles in relation to the median."""
        return (self.high - self.low) / self.median if self.median else 0.0


def summarize(values: Sequence[float]) -> Summary:
    if not values:
        raise ValueError("no values to summarize")
    return Summary(quantile(values, 0.5), quantile(values, 0.25), quantile(values, 0.75), len(values))


def ratios(numerators: Sequence[float], denominators: Sequence[float]) -> Summary:
    """Of pairs that were measured one right after the other, so that slow changes of the machine cancel out."""
    if len(numerators) != len(denominators):
        raise ValueError(f"{len(numerators)} values have no pairs in {len(denominators)}")
    return summarize([a / b for a, b in zip(numerators, denominators)])


@dataclasses.dataclass(frozen=True)
class Target:
    """What a figure should be: at most, or at least, the limit."""

    limit: float
    at_least: bool = False
    unit: str = ""

    def met_by(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit

    def miss(self, value: float) -> float:
        """How far beyond the limit, as a share of it; 0 where it is met."""
        if self.met_by(value):
            return 0.0
        return (self.limit - value) / self.limit if self.at_least else (value - self.limit) / self.limit

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.limit:g}{' ' + self.unit if self.unit else ''}"

    def verdict(self, value: float) -> str:
        if self.met_by(value):
            return f"{self}: met"
        missed = self.miss(value)
        return f"{self}: **missed by {missed:.1%}**" if missed < 0.1 else f"{self}: **missed by {missed:.0%}**"


def cosine(a: Sequence[float], b: Sequence[float]) -> float:
    """Of two maps as vectors: 1 where they agree up to a factor."""
    norm = (sum(x * x for x in a) * sum(y * y for y in b)) ** 0.5
    return sum(x * y for x, y in zip(a, b)) / norm if norm else 0.0


def duration(seconds: float) -> str:
    """In the unit that suits it, with three digits."""
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        value = seconds * factor
        if value >= 1 or unit == "us":
            return f"{value:.{digits(value)}f} {unit}"
    raise AssertionError("unreachable")


def digits(value: float) -> int:
    """Decimals that leave three digits."""
    return 2 if value < 10 else 1 if value < 100 else 0


def spread_text(summary: Summary) -> str:
    """A median with its quartiles: 0.41 s (0.40 to 0.43)."""
    middle = duration(summary.median)
    if summary.count < 2:
        return middle
    factor = {"s": 1.0, "ms": 1e3, "us": 1e6}[middle.split()[1]]
    decimals = digits(summary.median * factor)
    return f"{middle} ({summary.low * factor:.{decimals}f} to {summary.high * factor:.{decimals}f})"


def bytes_text(count: float) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
