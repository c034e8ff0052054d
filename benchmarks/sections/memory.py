"""The most memory that a process holds which loads a network and computes one map."""

from __future__ import annotations

from typing import Iterator, List

from support.names import OTHERS, names
from support.places import PEERS
from support.programs import explain_command, peer_command
from support.programs import run as run_process
from support.report import Table
from support.session import Session
from support.statistics import Target, bytes_text
from support.workers import Failure

TITLE = "Memory, whole process"
ROWS = [  # network, method, most GB (0: no target), peers
    ("vgg16", "gradient", 0, OTHERS),
    ("vgg16", "lrp_z", 0.80, OTHERS),
    ("vgg16", "lrp_alpha_1_beta_0", 0.85, OTHERS),
    ("vgg16", "smoothgrad", 0, ["signxai", "zennit", "captum"]),
    ("vgg16", "all", 1.6, []),
    ("resnet50", "lrp_z", 0.30, ["signxai", "zennit", "captum"]),
    ("digits_cnn", "lrpsign_z", 0, ["signxai"]),
]


def peak_text(session: Session, peer: str, name: str, method: str) -> str:
    session.say(f"{name} {method}, {PEERS[peer].title}")
    try:
        return bytes_text(run_process(peer_command(peer, name, method, session.threads), session.threads).peak)
    except Failure as failure:
        return f"fails: {failure}"


def line(session: Session, name: str, method: str, most: float, peers: List[str]) -> List[str]:
    session.say(f"{name} {method}")
    label = f"{name} `{method}`"
    try:
        peak = run_process(explain_command(name, method, session.threads), session.threads).peak
    except Failure as failure:
        return [label, f"fails: {failure}", "-", *["-"] * len(OTHERS)]
    theirs = names(method, peers) if peers else {}
    verdict = session.check(f"{name} {method}, peak", peak / 1e9, Target(most, unit="GB")) if most else "-"
    return [
        label,
        bytes_text(peak),
        verdict,
        *(peak_text(session, p, name, theirs[p]) if p in theirs else "-" for p in OTHERS),
    ]


def run(session: Session) -> Iterator[Table]:
    table = Table(TITLE, ["network, method", "ours", "target", *(PEERS[name].title for name in OTHERS)])
    for name, method, most, peers in ROWS:
        session.add(table, *line(session, name, method, most, peers))
    table.notes.append(
        "Peak resident memory as the kernel counts it, mapped weights included; 1 GB = 1e9 bytes. "
        "That of the peers includes Python and their framework."
    )
    yield table
