"""Hooks of mkdocs: pages with examples are run, and pages are made of what the sources say.

- every page of docs/ with runnable fences: their results, by gallery.py;
- reference/methods.md: each method's formula, paper and parameters, as the compiled part states them;
- reference/headers.md: the public C++ headers;
- repository/...: files outside docs/ that pages link to or the menu names.
"""

from __future__ import annotations

import pathlib
import re
import sys
from typing import Any, Dict, Iterator, List

from mkdocs.structure.files import File, Files

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import gallery  # noqa: E402

ROOT = gallery.ROOT
_OUTSIDE = re.compile(r"\]\(\.\./([\w./-]+)\)")
_LANGUAGES = {".cpp": "cpp", ".h": "cpp", ".c": "c", ".py": "python", ".sh": "bash", ".json": "json"}


def on_files(files: Files, config: Any) -> Files:
    """Adds what is made."""
    pages = {file.src_uri: file.content_string for file in files.documentation_pages() if file.src_uri.endswith(".md")}
    for uri, text in pages.items():
        if gallery.has_examples(text):
            folder = uri.rpartition("/")[0]
            prefix = folder + "/" if folder else ""
            stem = pathlib.PurePosixPath(uri).stem
            made = gallery.render(text, stem, lambda name, png: files.append(File.generated(config, prefix + name, content=png)))
            files.remove(files.src_uris[uri])
            files.append(File.generated(config, uri, content=made))
    files.append(File.generated(config, "reference/methods.md", content=_methods()))
    files.append(File.generated(config, "reference/headers.md", content=_headers()))
    linked = {path for uri, text in pages.items() if "/" not in uri for path in _OUTSIDE.findall(text)}
    for path in sorted(linked | {"ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"}):
        files.append(File.generated(config, f"repository/{_page_of(path)}", content=_outside(path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links out of docs/ lead to the pages made of what is there."""
    return _OUTSIDE.sub(lambda match: f"](repository/{_page_of(match[1])})", markdown) if "/" not in page.file.src_uri else markdown




def _page_of(path: str) -> str:
    return path if path.endswith(".md") else path + ".md"


def _outside(path: str) -> str:
    text = (ROOT / path).read_text(encoding="utf-8")
    if path.endswith(".md"):
        return text.replace("](docs/", "](../")
    language = _LANGUAGES.get(pathlib.PurePosixPath(path).suffix, "text")
    return f"# {path}\n\n````{language}\n{text}````\n"


def _methods() -> str:
    import signxai_cpp

    groups: Dict[str, List[str]] = {}
    for name in signxai_cpp.methods():
        groups.setdefault(signxai_cpp.describe(name).base, []).append(name)
    parts = ["# Methods\n", "Numbers in names are free: `lrp_epsilon_0_033` is epsilon 0.033. [Which one to take](../which-method.md).\n"]
    for base, names in groups.items():
        parts += _method(base, [signxai_cpp.describe(name) for name in names])
    return "\n".join(parts)


def _method(base: str, infos: List[Any]) -> Iterator[str]:
    yield f"## {base}\n"
    alone = [info for info in infos if info.description != infos[0].description]
    if not alone:
        yield f"{infos[0].description}\n"
        yield "Names: " + ", ".join(f"`{info.name}`" for info in infos) + "\n"
    else:
        yield "| name | |\n| --- | --- |\n" + "".join(f"| `{info.name}` | {_cell(info.description)} |\n" for info in infos)
    rows = {parameter.name: parameter for info in infos for parameter in info.parameters}
    if rows:
        yield "| parameter | default | |\n| --- | --- | --- |\n" + "".join(
            f"| `{name}` | {f'`{each.default}`' if each.default else ''} | {_cell(each.description)} |\n" for name, each in rows.items()
        )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*").replace("_", "\\_").replace("\n", " ")


def _headers() -> str:
    parts = ["# C++ and C headers\n", "What `make install` puts into `include/signxai/`. [A tour](../cpp.md) shows how they are used.\n"]
    table, bodies = ["| header | |\n| --- | --- |\n"], []
    for path in sorted((ROOT / "include/signxai").glob("*.h")):
        text = path.read_text(encoding="utf-8")
        comment = re.match(r"(?://[^\n]*\n)+|/\*.*?\*/", text, re.DOTALL)
        words = " ".join(re.sub(r"^\s*(?:///?|/?\*+/?)", "", line).strip() for line in (comment[0] if comment else "").split("\n"))
        first = re.split(r"(?<=\.)\s", words.strip())[0]
        table.append(f"| [{path.name}](#{path.stem}) | {_cell(first)} |\n")
        bodies.append(f"## {path.name} {{ #{path.stem} }}\n\n````cpp\n{text}````\n")
    return "\n".join([*parts, "".join(table), *bodies])
