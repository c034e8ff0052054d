"""The accounts of an explanation: what becomes of the relevance at each layer."""

from __future__ import annotations

from typing import Any, List, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import _native

Numbers = NDArray[np.float64]


class LedgerRow(NamedTuple):
    """One layer call; ``incoming = out + bias + epsilon + other``. Each array has the shape of the explanation's targets."""

    layer: str
    rule: str
    incoming: Numbers  # comes from the layers behind it, or is put in here
    out: Numbers  # is handed on to the layers before it; 0 at the network's inputs, where it stays
    bias: Numbers  # is absorbed by the bias
    epsilon: Numbers  # is absorbed by the stabiliser
    other: Numbers  # the rest, where rule or layer does not conserve relevance by construction


class Ledger(NamedTuple):
    """The accounts of one method: ``put_in`` is ``arrived`` plus bias, epsilon and other of all rows."""

    rows: List[LedgerRow]  # in the order of the walk, from the outputs
    put_in: Numbers
    arrived: Numbers


def ledger_of(native: _native.Ledger, shape: Any, single: bool) -> Ledger:
    """The accounts as arrays: `shape` is (samples) or, with several neurons of each, (samples, K)."""

    def array(values: List[float]) -> Any:
        whole = np.array(values).reshape(shape)
        return whole[0] if single else whole

    rows = [
        LedgerRow(row.layer, row.rule, *map(array, (row.incoming, row.out, row.bias, row.epsilon, row.other))) for row in native.rows
    ]
    return Ledger(rows, array(native.put_in), array(native.arrived))
