"""Signs of inputs (Gumpfer et al. 2023)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["calculate_sign_mu"]


def calculate_sign_mu(x: Any, mu: Any = None, vlow: float = -1, vhigh: float = 1, **kwargs: Any) -> NDArray[Any]:
    """`vlow` below `mu` (default: the middle of both values) and `vhigh` from it on, in the element type of `x`; NaN
    stays. As in the reference, a `mu` not above `vlow` gives `vhigh` everywhere. Raises AssertionError unless
    vlow < vhigh; other keywords are ignored.

    >>> from signxai_cpp.compat.methods.signed import calculate_sign_mu
    >>> calculate_sign_mu([-0.2, 0.0, 0.3], mu=0)
    array([-1.,  1.,  1.])
    """
    assert vlow < vhigh, f"vlow must be below vhigh; got {vlow} and {vhigh}"
    signs = np.array(x)
    threshold = vlow + abs(vhigh - vlow) / 2.0 if mu is None else mu
    signs = np.where(signs < threshold, np.asarray(vlow).astype(signs.dtype), signs)
    return np.where(signs >= threshold, np.asarray(vhigh).astype(signs.dtype), signs)


def sign(x: NDArray[Any]) -> NDArray[Any]:
    """-1 for negative numbers, +1 for all others, zero, NaN and both infinities included, as x / |x| has it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.nan_to_num(x / np.abs(x), nan=1.0))
