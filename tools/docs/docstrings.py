"""For the reference pages: the docstrings of the package as mkdocstrings reads them.

The package underlines its sections, has several names in one entry, refers with Sphinx's roles, and leaves examples among the
text. An extension of griffe, named in mkdocs.yml.
"""

from __future__ import annotations

import re

import griffe

import signxai_cpp

_ENTRY = re.compile(r"^(\w+(?:, \w+)*): (.*)$")
_ROLE = re.compile(r":(?:class|func|meth):`([\w.]+)`")
_SECTIONS = ("Parameters", "Attributes")


def _reference(match: "re.Match[str]") -> str:
    """A link where the reference page has the name, else the name."""
    name = match[1].replace("signxai_cpp.", "", 1)
    return f"[`{name}`][signxai_cpp.{name}]" if name.partition(".")[0] in signxai_cpp.__all__ else f"`{name}`"


def to_google(text: str) -> str:
    """A docstring of the package in Google's form, whose sections end where the indentation does."""
    lines = _ROLE.sub(_reference, text).split("\n")
    result: "list[str]" = []
    inside = example = False
    for line in lines:
        if set(line.strip()) == {"-"} and result and result[-1] in _SECTIONS:
            result[-1] += ":"
            inside = True
            continue
        inside = inside and bool(line.strip())
        if example and not line.strip():
            result.append("```")
            example = False
        if line.startswith(">>>") and not example:
            result.append("```pycon")
            example = True
        entry = _ENTRY.match(line) if inside else None
        result += [f"    {name}: {entry[2]}" for name in entry[1].split(", ")] if entry else ["    " * inside + line]
    return "\n".join(result + ["```"] * example)


class PackageDocstrings(griffe.Extension):
    """Rewrites each docstring when its object has been read."""

    def on_object(self, *, obj: griffe.Object, **kwargs: object) -> None:
        if obj.docstring is not None:
            obj.docstring.value = to_google(obj.docstring.value)
