"""Hand-built networks of well-known shapes, of Keras 3 on JAX or of tf.keras 2, whichever is there: what they return, the gradient of a
mask over their outputs, and LRP of it with its accounts."""

import numpy as np
import pytest

import signxai_cpp as sx
from both_keras import close, keras, needs_jax, save, third
from hand_built import NETWORKS, inputs_of, made, outputs_and_gradients, weights_of

pytestmark = needs_jax


@pytest.fixture(scope="module", params=NETWORKS)
def case(request):
    model = made(request.param)
    arrays = inputs_of(model)
    weights = weights_of(np.asarray(model(arrays if len(arrays) > 1 else arrays[0], training=False)))
    return request.param, model, arrays, weights


def given(arrays):
    return arrays if len(arrays) > 1 else arrays[0]


def test_outputs_and_gradients(case):
    _, model, arrays, weights = case
    outputs, gradients = outputs_and_gradients(model, arrays, weights)
    found = sx.explain(model, given(arrays), "gradient", weights)
    close(sx.from_keras(model).predict(given(arrays)), outputs)
    for got, expected in zip(found.maps.values(), gradients, strict=True):
        assert np.abs(expected).max() > 1e-3
        close(got, expected)
    assert (found.targets == -1).all()


def test_lrp_of_a_mask(case):
    """It puts in the weighted sum of the outputs; the accounts say where that goes."""
    name, model, arrays, weights = case
    e = sx.explain(model, given(arrays), ["lrp_z", "lrp_epsilon_0_1", "lrp_alpha_1_beta_0"], weights, ledger=True)
    total = (np.asarray(e.outputs[next(iter(e.outputs))], np.float64) * weights).reshape(2, -1).sum(1)
    assert all(np.isfinite(each).all() for each in e.maps.values())
    assert all(each.any() for key, each in e.maps.items() if key.startswith("lrp_z"))
    for method, ledger in e.ledger.items():
        np.testing.assert_allclose(ledger.put_in, total, rtol=1e-4, atol=1e-4 * np.abs(total).max())
        lost = sum(row.bias + row.epsilon + row.other for row in ledger.rows)
        size = max(np.abs(row.incoming).max() for row in ledger.rows)
        np.testing.assert_allclose(ledger.arrived + lost, ledger.put_in, rtol=0, atol=1e-4 * size)
        arrived = sum(each.reshape(2, -1).sum(1, dtype=np.float64) for each_name, each in e.maps.items() if each_name.split("/")[0] == method)
        np.testing.assert_allclose(arrived, ledger.arrived, rtol=0, atol=1e-4 * size)
    if name == "autoencoder":  # kernels without bias and rectifiers: nothing is lost
        np.testing.assert_allclose(np.asarray(e.maps["lrp_z"]).reshape(2, -1).sum(1), total, rtol=1e-3)


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_files_hold_the_same(case, suffix, tmp_path):
    _, model, arrays, weights = case
    path = tmp_path / f"model.{suffix}"
    save(model, path)
    for method in ("gradient", "lrp_z"):
        live, file = (sx.explain(m, given(arrays), method, weights) for m in (model, path))
        assert all(np.array_equal(live.maps[key], map) for key, map in zip(live.maps, file.maps.values(), strict=True))


def test_masks_of_a_segmentation():
    """A mask is the same as its parts: linear, sample by sample, over the logits where the network ends in a softmax."""
    model = made("unet")
    (x,) = inputs_of(model)
    mask = weights_of(np.zeros((2, 16, 16, 3)))
    whole = np.asarray(sx.explain(model, x, "lrp_epsilon_0_1", mask))
    one = np.zeros((2, 16 * 16 * 3))
    for index in np.flatnonzero(mask[0])[:3]:
        one[:, index] = 1
    parts = [np.asarray(sx.explain(model, x, "gradient", int(index))) for index in np.flatnonzero(mask[0])[:3]]
    close(np.asarray(sx.explain(model, x, "gradient", one.reshape(2, 16, 16, 3))), sum(parts))
    for row in range(2):
        close(np.asarray(sx.explain(model, x[row], "lrp_epsilon_0_1", mask[row])), whole[row])
    close(np.asarray(sx.explain(model, x, "lrp_epsilon_0_1", mask[0])), whole)
    ended = keras.Model(model.inputs, keras.layers.Softmax()(model.outputs[0]))
    e = sx.explain(ended, x, "lrp_epsilon_0_1", mask)
    close(np.asarray(e), whole)
    assert any("softmax" in note.lower() for note in e.notes)
    for method in ("integrated_gradients", "smoothgrad"):
        together = np.asarray(sx.explain(model, x, method, mask))
        assert np.isfinite(together).all() and together.any()


def test_what_is_no_mask():
    model = made("unet")
    (x,) = inputs_of(model)
    with pytest.raises(ValueError, match=r"weights have shape \(16, 3, 16\); expected that of the output, \(16, 16, 3\)"):
        sx.explain(model, x, "gradient", np.ones((16, 3, 16)))
    with pytest.raises(ValueError, match="NaN"):
        sx.explain(model, x, "gradient", np.full((16, 16, 3), np.nan))
    with pytest.raises(ValueError, match="booleans or floats"):
        sx.explain(model, x, "gradient", np.ones((16, 16, 3), int))
    with pytest.raises(ValueError, match="grad_cam|not defined"):
        sx.explain(model, x, "grad_cam", np.ones((16, 16, 3)))
    with pytest.raises(ValueError, match="weights"):
        sx.explain_dataset(model, x, "gradient", "unused", target=np.ones((16, 16, 3)))


