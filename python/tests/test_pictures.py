"""Drawings and files of results."""

import sys

import numpy as np
import pytest

import signxai_cpp as sx
from conftest import ROOT
from signxai_cpp import _native
from signxai_cpp._draw import picture


@pytest.fixture(scope="module")
def pyplot():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


@pytest.fixture(scope="module")
def digit(digits):
    x = _native.preprocess(_native.load_image(str(ROOT / "examples/digits/digit_3_0.png")), "unit", [28, 28, 1])
    return sx.explain(digits, x, ["gradient", "lrp_z"])


@pytest.fixture(scope="module")
def ecg():
    model = sx.load(ROOT / "examples/ecg/st_elevation.h5")
    x = np.loadtxt(ROOT / "examples/ecg/elevation_1.csv", delimiter=",", skiprows=1)
    return sx.explain(model, x, ["lrpsign_z", "gradient"])


def test_plot_of_pictures(digit, pyplot):
    figure = digit.plot()
    titles = [axis.get_title() for axis in figure.axes if axis.get_title()]
    assert titles == ["input", "gradient", "lrp_z"]
    image = figure.axes[1].images[0]
    low, high = image.get_clim()
    assert image.get_cmap().name == "seismic" and low == -high and high == np.abs(digit["gradient"].sum(-1)).max()
    assert "class 3" in figure.get_suptitle()
    renamed = digit.plot(names=["lrp_z"], titles={"lrp_z": "LRP"}, cmap="bwr", clip=0.05)
    assert renamed.axes[1].get_title() == "LRP" and renamed.axes[1].images[0].get_cmap().name == "bwr"
    assert renamed.axes[1].images[0].get_clim()[1] < np.abs(digit["lrp_z"].sum(-1)).max()


def test_plot_of_several_neurons(digits, batch, pyplot):
    figure = sx.explain(digits, batch, "gradient", target="top:3").plot(sample=2)
    assert sum("class" in axis.get_title() for axis in figure.axes) == 3
    with pytest.raises(ValueError, match="no sample 3"):
        sx.explain(digits, batch, "gradient").plot(sample=3)


def test_plot_of_series(ecg, pyplot):
    leads = "I II III aVR aVL aVF V1 V2 V3 V4 V5 V6".split()
    figure = ecg.plot(rate=250, leads=leads)
    main = [axis for axis in figure.axes if axis.get_title()]
    assert [axis.get_title() for axis in main] == ["lrpsign_z", "gradient"]
    assert [label.get_text() for label in main[0].get_yticklabels()] == leads
    assert main[0].get_xlabel() == "s" and main[0].get_xlim() == (0, 999 / 250)
    traces = [line for line in main[0].lines if len(line.get_xdata()) == 1000]
    assert len(traces) == 12
    # Millivolts keep their scale: a trace's height is that of the signal.
    heights = [np.ptp(line.get_ydata()) for line in traces]
    np.testing.assert_allclose(heights, np.ptp(ecg.inputs["ecg"], axis=0), rtol=1e-5)
    assert len(main[0].images) == 12
    with pytest.raises(ValueError, match="12 leads"):
        ecg.plot(leads=["I"])
    plain = ecg.plot(names=["gradient"])
    assert plain.axes[0].get_xlabel() == "step"


def test_without_matplotlib(digit, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"signxai-cpp\[plot\]"):
        digit.plot()
    assert digit._repr_png_().startswith(b"\x89PNG")


def test_png(digit, ecg, tmp_path):
    for e in (digit, ecg):
        pixels = picture(e)
        assert pixels.shape[2] == 3 and pixels.std() > 10
        e.save(tmp_path / "a.png", overwrite=True)
        assert np.array_equal(_native.load_image(str(tmp_path / "a.png")), pixels)
        assert (tmp_path / "a.png").read_bytes() == e._repr_png_()


def test_what_cannot_be_drawn():
    model = sx.load(ROOT / "tests/golden/data/conv3d_mini/model.h5")
    e = sx.explain(model, np.ones(model.inputs[0].shape), "gradient")
    assert e._repr_png_() is None
    with pytest.raises(NotImplementedError, match="axes"):
        e.plot()


def test_npz_and_npy(digits, batch, tmp_path):
    e = sx.explain(digits, batch, ["gradient", "lrp_z"])
    e.save(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as file:
        assert set(file) == {"gradient", "lrp_z", "targets", "scores"}
        assert np.array_equal(file["lrp_z"], e["lrp_z"]) and np.array_equal(file["targets"], e.targets)
    e.save(tmp_path / "a.npy")
    assert np.array_equal(np.load(tmp_path / "a.npy"), e)
