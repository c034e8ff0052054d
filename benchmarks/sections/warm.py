"""Warm, one sample: VGG16 beside every peer that has the method, other architectures beside their kernels alone."""

from __future__ import annotations

import dataclasses
from typing import Dict, Iterator, List, Optional

from support.names import OTHERS, names
from support.places import PEERS, network, samples
from support.programs import limit
from support.report import Table
from support.session import Session
from support.statistics import Target, spread_text
from support.workers import Failure, Job, Worker, beside

TITLE = "Warm, one sample"


@dataclasses.dataclass(frozen=True)
class Row:
    network: str
    method: str
    ratio: float  # the most that it should take, in times of its kernels
    peers: List[str] = dataclasses.field(default_factory=list)
    faster: Dict[str, float] = dataclasses.field(default_factory=dict)  # than a peer, at least


SOME = ["signxai", "zennit", "captum"]
PLAIN = {"signxai": 4, "innvestigate": 1.7}
LINEAR = {**PLAIN, "zennit": 2.4, "captum": 2.4}
PLUS = {"signxai": 8, "innvestigate": 2.4, "zennit": 5.5, "captum": 5.5}

ROWS = [
    Row("vgg16", "gradient", 1.08, OTHERS, PLAIN),
    Row("vgg16", "lrp_z", 1.08, OTHERS, LINEAR),
    Row("vgg16", "lrp_epsilon_0_1", 1.08, OTHERS, LINEAR),
    Row("vgg16", "lrp_epsilon_0_1_std_x", 1.08, OTHERS, PLAIN),
    Row("vgg16", "lrpsign_z", 1.08, OTHERS, PLAIN),
    Row("vgg16", "lrp_alpha_1_beta_0", 1.10, OTHERS, PLUS),
    Row("vgg16", "lrp_sequential_composite_a", 1.10, OTHERS),
    Row("resnet50", "gradient", 1.25, SOME),
    Row("resnet50", "lrp_epsilon_0_1", 1.25, SOME),
    Row("densenet121", "gradient", 1.25),
    Row("densenet121", "lrp_epsilon_0_1", 1.25),
    Row("inceptionv3", "gradient", 1.25),
    Row("inceptionv3", "lrp_epsilon_0_1", 1.25),
    Row("mobilenetv2", "gradient", 1.5),
    Row("mobilenetv2", "lrp_epsilon_0_1", 1.5),
    Row("efficientnetb0", "gradient", 1.5),
    Row("efficientnetb0", "lrp_epsilon_0_1", 1.5),
]


def peer_cell(session: Session, row: Row, peer: str, ours: Worker) -> str:
    subject = f"{row.network} {row.method}"
    job = Job(network(row.network), names(row.method)[peer], samples(row.network))
    outcome = beside(ours, peer, session.threads, job, session.repeats, session.budget)
    session.learn(outcome)
    if not outcome.pairs:
        return outcome.text()
    text, pairs = outcome.text(), outcome.pairs
    if peer in row.faster:
        target = Target(row.faster[peer], at_least=True, unit="x")
        text += f" ({session.check(f'{subject}, x {PEERS[peer].title}', pairs.factor.median, target)})"
    return text + f", cosine {pairs.agreement:.4f}"


def peer_cells(session: Session, row: Row, ours: Worker) -> List[str]:
    cells = []
    for peer in OTHERS:
        if peer not in names(row.method, row.peers):
            cells.append("-")
            continue
        session.say(f"{row.network} {row.method} beside {PEERS[peer].title}")
        cells.append(peer_cell(session, row, peer, ours))
    return cells


def line(session: Session, row: Row) -> List[str]:
    subject = f"{row.network} {row.method}"
    session.say(subject)
    cells: Optional[List[str]] = None
    if row.peers:
        with Worker("ours", session.threads, Job(network(row.network), row.method, samples(row.network))) as ours:
            cells = peer_cells(session, row, ours)
    found = limit(row.network, row.method, session.threads, max(session.repeats, 3))
    verdict = session.check(f"{subject}, x kernels", found.ratio.median, Target(row.ratio, unit="x"))
    return [
        f"{row.network} `{row.method}`",
        spread_text(found.seconds),
        spread_text(found.kernels),
        f"{found.ratio.median:.2f} ({found.ratio.low:.2f} to {found.ratio.high:.2f})",
        verdict,
        *(cells or ["-"] * len(OTHERS)),
    ]


def run(session: Session) -> Iterator[Table]:
    columns = [
        "network, method",
        "ours",
        "its kernels alone",
        "ratio",
        "target",
        *(PEERS[name].title for name in OTHERS),
    ]
    table = Table(TITLE, columns)
    for row in ROWS:
        try:
            session.add(table, *line(session, row))
        except Failure as failure:
            session.add(table, f"{row.network} `{row.method}`", f"fails: {failure}", *["-"] * (len(columns) - 2))
    table.notes += [
        "Ours, kernels and ratio are of `signxai bench`; beside a peer, our Python package and the peer compute in "
        "turn, and the factor is the median over the pairs.",
        "Cosine: of the peer's map with ours. In `gradient`, zennit is PyTorch alone. `lrp_sequential_composite_a` is "
        "EpsilonPlus in zennit, and in Captum alpha 1, beta 0 for convolutions and epsilon for dense layers. "
        "In ResNet50 zennit merges batch normalization into convolutions, and both add branches by other rules than "
        "the reference. Captum's alpha 1, beta 0 is another rule than that of the others.",
    ]
    yield table
