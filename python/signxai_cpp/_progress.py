"""Progress of long calls."""

from __future__ import annotations

import functools
from contextlib import contextmanager
from typing import Any, Callable, Iterator, Optional, Union

Callback = Callable[[int, Any], Any]
ProgressArgument = Union[None, bool, Callback]

_MANY_SAMPLES = 16  # below, a bar is not worth the import of tqdm
_PATIENCE = 1.0  # seconds before an unasked bar appears


@functools.lru_cache(maxsize=None)
def _tqdm() -> Any:
    try:
        from tqdm.auto import tqdm  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        return None
    return tqdm


@contextmanager
def reporting(progress: ProgressArgument, samples: Optional[int], done: int = 0) -> Iterator[Optional[Callback]]:
    """The function to be called with (done, total): the caller's, that of a bar, or none. `samples`: None where their number
    is not known; `done`: what an earlier run has done.

    None: a bar on a terminal or in a notebook, for many samples, if tqdm is installed and it takes longer than a second.
    True: a bar in any case; False: none.
    """
    if callable(progress):
        yield progress
        return
    wanted = progress is True or (progress is None and (samples is None or samples >= _MANY_SAMPLES))
    tqdm = _tqdm() if wanted else None
    if tqdm is None:
        yield None
        return
    automatic = progress is None
    with tqdm(total=samples, initial=done, unit="sample", disable=None if automatic else False, delay=_PATIENCE if automatic else 0,
              leave=not automatic) as bar:

        def advance(done: int, total: Optional[int]) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield advance
