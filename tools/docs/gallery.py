"""Runs the examples of a Markdown page and puts their figures and what they print below them.

    PYTHONPATH=build/python tools/docs/gallery.py PAGE.md OUT      # OUT/PAGE.md with its pictures beside it

Fences that begin with ```python run``` are run, one after the other in one namespace, from the folder of the repository.
mkdocs does the same through hooks.py.
"""

from __future__ import annotations

import contextlib
import io
import os
import pathlib
import re
import sys
from typing import Any, Callable, Dict, List

ROOT = pathlib.Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^```python run\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
_DPI = 90


def has_examples(markdown: str) -> bool:
    """Is there anything to run?"""
    return _FENCE.search(markdown) is not None


def render(markdown: str, stem: str, keep: Callable[[str, bytes], None]) -> str:
    """The page with results. `keep` gets each picture, as name and PNG."""
    import matplotlib

    matplotlib.use("Agg")
    namespace: Dict[str, Any] = {}
    count = 0

    def replace(match: "re.Match[str]") -> str:
        nonlocal count
        line = markdown.count("\n", 0, match.start()) + 2
        printed, pictures = _run(compile("\n" * (line - 1) + match[1], f"{stem}.md", "exec"), namespace)
        parts = [f"```python\n{match[1]}```\n"]
        if printed:
            parts.append(f"```text\n{printed}```\n")
        for picture in pictures:
            count += 1
            keep(f"{stem}-{count}.png", picture)
            parts.append(f"![result of the example above]({stem}-{count}.png)\n")
        return "\n".join(parts)

    return _FENCE.sub(replace, markdown)


def _run(code: Any, namespace: Dict[str, Any]) -> "tuple[str, List[bytes]]":
    from matplotlib import pyplot

    out, before = io.StringIO(), os.getcwd()
    try:
        os.chdir(ROOT)
        with contextlib.redirect_stdout(out):
            exec(code, namespace)  # a page of this repository
        pictures = []
        for number in pyplot.get_fignums():
            file = io.BytesIO()
            pyplot.figure(number).savefig(file, format="png", dpi=_DPI)
            pictures.append(file.getvalue())
        return out.getvalue(), pictures
    finally:
        os.chdir(before)
        pyplot.close("all")


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    page, out = map(pathlib.Path, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    text = render(page.read_text(encoding="utf-8"), page.stem, lambda name, png: (out / name).write_bytes(png) and None)
    (out / page.name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
