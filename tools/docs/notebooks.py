"""Runs the notebooks of docs/notebooks and stores what they print and show: `make notebooks`, after a change.

    PYTHONPATH=build/python tools/docs/notebooks.py [NOTEBOOK.ipynb ...]
"""

from __future__ import annotations

import os
import pathlib
import sys
from typing import Any

import nbformat
from nbclient import NotebookClient

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "docs/notebooks"
SECONDS = 300


def run(path: pathlib.Path) -> Any:
    """The notebook with new outputs; raises what its cells raise. The file stays as it is."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=SECONDS, record_timing=False, resources={"metadata": {"path": str(path.parent)}})
    client.execute(env={**os.environ, "MPLBACKEND": "module://matplotlib_inline.backend_inline"})
    return notebook


def main() -> None:
    for path in map(pathlib.Path, sys.argv[1:] or sorted(FOLDER.glob("*.ipynb"))):
        nbformat.write(run(path), path)
        print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
