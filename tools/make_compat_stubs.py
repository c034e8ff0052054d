#!/usr/bin/env python3
"""Writes the type stubs of signxai_cpp.compat, whose modules are rows of a table and not files.

    tools/make_compat_stubs.py [FOLDER]     FOLDER: the package's compat/ (default: that of this repository)

Run it with a Python that can import signxai_cpp (PYTHONPATH=build/python). A name that its source file defines in plain
sight is imported from there; one that is made at run time is written out with its signature."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import pathlib
import sys
from typing import Any, Dict, List, Set

from signxai_cpp.compat import _import, _wrappers
from signxai_cpp.compat._tree import TREE

PACKAGE = _import.PACKAGE
HEAD = "# Written by tools/make_compat_stubs.py; not to be edited.\n"
WRAPPERS = f"{PACKAGE}._wrappers"


@functools.lru_cache(maxsize=None)
def visible(module: Any) -> Set[str]:
    """The names that a file defines as functions, classes or annotated values."""
    tree = ast.parse(pathlib.Path(module.__file__).read_text(encoding="utf-8"))
    names = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    names |= {node.target.id for node in tree.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)}
    imported = (alias for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names)
    return names | {alias.asname or alias.name for alias in imported}


def parameters(function: Any) -> str:
    """The parameters of a function, as text."""
    shown = []
    for parameter in inspect.signature(function).parameters.values():
        star = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        default = "" if parameter.default is parameter.empty else " = ..."
        annotation = "" if parameter.name == "self" else ": bool" if parameter.default is False else ": Any"
        shown.append(f"{star}{parameter.name}{annotation}{default}")
    return ", ".join(shown)


def base_names(value: Any, names: Dict[str, str]) -> List[str]:
    """The bases of a class as the stub writes them: by name where the stub has them itself, else with their module, and in
    place of one that is made at run time what that is derived from."""
    found = []
    for base in value.__bases__:
        while names.get(base.__name__) != base.__module__ and base.__name__ not in visible(sys.modules[base.__module__]):
            base = base.__bases__[0]
        own = names.get(base.__name__) == base.__module__
        found.append(base.__name__ if own else f"{base.__module__}.{base.__name__}")
    return [name for name in dict.fromkeys(found) if name != "builtins.object"]


def definition(name: str, value: Any, names: Dict[str, str]) -> List[str]:
    """The lines that declare a value."""
    if inspect.isclass(value):
        bases = ", ".join(base_names(value, names))
        return [f"class {name}({bases}):", f"    def __init__({parameters(value.__init__)}) -> None: ..."]
    if callable(value):
        result = "NDArray[Any]" if value.__module__ == _wrappers.MODULE else "Any"
        return [f"def {name}({parameters(value)}) -> {result}: ..."]
    return [f"{name}: {type(value).__name__}[Any, Any]" if isinstance(value, dict) else f"{name}: Any"]


def stub(place: str) -> str:
    """The stub of one module."""
    names = _import.names_of(TREE[place])
    imports: List[str] = []
    lines: List[str] = []
    for name in sorted(names, key=lambda n: depth(names, n)):
        module = importlib.import_module(names[name])
        if name in visible(module):
            imports.append(f"from {names[name]} import {name} as {name}")
            continue
        value = getattr(module, name)
        if inspect.isclass(value):
            imports += [f"import {base.rpartition('.')[0]}" for base in base_names(value, names) if "." in base]
        lines += definition(name, value, names)
    typing = ["from typing import Any"] if any("Any" in line for line in lines) else []
    typing += ["from numpy.typing import NDArray"] if any("NDArray" in line for line in lines) else []
    below = [row[len(place) + 1 :] for row in TREE if row.startswith(f"{place}.") and "." not in row[len(place) + 1 :]]
    inner = [f"from . import {child} as {child}" for child in below]
    dynamic = ["def __getattr__(name: str) -> Any: ..."] if WRAPPERS in names.values() and place.endswith(".wrappers") else []
    blocks = [HEAD.strip(), *typing, *sorted(set(imports)), *inner, *lines, *dynamic]
    return "\n".join(blocks) + "\n"


def depth(names: Dict[str, str], name: str) -> Any:
    """Base classes first, then by name."""
    value = getattr(importlib.import_module(names[name]), name)
    return (len(value.__mro__) if inspect.isclass(value) else 0, name)


def stubs() -> Dict[str, str]:
    """The text of every stub by its path below compat/."""
    texts = {}
    for place in TREE:
        path = place[1:].replace(".", "/")
        package = any(row.startswith(f"{place}.") for row in TREE)
        texts[f"{path}/__init__.pyi" if package else f"{path}.pyi"] = stub(place)
    return texts


def main() -> None:
    default = pathlib.Path(__file__).resolve().parents[1] / "python" / "signxai_cpp" / "compat"
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    for path, text in stubs().items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
