"""What the tests share. They run against an installed package or, with PYTHONPATH, one in a build folder."""

import os
import pathlib
import signal

import numpy as np
import pytest

import signxai_cpp

ROOT = pathlib.Path(os.environ.get("SIGNXAI_SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
DIGITS = ROOT / "examples/digits/digits_cnn.h5"
TINY = ROOT / "tests/golden/data/semantics_dense/model.h5"

# A shell ignores ctrl-C for what it starts in the background, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def digits():
    """A trained network on (28, 28, 1) with 10 classes."""
    return signxai_cpp.load(DIGITS)


@pytest.fixture(scope="session")
def tiny():
    """A network of two small dense layers, where a call costs next to nothing."""
    return signxai_cpp.load(TINY)


@pytest.fixture
def batch():
    """Three samples for `digits`."""
    return np.random.default_rng(1).random((3, 28, 28, 1), np.float32)
