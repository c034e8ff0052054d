"""Pictures, heat maps, drawings, batches, signs, and questions about layers."""

import json
import pathlib

import numpy as np
import pytest
from conftest import DIGITS, ROOT

import signxai_cpp
from signxai_cpp.compat.innvestigate.utils import sequence
from signxai_cpp.compat.methods import signed
from signxai_cpp.compat.methods.innvestigate.utils import postprocess_images, preprocess_images
from signxai_cpp.compat.methods.innvestigate.utils import visualizations
from signxai_cpp.compat.methods.innvestigate.utils.keras import checks
from signxai_cpp.compat.utils import utils

REFERENCE = json.loads(pathlib.Path(__file__).with_name("reference.json").read_text())
PICTURES = ROOT / "tests/image/data"


@pytest.mark.parametrize("row", REFERENCE["drawings"], ids=lambda row: f"{row['name']} {row['keywords']}")
def test_drawings_are_those_of_the_reference(row):
    if row["name"] == "heatmap":
        pytest.importorskip("matplotlib")
    found = getattr(visualizations, row["name"])(np.array(row["x"]), **row["keywords"])
    np.testing.assert_allclose(found, row["result"], atol=2e-7)


def test_projection_of_a_batch():
    X = np.array([[[1.0, -2.0]], [[10.0, 5.0]]])
    kept = X.copy()
    np.testing.assert_allclose(visualizations.project(X), [[[0.75, 0.0]], [[1.0, 0.75]]])
    assert np.array_equal(X, kept)
    with pytest.raises(NotImplementedError):
        visualizations.heatmap(X, reduce_op="mean")


def test_clip_quantile_works_in_place():
    X = np.arange(11.0)
    assert visualizations.clip_quantile(X, 10) is X and X.min() == 1 and X.max() == 9


def test_images_of_both_orders():
    images = np.arange(2 * 4 * 5 * 3).reshape(2, 4, 5, 3)
    np.testing.assert_array_equal(preprocess_images(images), images)
    np.testing.assert_array_equal(preprocess_images(images.transpose(0, 3, 1, 2)), images)
    turned = preprocess_images(images, "RGBtoBGR")
    np.testing.assert_array_equal(turned, images[..., ::-1])
    np.testing.assert_array_equal(postprocess_images(turned, "BGRtoRGB"), images)
    assert postprocess_images(images, channels_first=True).shape == (2, 3, 4, 5)
    with pytest.raises(AssertionError):
        preprocess_images(images, "RGB")


def test_sequences():
    batches = sequence.BatchSequence([np.arange(7)], batch_size=3)
    assert [list(batch) for batch in batches] == [[0, 1, 2], [3, 4, 5], [6]]
    targets = sequence.TargetAugmentedSequence(batches, lambda inputs: inputs[0].sum())
    assert len(targets) == 3 and targets[2][1] == 6


def test_loaded_images_are_those_of_the_reference():
    reference = np.load(PICTURES / "reference.npz")
    names = [key.partition(":")[2] for key in reference.files if key.startswith("vgg16:")]
    assert len(names) >= 5
    for name in names:
        picture, x = utils.load_image(PICTURES / name)
        assert x.dtype == np.float32
        np.testing.assert_allclose(x, reference[f"vgg16:{name}"], atol=1e-5)
        np.testing.assert_allclose(np.asarray(picture)[..., ::-1] - np.array([103.939, 116.779, 123.68]), x, atol=1e-4)
    assert utils.load_image(PICTURES / "small.png", expand_dims=True)[1].shape == (1, 224, 224, 3)
    with pytest.raises(FileNotFoundError):
        utils.load_image(PICTURES / "none.png")


def test_normalised_maps_are_those_of_the_reference():
    reference = np.load(PICTURES / "reference.npz")
    np.testing.assert_allclose(utils.normalize_heatmap(reference["normalize_heatmap:in"]), reference["normalize_heatmap:out"], atol=1e-7)
    summed = utils.aggregate_and_normalize_relevancemap_rgb(reference["aggregate:in"])
    np.testing.assert_allclose(summed, reference["aggregate:out"], atol=1e-6)


def test_normalised_maps():
    assert np.array_equal(utils.normalize_heatmap(np.zeros((2, 2))), np.zeros((2, 2)))
    assert np.array_equal(utils.normalize_heatmap(np.array([1.0, np.nan])), [0, 0])
    assert np.array_equal(utils.normalize_heatmap(np.array([1.0, np.inf])), [0, 0])
    np.testing.assert_allclose(utils.normalize_heatmap(np.array([1.0, -4.0])), [0.25, -1])
    R = np.random.default_rng(0).normal(size=(3, 4, 3)).astype(np.float32)
    expected = R.sum(axis=2) / np.abs(R.sum(axis=2)).max()
    found = utils.aggregate_and_normalize_relevancemap_rgb(R)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_bundled_examples(tmp_path):
    utils.download_image(tmp_path / "example.jpg")
    utils.download_model(str(tmp_path / "model.h5"))
    assert utils.load_image(tmp_path / "example.jpg")[1].std() > 10
    assert signxai_cpp.load(tmp_path / "model.h5").inputs[0].shape == (28, 28, 1)


@pytest.mark.parametrize("x, keywords, expected", [
    ([-1.0, 0.0, 0.5], {"mu": 0}, [-1, 1, 1]), ([-1.0, 0.3, 0.5], {"mu": 0.4}, [-1, -1, 1]),
    ([0.1, 0.9], {"vlow": 0, "vhigh": 1}, [0, 1]), ([-5.0, 5.0], {"mu": -1}, [1, 1]), ([3, -3], {"mu": 0, "vlow": -1.7}, [1, -1]),
])  # fmt: skip
def test_signs(x, keywords, expected):
    np.testing.assert_array_equal(signed.calculate_sign_mu(np.array(x), **keywords), expected)


def test_sign_values_have_an_order():
    with pytest.raises(AssertionError):
        signed.calculate_sign_mu([1.0], vlow=1, vhigh=1)
    assert np.isnan(signed.calculate_sign_mu([np.nan], mu=0)[0])


def test_questions_about_layers():
    layers = {layer.name: layer for layer in signxai_cpp.load(DIGITS).layers}
    assert checks.is_conv_layer(layers["conv2d"]) and not checks.is_conv_layer(layers["dense"])
    assert checks.is_dense_layer(layers["dense"]) and checks.contains_kernel(layers["dense"])
    assert checks.contains_activation(layers["conv2d"], "relu") and not checks.contains_activation(layers["conv2d"], "softmax")
    assert not checks.contains_kernel(layers["flatten"]) and checks.is_max_pooling(layers["max_pooling2d"])
    assert all(checks.is_convnet_layer(layer) for layer in layers.values())
    with pytest.raises(TypeError):
        checks.isInstanceOf(layers["dense"], 3)
