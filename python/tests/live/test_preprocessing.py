"""Preprocessing layers and spectral normalisation of live models, of Keras 3 on JAX or of tf.keras 2, whichever is there:
outputs as Keras's, gradients as automatic differentiation gives them, files that hold the same."""

import numpy as np
import pytest

import signxai_cpp as sx
from both_keras import close, fresh, keras, needs_jax, outputs_and_gradient, save, third
from preprocessing import cases, counted, samples_for, spectral
from recurrent import with_weights

pytestmark = needs_jax
CASES = cases(third)


@pytest.mark.parametrize("name", CASES)
def test_outputs_and_gradient(name):
    model = fresh(CASES[name], with_weights)
    x = samples_for(name, model)
    loaded = sx.from_keras(model)
    if name.endswith("head"):  # explained are the logits
        np.testing.assert_allclose(loaded.predict(x), np.asarray(model(x, training=False)), atol=1e-5)
        return
    if name.startswith("area"):  # TensorFlow has no gradient of it
        close(loaded.predict(x), model(x, training=False).numpy())
        return
    outputs, gradient = outputs_and_gradient(model, x, 1)
    assert np.abs(gradient).max() > 1e-6
    close(loaded.predict(x), outputs)
    close(sx.explain(loaded, x, "gradient", 1), gradient)


def test_counted_by_weights():
    model = with_weights(counted(keras))
    rng = np.random.default_rng(1)
    ids, weights = rng.integers(0, 6, (2, 4)).astype(np.float32), rng.normal(0, 1, (2, 4)).astype(np.float32)
    close(sx.from_keras(model).predict([ids, weights]), np.asarray(model([ids, weights], training=False)))


@pytest.mark.parametrize("name", [*([*spectral(), "pipeline"] if third else []), "bilinear-6x6", "center-6x6", "bins-int"])
@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_files_hold_the_same(name, suffix, tmp_path):
    model = fresh(CASES[name], with_weights)
    path = tmp_path / f"model.{suffix}"
    save(model, path)
    x = samples_for(name, model)
    np.testing.assert_array_equal(sx.load(path).predict(x), sx.from_keras(model).predict(x))


@pytest.mark.skipif(not third, reason="a class of Keras 3")
def test_rules_see_the_wrapped_layer():
    x = keras.Input((5,))
    wrapped = keras.Model(x, keras.layers.Dense(2)(keras.layers.SpectralNormalization(keras.layers.Dense(4, activation="relu"))(x)))
    plain = keras.Model(x, keras.layers.Dense(2)(keras.layers.Dense(4, activation="relu")(x)))
    with_weights(wrapped)
    plain.layers[1].set_weights([w.numpy() for w in wrapped.layers[1].layer.weights])
    plain.layers[2].set_weights(wrapped.layers[2].get_weights())
    points = np.random.default_rng(3).normal(0, 1, (2, 5)).astype(np.float32)
    for method in ("lrp_z", "lrp_alpha_2_beta_1", "lrp_sequential_composite_a"):
        np.testing.assert_array_equal(sx.explain(wrapped, points, method, 1), sx.explain(plain, points, method, 1))


def test_no_relevance_through_steps():
    """As many bins as numbers: relevance is not handed on for that."""
    x = keras.Input((4,))
    model = with_weights(keras.Model(x, keras.layers.Dense(3)(keras.layers.Rescaling(1.0)(keras.layers.Discretization([0.0, 1.0])(x)))))
    points = samples_for("bins", model)
    for method in ("lrp_z", "gradient"):
        assert not np.any(sx.explain(model, points, method, 1))


@pytest.mark.skipif(not third, reason="a class of Keras 3")
@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_a_pipeline_is_its_layers(suffix, tmp_path):
    """With statistics that were measured, which the file holds as weights."""
    keras.backend.clear_session()
    measured = keras.layers.Normalization()
    measured.adapt(np.random.default_rng(5).normal(3, 2, (20, 6, 6, 3)))
    row = [keras.layers.Rescaling(0.1), measured, keras.layers.Conv2D(2, 3, activation="relu"), keras.layers.Resizing(3, 5)]
    x = keras.Input((6, 6, 3))
    y = x
    for layer in row:
        y = layer(y)
    head = keras.layers.Dense(3)
    plain = keras.Model(x, head(keras.layers.Flatten()(y)))
    piped = keras.Model(x, head(keras.layers.Flatten()(keras.layers.Pipeline(row)(x))))
    save(piped, tmp_path / f"model.{suffix}")
    points = np.random.default_rng(3).normal(30, 9, (2, 6, 6, 3)).astype(np.float32)
    close(sx.load(tmp_path / f"model.{suffix}").predict(points), np.asarray(plain(points, training=False)))
    for method in ("gradient", "lrp_z", "lrp_alpha_2_beta_1"):
        expected = sx.explain(plain, points, method, 1)
        for model in (piped, tmp_path / f"model.{suffix}"):
            np.testing.assert_array_equal(sx.explain(model, points, method, 1), expected)
