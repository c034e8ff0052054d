"""SignXAI and iNNvestigate without TensorFlow: their modules, names and signatures, computed by signxai_cpp.

``signxai_cpp.compat`` has the modules of ``signxai`` (``methods.wrappers``, ``utils.utils`` ...) and, below
``innvestigate``, those of iNNvestigate 2.1. Either change the imports of a script,

>>> from signxai_cpp.compat.methods.wrappers import calculate_relevancemap

or leave them as they are and call :func:`install` first, or run ``python -m signxai_cpp.compat SCRIPT``:

>>> import signxai_cpp.compat
>>> signxai_cpp.compat.install()
>>> from signxai.utils.utils import normalize_heatmap
>>> signxai_cpp.compat.uninstall()

Models may be live Keras 3 or tf.keras 2 models, ``signxai_cpp.load(...)`` objects, or paths of files."""

from __future__ import annotations

import importlib
import sys
from typing import Any, List

from ..errors import InvalidArgument
from . import _import
from ._settings import configure
from ._tree import ROOT, TREE

_import.register()


def install() -> None:
    """From now on ``import signxai`` and ``import innvestigate`` give the modules of this package, whatever is installed.

    Raises InvalidArgument (a ValueError) where one of the real packages has been imported already."""
    for name in _import.ALIASES:
        if name in sys.modules and not _import.is_ours(sys.modules[name]):
            raise InvalidArgument("has been imported already; call install() before any import of it", "compat", name)
    _import.register_aliases()


def uninstall() -> None:
    """Undoes :func:`install`; modules that were imported meanwhile stay what they are for who holds them."""
    _import.remove_aliases()


def __getattr__(name: str) -> Any:
    if f".{name}" in TREE and name != "explain":
        return importlib.import_module(f"{__name__}.{name}")
    try:
        return _import.find(ROOT, name)
    except AttributeError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None


def __dir__() -> List[str]:
    return sorted({*__all__, *_import.names_of(ROOT), *(row[1:] for row in TREE if row.count(".") == 1)})


__all__ = ["configure", "install", "uninstall"]
