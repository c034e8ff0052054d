"""Drawings and files of results."""

import copy
import sys

import numpy as np
import pytest

import signxai_cpp as sx
from conftest import ROOT
from signxai_cpp import _native
from signxai_cpp._tiles import picture


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


LEADS = "I II III aVR aVL aVF V1 V2 V3 V4 V5 V6".split()


def traces_of(axis, steps=1000):
    return [line for line in axis.lines if len(line.get_xdata()) == steps]


def test_plot_of_a_batch(digits, batch, pyplot):
    e = sx.explain(digits, batch, ["gradient", "lrp_z"])
    figure = e.plot(sample=range(3))
    panels = [axis for axis in figure.axes if axis.get_title()]
    assert len(panels) == 9
    assert [axis.get_title() for axis in panels[3:6]] == [f"sample 1: class {e.targets[1]}, score {e.scores[1]:.4g}", "gradient", "lrp_z"]
    for sample in range(3):
        assert np.array_equal(panels[3 * sample + 2].images[0].get_array(), e["lrp_z"][sample].sum(-1))
    own = pyplot.figure()
    assert e.plot(sample=1, figure=own) is own and own.axes


def test_plot_of_plain_features(tiny, pyplot):
    figure = sx.explain(tiny, np.ones(tiny.inputs[0].shape), "gradient").plot()
    assert figure.axes[1].images[0].get_array().shape == (1, *tiny.inputs[0].shape)


def test_colour_bars(digit, ecg, pyplot):
    for figure in (digit.plot(), ecg.plot(rate=250)):
        figure.draw_without_rendering()
        bars = [axis for axis in figure.axes if axis.get_label() == "<colorbar>" and axis.get_visible()]
        assert [bar.get_xlabel() or bar.get_ylabel() for bar in bars] == ["relevance"] * 2


def with_maps(e, names):
    """The explanation with one of its maps under several names."""
    other = copy.copy(e)
    other.maps = {name: next(iter(e.maps.values())) for name in names}
    return other


def test_sizes_and_that_nothing_overlaps(digit, ecg, pyplot):
    for e, options in ((digit, {}), (ecg, {"rate": 250, "leads": LEADS}), (ecg, {})):
        for count in (1, 3, 12):
            names = [f"lrpsign_epsilon_0_5_std_x_{n}" for n in range(count)]
            figure = with_maps(e, names).plot(**options)
            assert 4 < figure.get_figwidth() < 20 and 2 < figure.get_figheight() < 24
            figure.draw_without_rendering()
            for labels in [[axis.title for axis in figure.axes if axis.get_title()]] + [axis.get_yticklabels() for axis in figure.axes]:
                boxes = [label.get_window_extent() for label in labels]
                assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
            pyplot.close(figure)


def test_plot_of_series(ecg, pyplot):
    figure = ecg.plot(rate=250, leads=LEADS)
    main = [axis for axis in figure.axes if axis.get_title()]
    assert [axis.get_title() for axis in main] == ["lrpsign_z", "gradient"]
    assert [label.get_text() for label in main[0].get_yticklabels()] == LEADS
    assert main[0].get_xlabel().startswith("s ") and main[0].get_xlim()[1] == 999 / 250
    traces = traces_of(main[0])
    assert len(traces) == 12
    # Millivolts keep their scale: a trace's height is that of the signal.
    heights = [np.ptp(line.get_ydata()) for line in traces]
    np.testing.assert_allclose(heights, np.ptp(ecg.inputs["ecg"], axis=0), rtol=1e-5)
    assert len(main[0].images) == 12
    with pytest.raises(ValueError, match="12 leads"):
        ecg.plot(leads=["I"])
    plain = ecg.plot(names=["gradient"])
    assert plain.axes[0].get_xlabel() == "step"
    both = sx.explain(ROOT / "examples/ecg/st_elevation.h5", np.stack([ecg.inputs["ecg"]] * 2), "gradient").plot(sample=[0, 1], rate=250)
    assert [axis.get_title().split(":")[0] for axis in both.axes if axis.get_title()] == ["gradient\nsample 0", "gradient\nsample 1"]


def test_ecg_paper(ecg, pyplot):
    """25 mm are a second and 10 mm a millivolt: also on the screen, where the squares are square."""
    figure = ecg.plot(rate=250, leads=LEADS, names=["gradient"])
    figure.draw_without_rendering()
    axis = figure.axes[0]
    left, low = axis.transData.transform((0, 0))
    right, high = axis.transData.transform((0.2, 0.5))
    assert abs(right - left) == pytest.approx(abs(high - low), rel=1e-3)
    pulse = next(line for line in axis.lines if len(line.get_xdata()) == 6)
    assert np.ptp(pulse.get_ydata()) == pytest.approx(1) and max(pulse.get_xdata()) < 0
    # Leads keep to their strips.
    for line, image in zip(traces_of(axis), axis.images):
        low, high = sorted(image.get_extent()[2:])
        assert low <= line.get_ydata().min() and line.get_ydata().max() <= high
    # What is longer than paper is not drawn on it, nor what is no millivolts.
    assert ecg.plot(rate=25, names=["gradient"]).axes[0].get_xlabel() == "s"
    with pytest.raises(ValueError, match="rate"):
        ecg.plot(rate=-1)


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
