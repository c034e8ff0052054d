"""Golden cases for the tests of the compatible API."""

import json

import h5py
import numpy as np
import pytest

import signxai_cpp
from conftest import ROOT

DATA = ROOT / "tests/golden/data"
TABLE = json.loads((DATA / "expected.json").read_text())


def load(name):
    files = ["model.h5"] if "model.h5" in TABLE[name]["files"] else ["model.json", "weights.h5"]
    return signxai_cpp.load(*(DATA / name / file for file in files))


def golden(name):
    return h5py.File(DATA / name / "golden.h5")


def deviation(found, expected, call):
    """Largest deviation of a batch, as a fraction of what the call allows."""
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    assert found.shape == expected.shape
    worst = 0.0
    for own, theirs in zip(found, expected):
        finite = np.isfinite(theirs)
        assert np.array_equal(own[~finite], theirs[~finite], equal_nan=True)
        off = np.abs(own - theirs)[finite].max(initial=0.0)
        allowed = call.get("tolerance", 1e-4) * np.abs(theirs)[finite].max(initial=0.0) + call.get("absolute", 0)
        worst = max(worst, 0.0 if off < 1e-36 else off / allowed if allowed else np.inf)
    return worst


def selections(call, samples):
    """`neuron_selection` of each sample."""
    target = call.get("target", "max")
    if target == "max":
        return [None] * samples
    if not isinstance(target, list):
        return [target] * samples
    return target * samples if len(target) == 1 else list(target)


def check(calls, compute):
    """Fails with the calls whose maps are off. `compute` returns a map and its golden."""
    assert calls
    wrong = [(call["label"], worst) for call in calls if (worst := deviation(*compute(call), call)) > 1]
    if wrong:
        pytest.fail(f"{len(wrong)} of {len(calls)} maps are off: {wrong[:20]}")
