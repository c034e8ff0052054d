"""``python -m signxai_cpp.compat [-m] SCRIPT [ARGUMENT ...]``: runs a script (or module) that imports signxai or
innvestigate with the modules of this package in their place."""

from __future__ import annotations

import os
import runpy
import sys
from typing import List

from . import install

USAGE = "usage: python -m signxai_cpp.compat SCRIPT [ARGUMENT ...]\n       python -m signxai_cpp.compat -m MODULE [ARGUMENT ...]"


def main(arguments: List[str]) -> int:
    """Runs what the arguments name, as ``python`` itself would. Returns 2, with the usage, where they name nothing."""
    as_module = arguments[:1] == ["-m"]
    rest = arguments[1:] if as_module else arguments
    if not rest or rest[0] in ("-h", "--help"):
        print(USAGE, file=sys.stderr if not rest else sys.stdout)
        return 2 if not rest else 0
    install()
    sys.argv = rest
    if as_module:
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
        return 0
    sys.path[0] = os.path.dirname(os.path.abspath(rest[0]))
    runpy.run_path(rest[0], run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
