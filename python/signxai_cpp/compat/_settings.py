"""Settings of the compatible API, for the whole process."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any, Dict, Optional


@dataclass(frozen=True)
class Settings:
    """threads: worker threads, 0 for one per core. semantics: "signxai" (the reference's numbers), "literal" (also where
    it begins at every output), "sound" (its mistakes put right), or the quirks to put right, "Q1,Q7"."""

    threads: int = 0
    semantics: str = "signxai"


_lock = threading.Lock()
_current = [Settings()]


def configure(*, threads: Optional[int] = None, semantics: Optional[str] = None) -> Settings:
    """Changes what is given and returns the settings that hold from now on; without arguments it only returns them.

    >>> from signxai_cpp import compat
    >>> compat.configure().semantics
    'signxai'
    """
    given: Dict[str, Any] = {"threads": threads, "semantics": semantics}
    given = {name: value for name, value in given.items() if value is not None}
    with _lock:
        _current[0] = replace(_current[0], **given)
        return _current[0]
