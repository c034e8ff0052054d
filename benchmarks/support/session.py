"""One run of `make bench`, as the sections see it."""

from __future__ import annotations

import dataclasses
import sys
import time
from typing import Dict, List

from support.report import Table, Verdict
from support.statistics import Target
from support.workers import Outcome


@dataclasses.dataclass
class Session:
    repeats: int
    threads: int = 2
    budget: float = 45.0  # seconds for the pairs with one peer, after the third pair
    section: str = ""
    verdicts: List[Verdict] = dataclasses.field(default_factory=list)
    versions: Dict[str, str] = dataclasses.field(default_factory=dict)

    def say(self, text: str) -> None:
        print(f"bench: {time.strftime('%H:%M:%S')} {self.section}: {text}", file=sys.stderr, flush=True)

    def add(self, table: Table, *cells: str) -> None:
        """A finished row, which is told as well: a section takes long."""
        table.add(*cells)
        self.say(" | ".join(cells))

    def check(self, subject: str, value: float, target: Target) -> str:
        """The verdict as text; it is remembered for the list of missed targets."""
        self.verdicts.append(Verdict(self.section, subject, value, target))
        return target.verdict(value)

    def learn(self, outcome: Outcome) -> None:
        if outcome.pairs:
            self.versions.update(outcome.pairs.versions)
