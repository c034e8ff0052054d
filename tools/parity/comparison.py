"""How far two maps are apart, and how far they may be."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Iterator, List, Tuple

import numpy as np

TOLERANCE, WIDEST, NOISE = 1e-4, 0.02, 0.05
_DRAWS = 12  # enough to meet a tie of a pooling window that rounding decides
_ALLOWANCE = 20  # times what the map changes by when weights and inputs move by one unit in the last place


def deviation(ours: np.ndarray, reference: np.ndarray) -> float:
    """Largest difference of two maps over the finite entries, by the largest magnitude of the reference's; infinite where
    shapes, NaN or infinities differ."""
    if ours.shape != reference.shape:
        return float("inf")
    finite = np.isfinite(reference)
    if not np.array_equal(finite, np.isfinite(ours)) or not finite.any():
        return 0.0 if not finite.any() and not np.isfinite(ours).any() else float("inf")
    largest = np.abs(reference[finite]).max()
    difference = np.abs(ours[finite].astype(np.float64) - reference[finite]).max()
    if largest < 1e-30:
        return 0.0 if np.abs(ours[finite]).max() < 1e-30 else float("inf")
    return float(difference / largest)


def moved(array: np.ndarray, random: np.random.RandomState) -> np.ndarray:
    """Each element by one unit in the last place, up, down, or not at all."""
    direction = random.choice((-np.inf, 0.0, np.inf), array.shape)
    return np.where(direction == 0, array, np.nextafter(array, direction.astype(array.dtype), dtype=array.dtype))


@contextmanager
def moved_weights(model: Any, random: np.random.RandomState) -> Iterator[None]:
    """A live Keras model with moved weights."""
    before: List[np.ndarray] = model.get_weights()
    model.set_weights([moved(weight, random) if weight.dtype.kind == "f" else weight for weight in before])
    try:
        yield
    finally:
        model.set_weights(before)


def tolerance(compute: Callable[[np.ndarray], np.ndarray], model: Any, sample: np.ndarray, draws: int = _DRAWS) -> Tuple[float, float]:
    """What a map may deviate by, and its condition: the change when weights and inputs move by one unit in the last
    place, the largest of several draws."""
    own = compute(sample)
    condition = 0.0
    for seed in range(draws):
        random = np.random.RandomState(seed)
        with moved_weights(model, random):
            condition = max(condition, deviation(compute(moved(sample, random)), own))
    return min(max(TOLERANCE, _ALLOWANCE * condition), WIDEST), condition


def cosine(ours: np.ndarray, reference: np.ndarray) -> float:
    """Of two maps, over the finite entries of both."""
    finite = np.isfinite(ours) & np.isfinite(reference)
    a, b = ours[finite].astype(np.float64), reference[finite].astype(np.float64)
    norms = np.linalg.norm(a) * np.linalg.norm(b)
    return float(a @ b / norms) if norms > 0 else 1.0


def same_size(ours: np.ndarray, reference: np.ndarray) -> bool:
    """Are the largest magnitudes within a factor of 10? All that can be asked of a map that is rounding noise."""
    a, b = np.abs(ours[np.isfinite(ours)]).max(initial=0.0), np.abs(reference[np.isfinite(reference)]).max(initial=0.0)
    return bool(a <= 10 * b and b <= 10 * a)
