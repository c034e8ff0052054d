"""Beyond the direct limit: would Winograd's convolutions pay? A study (winograd_study.cpp); the program has none."""

from __future__ import annotations

import subprocess
from typing import Iterator, List

from support.places import WINOGRAD, environment
from support.report import Table
from support.session import Session

TITLE = "Winograd instead of direct convolution, forward, a study"


def lines(session: Session) -> List[List[str]]:
    done = subprocess.run(
        [str(WINOGRAD), str(max(session.repeats, 3))],
        capture_output=True,
        text=True,
        env=environment(session.threads),
        check=True,
    )
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines()[2:]]


def run(session: Session) -> Iterator[Table]:
    table = Table(TITLE, ["3 x 3, stride 1", "direct: ms, error", "F(2x2): faster, error", "F(4x4): faster, error"])
    for line in lines(session):
        session.add(table, *line)
    table.notes.append("Error: largest deviation from double precision, of the largest value.")
    yield table
