"""Recurrent layers of live models, of Keras 3 on JAX or of tf.keras 2, whichever is there: outputs as Keras's, gradients as
automatic differentiation gives them."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")
third = keras.__version__.startswith("3.")
if third:
    jax = pytest.importorskip("jax")
else:
    import tensorflow as tf

    keras = tf.keras

import signxai_cpp as sx
from recurrent import cases, samples_for, with_weights

pytestmark = pytest.mark.skipif(third and keras.backend.backend() != "jax", reason="needs the backend jax")
TOLERANCE = 1e-4
CASES = cases(third)


def outputs_and_gradient(model, x, target):
    if third:
        gradient = jax.grad(lambda points: model(points, training=False)[:, target].sum())
        return np.asarray(model(x, training=False)), np.asarray(gradient(x))
    points = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(points)
        outputs = model(points, training=False)
        chosen = tf.reduce_sum(outputs[:, target])
    return outputs.numpy(), tape.gradient(chosen, points).numpy()


@pytest.mark.parametrize("name", CASES)
def test_outputs_and_gradient(name):
    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
    model = with_weights(CASES[name](keras))
    x = samples_for(model)
    outputs, gradient = outputs_and_gradient(model, x, 1)
    assert np.abs(gradient).max() > 1e-6
    loaded = sx.from_keras(model)
    np.testing.assert_allclose(loaded.predict(x), outputs, rtol=0, atol=TOLERANCE * np.abs(outputs).max())
    found = sx.explain(loaded, x, "gradient", 1)
    np.testing.assert_allclose(found, gradient, rtol=0, atol=TOLERANCE * np.abs(gradient).max())
    for index in range(len(x)):
        np.testing.assert_allclose(sx.explain(loaded, x[index], "gradient", 1), found[index], rtol=0, atol=TOLERANCE * np.abs(gradient).max())


@pytest.mark.parametrize("name", ["LSTM-concat", "cells", "of_each_frame", "masks_through", "encoder_decoder"])
@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_files_hold_the_same(name, suffix, tmp_path):
    keras.backend.clear_session()
    model = with_weights(CASES[name](keras))
    path = tmp_path / f"model.{suffix}"
    options = {"save_format": "keras_v3"} if suffix == "keras" and not third else {}
    model.save(path, **options)
    x = samples_for(model)
    np.testing.assert_array_equal(sx.load(path).predict(x), sx.from_keras(model).predict(x))
