"""Errors: built-in types, one common class, messages that help."""

import numpy as np
import pytest

import signxai_cpp as sx
from conftest import DIGITS
from signxai_cpp import errors


def test_not_found(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        sx.load(tmp_path / "no.h5")
    assert isinstance(caught.value, sx.Error) and isinstance(caught.value, KeyError)
    assert "no.h5" in str(caught.value) and caught.value.code == "not_found" and caught.value.stage == "import"


def test_corrupt_and_unsupported(tmp_path):
    whole = DIGITS.read_bytes()
    (tmp_path / "cut.h5").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(errors.CorruptFile) as caught:
        sx.load(tmp_path / "cut.h5")
    assert isinstance(caught.value, ValueError) and str(tmp_path) in caught.value.subject
    (tmp_path / "pickle.pkl").write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(NotImplementedError, match="pickle"):
        sx.load(tmp_path / "pickle.pkl")


def test_invalid_argument(digits, batch):
    for call in (
        lambda: sx.explain(digits, batch, "lrp_q"),
        lambda: sx.explain(digits, batch, []),
        lambda: sx.explain(digits, batch, "gradient", nonsense=1),
        lambda: sx.explain(digits, batch, "lrp_z", input_layer_rule=object()),
        lambda: sx.Explainer(digits, threads=-1),
        lambda: sx.Explainer(digits, semantics="fuzzy"),
        lambda: sx.Explainer(digits, backend="gpu"),
        lambda: sx.Explainer(digits).explain(batch, "gradient", nonsense=1),
    ):
        with pytest.raises(ValueError) as caught:
            call()
        assert isinstance(caught.value, sx.Error) and str(caught.value).startswith("[")


def test_what_is_no_model(batch):
    for thing in (None, 3, object(), {"layers": []}):
        with pytest.raises((TypeError, ValueError), match="model"):
            sx.explain(thing, batch)


def test_cancelled(digits, batch):
    with pytest.raises(errors.Cancelled) as caught:
        sx.explain(digits, batch, "gradient", progress=lambda done, total: False)
    assert isinstance(caught.value, RuntimeError)


def test_progress_is_called_and_its_errors_arrive(digits, batch):
    calls = []
    sx.explain(digits, batch, "gradient", progress=lambda done, total: calls.append((done, total)))
    assert calls and calls[-1] == (3, 3)

    def fail(done, total):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        sx.explain(digits, batch, "gradient", progress=fail)


def test_files_are_not_overwritten(digits, batch, tmp_path):
    e = sx.explain(digits, batch[0], "gradient")
    for ending in (".npz", ".npy", ".png"):
        path = tmp_path / f"out{ending}"
        e.save(path)
        with pytest.raises(OSError, match="exists"):
            e.save(path)
        e.save(path, overwrite=True)
    with pytest.raises(ValueError, match=".npz"):
        e.save(tmp_path / "out.txt")


def test_classes():
    for kind in errors._CLASSES.values():
        assert issubclass(kind, sx.Error) and len(kind.__mro__) > 4 and kind.__doc__
    assert isinstance(errors.from_native("new_code", "s", "", "m", "[s] m"), errors.Internal)
    assert np.all([str(kind("m", "s")) == "[s] m" for kind in errors._CLASSES.values()])
