"""How the modules of the tree come to be: they are not files but rows of a table, made when they are imported."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from types import ModuleType
from typing import Any, Dict, List, Optional, Sequence, Tuple

from ._tree import TREE

PACKAGE = "signxai_cpp.compat"
ALIASES = {"signxai": PACKAGE, "innvestigate": f"{PACKAGE}.innvestigate"}


def names_of(sources: Sequence[str]) -> Dict[str, str]:
    """The names of sources, and the module that each comes from."""
    found: Dict[str, str] = {}
    for source in sources:
        file, _, listed = source.partition(":")
        module = f"{PACKAGE}.{file}"
        names = listed.split(",") if listed else list(importlib.import_module(module).__all__)
        for name in names:
            found.setdefault(name, module)
    return found


def find(sources: Sequence[str], name: str) -> Any:
    """The value of a name. Raises AttributeError where no source has it."""
    if name.startswith("_"):
        raise AttributeError(name)
    for source in sources:
        file, _, listed = source.partition(":")
        if listed and name not in listed.split(","):
            continue
        module = importlib.import_module(f"{PACKAGE}.{file}")
        if listed or name in module.__all__ or hasattr(module, "__getattr__"):
            try:
                return getattr(module, name)
            except AttributeError:
                continue
    raise AttributeError(name)


class Mirror(ModuleType):
    """A module of the tree: its names are taken from their sources when they are first used."""

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return list(names_of(TREE[self.__name__[len(PACKAGE) :]]))
        place = self.__name__[len(PACKAGE) :]
        try:
            value = find(TREE[place], name)
        except AttributeError:
            if f"{place}.{name}" not in TREE:
                raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}") from None
            value = importlib.import_module(f"{self.__name__}.{name}")
        self.__dict__[name] = value
        return value

    def __dir__(self) -> List[str]:
        place = self.__name__[len(PACKAGE) :]
        below = [row[len(place) + 1 :] for row in TREE if row.startswith(f"{place}.") and "." not in row[len(place) + 1 :]]
        return sorted({*names_of(TREE[place]), *below})

    def __reduce__(self) -> Tuple[Any, Tuple[str]]:
        return importlib.import_module, (self.__name__,)


class _MirrorLoader(importlib.abc.Loader):
    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return Mirror(spec.name, f"A module of signxai or iNNvestigate; its names are those of {PACKAGE}.")

    def exec_module(self, module: ModuleType) -> None:
        pass


class _AliasLoader(importlib.abc.Loader):
    """Gives a module of the tree a second name."""

    def __init__(self, real: str) -> None:
        self._real = real

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> Optional[ModuleType]:
        return None

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = importlib.import_module(self._real)


def _has_rows_below(place: str) -> bool:
    return any(row.startswith(f"{place}.") for row in TREE)


class MirrorFinder(importlib.abc.MetaPathFinder):
    """Finds the modules of the tree."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Optional[importlib.machinery.ModuleSpec]:
        if not fullname.startswith(f"{PACKAGE}."):
            return None
        place = fullname[len(PACKAGE) :]
        if place not in TREE:
            return None
        return importlib.machinery.ModuleSpec(fullname, _MirrorLoader(), is_package=_has_rows_below(place))


class AliasFinder(importlib.abc.MetaPathFinder):
    """Finds the modules of the tree under the names ``signxai`` and ``innvestigate``."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Optional[importlib.machinery.ModuleSpec]:
        root, dot, rest = fullname.partition(".")
        if root not in ALIASES:
            return None
        real = ALIASES[root] + dot + rest
        if rest and f".{real[len(PACKAGE) + 1 :]}" not in TREE:
            return None
        return importlib.machinery.ModuleSpec(fullname, _AliasLoader(real), is_package=True)


_finder = MirrorFinder()
_aliases = AliasFinder()


def register() -> None:
    """Lets ``signxai_cpp.compat.*`` be imported."""
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


def register_aliases() -> None:
    """Lets ``signxai`` and ``innvestigate`` be imported."""
    if _aliases not in sys.meta_path:
        sys.meta_path.insert(0, _aliases)


def remove_aliases() -> None:
    """Undoes :func:`register_aliases`."""
    if _aliases in sys.meta_path:
        sys.meta_path.remove(_aliases)
    for name in [name for name in sys.modules if name.partition(".")[0] in ALIASES and is_ours(sys.modules[name])]:
        del sys.modules[name]


def is_ours(module: Any) -> bool:
    """Is it a module of this package, under whatever name?"""
    return str(getattr(module, "__name__", "")).startswith(PACKAGE)
