"""The results file: tables as Markdown, the targets that are missed, and how the figures came about. Pure text."""

from __future__ import annotations

import dataclasses
from typing import Dict, List, Optional, Sequence

from support.statistics import Target


@dataclasses.dataclass
class Table:
    title: str
    columns: Sequence[str]
    rows: List[List[str]] = dataclasses.field(default_factory=list)
    notes: List[str] = dataclasses.field(default_factory=list)

    def add(self, *cells: str) -> None:
        if len(cells) != len(self.columns):
            raise ValueError(f"{self.title}: a row of {len(cells)} cells in a table of {len(self.columns)} columns")
        self.rows.append(list(cells))


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A figure against its target."""

    section: str
    subject: str
    value: float
    target: Target

    @property
    def met(self) -> bool:
        return self.target.met_by(self.value)


def cell(text: str) -> str:
    """Text that cannot end a cell or a line."""
    return " ".join(text.replace("|", "\\|").split()) or "-"


def markdown(table: Table) -> str:
    lines = [f"## {table.title}", ""]
    if table.rows:
        lines.append("| " + " | ".join(cell(column) for column in table.columns) + " |")
        lines.append("| " + " | ".join("---" for _ in table.columns) + " |")
    lines += ["| " + " | ".join(cell(text) for text in row) + " |" for row in table.rows]
    if table.notes:
        lines += [*([""] if table.rows else []), *(f"- {note}" for note in table.notes)]
    return "\n".join(lines) + "\n"


def targets_table(verdicts: Sequence[Verdict]) -> Table:
    """The missed ones, worst first, below the count of all."""
    missed = sorted((v for v in verdicts if not v.met), key=lambda v: -v.target.miss(v.value))
    table = Table(
        f"Targets: {len(verdicts) - len(missed)} of {len(verdicts)} met", ["section", "figure", "value", "target"]
    )
    for v in missed:
        unit = f" {v.target.unit}" if v.target.unit else ""
        table.add(v.section, v.subject, f"{v.value:.3g}{unit}", v.target.verdict(v.value))
    return table


def facts_table(title: str, facts: Dict[str, str]) -> Table:
    table = Table(title, ["what", "value"])
    for name, value in facts.items():
        table.add(name, value)
    return table


def document(title: str, introduction: str, tables: Sequence[Table], unfinished: Optional[str] = None) -> str:
    parts = [f"# {title}", "", introduction, ""]
    if unfinished:
        parts += [f"**Unfinished: {unfinished}**", ""]
    return "\n".join(parts) + "\n" + "\n".join(markdown(table) for table in tables)
