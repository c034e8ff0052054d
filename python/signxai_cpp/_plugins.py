"""Python files that add methods, rules and composites to the command line: ``--plugin FILE.py``."""

from __future__ import annotations

import hashlib
import os
import sys
import types
from typing import List, Tuple

from . import _registry
from .errors import InputOutput, InvalidArgument, NotFound

OPTION = "--plugin"


def split_plugins(arguments: List[str]) -> Tuple[List[str], List[str]]:
    """The files that ``--plugin FILE`` and ``--plugin=FILE`` name, each once, and the other arguments."""
    files: List[str] = []
    others: List[str] = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            others += [argument, *rest]
        elif argument == OPTION or argument.startswith(OPTION + "="):
            file = argument[len(OPTION) + 1 :] if "=" in argument else next(rest, "")
            if not file:
                raise InvalidArgument("needs a file: --plugin FILE.py", "usage", OPTION)
            if os.path.realpath(file) not in map(os.path.realpath, files):
                files.append(file)
        else:
            others.append(argument)
    return files, others


def load_plugin(path: str) -> None:
    """Runs a file, whose decorators register what it defines. Its folder is looked at for its imports.

    Raises NotFound, InputOutput, and InvalidArgument with the place and the exception where the file fails."""
    try:
        with open(path, "rb") as file:
            source = file.read()
    except FileNotFoundError as error:
        raise NotFound("there is no such file", "plugin", path) from error
    except OSError as error:
        raise InputOutput(f"cannot be read: {error.strerror}", "plugin", path) from error
    name = os.path.splitext(os.path.basename(path))[0]
    place = hashlib.sha256(os.path.realpath(path).encode()).hexdigest()[:8]  # files of one name are different modules
    module = types.ModuleType(f"signxai_plugin_{name}_{place}")
    module.__file__ = os.path.abspath(path)
    sys.modules[module.__name__] = module
    sys.path.append(os.path.dirname(module.__file__))
    try:
        exec(compile(source, module.__file__, "exec"), module.__dict__)
    except (Exception, SystemExit) as error:
        line = _registry.line_in(error, module.__file__)
        place = f" in line {line}" if line else ""
        raise InvalidArgument(f"fails{place}: {_registry.line_of(error)}", "plugin", path) from error
    _registry.ADDITIONS.add_source(path, hashlib.sha256(source).hexdigest())

