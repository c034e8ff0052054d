"""ONNX models by path and from memory; layouts of inputs and maps. What they compute is compared in tests/importers/onnx."""

import os
from pathlib import Path

import numpy as np
import pytest

import signxai_cpp as sx

MODELS = Path(os.environ.get("SIGNXAI_SOURCE_DIR", Path(__file__).resolve().parents[2])) / "tests/importers/data/onnx"


class Proto:
    """What an onnx.ModelProto is here."""

    def __init__(self, path):
        self.path = path

    def SerializeToString(self):
        return self.path.read_bytes()


def test_path_and_memory():
    path = MODELS / "residual18.onnx"
    with np.load(path.with_suffix(".npz")) as stored:
        x, g = stored["x"], stored["g"]
    for source in (path, str(path), Proto(path)):
        found = np.asarray(sx.explain(sx.load(source), x, "gradient", 1))
        assert found.shape == (2, 3, 16, 14)  # the layout of the file
        np.testing.assert_allclose(found, g, atol=1e-5 * np.abs(g).max())


def test_explain_takes_a_model_in_memory():
    path = MODELS / "gru17.onnx"
    with np.load(path.with_suffix(".npz")) as stored:
        x, g = stored["x"], stored["g"]
    found = np.asarray(sx.explain(Proto(path), x, "gradient", 1))
    np.testing.assert_allclose(found, g, atol=1e-5 * np.abs(g).max())


def test_damaged_model_in_memory(tmp_path):
    path = tmp_path / "cut"
    path.write_bytes((MODELS / "gru17.onnx").read_bytes()[:-20])
    with pytest.raises(sx.errors.CorruptFile, match="not a whole ONNX file"):
        sx.load(Proto(path))
