"""Adaptive pooling of live models of Keras 3, on JAX and on TensorFlow: outputs as Keras's, gradients as automatic
differentiation gives them, the rules of pooling."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")
if not keras.__version__.startswith("3."):
    pytest.skip("layers of Keras 3", allow_module_level=True)

import signxai_cpp as sx
from both_keras import close, fresh, outputs_and_gradient, save
from pooling import ROUNDED, SIZES, adaptive, cases, crashes_tensorflow, samples_for
from preprocessing import finish
from recurrent import with_weights

BACKEND = keras.backend.backend()
pytestmark = pytest.mark.skipif(BACKEND not in ("jax", "tensorflow"), reason="needs the backend jax or tensorflow")
CASES = cases(SIZES) if BACKEND == "jax" else cases([*SIZES, *ROUNDED], of_tensorflow=True)


def differentiated(model, x):
    if BACKEND == "jax":
        return outputs_and_gradient(model, x, 1)
    import tensorflow as tf

    points = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(points)
        outputs = model(points, training=False)
        chosen = tf.reduce_sum(outputs[:, 1])
    return outputs.numpy(), tape.gradient(chosen, points).numpy()


@pytest.mark.parametrize("name", CASES)
def test_outputs_and_gradient(name):
    model = fresh(CASES[name], with_weights)
    loaded = sx.from_keras(model)
    winners = name.startswith("Max") and not (BACKEND == "tensorflow" and len(model.input_shape) == 5)  # Q20
    for tied in (False, True) if winners else (False,):
        x = samples_for(model, tied)
        outputs, gradient = differentiated(model, x)
        assert np.abs(gradient).max() > 1e-6
        close(loaded.predict(x), outputs)
        close(sx.explain(loaded, x, "gradient", 1), gradient)


@pytest.mark.parametrize("cells,size", [((14,), 7), ((8,), 5), ((49,), 49), ((110,), 55), ((23,), 7)])
def test_bins_are_exact(cells, size):
    model = fresh(adaptive("Max", cells, size, "channels_last"), with_weights)
    pooled = sx.from_keras(keras.Model(model.inputs, model.layers[1].output))
    x = samples_for(model)
    bins = [x[:, i * cells[0] // size : -(-(i + 1) * cells[0] // size)] for i in range(size)]
    np.testing.assert_array_equal(pooled.predict(x), np.stack([part.max(1) for part in bins], 1))


@pytest.mark.parametrize("kind", ["Average", "Max"])
def test_equal_bins_are_ordinary_pooling(kind):
    """What the two layers differ in is who wins a tie."""
    x = keras.Input((8, 6, 2))
    layers = [getattr(keras.layers, f"Adaptive{kind}Pooling2D")((4, 3)), getattr(keras.layers, f"{kind}Pooling2D")(2)]
    models = [finish(keras, x, keras.layers.Conv2D(3, 1, activation="relu")(layer(x))) for layer in layers]
    for model in models:
        with_weights(model)
    points = samples_for(models[0])
    for method in ("gradient", "lrp_z", "lrp_alpha_2_beta_1", "lrp.epsilon_plus", "deep_taylor"):
        maps = [sx.explain(model, points, method, 1) for model in models]
        np.testing.assert_allclose(*maps, rtol=1e-5, atol=1e-6 * np.abs(maps[1]).max())


@pytest.mark.parametrize("kind", ["Average", "Max"])
@pytest.mark.parametrize("cells,size", [((10, 5), (4, 3)), ((6, 6), (6, 6)), ((6, 6), (1, 1)), ((8, 6), (4, 3))])
def test_relevance(kind, cells, size):
    """Means share relevance by contribution, maxima hand it to the winner, and what keeps the shape passes it on."""
    if BACKEND == "tensorflow" and crashes_tensorflow(kind, cells, size):
        pytest.skip("windows that are longer than the axis")
    model = fresh(adaptive(kind, cells, size, "channels_last"), with_weights)
    x = np.abs(samples_for(model))
    pooled = np.asarray(keras.Model(model.inputs, model.layers[1].output)(x))
    kernel = np.asarray(model.layers[-1].kernel)[:, 1].reshape(pooled.shape[1:])
    above = pooled * kernel  # the relevance of each element to Dense, whose bias keeps its own
    expected = np.zeros_like(x)
    bins = [[(i * n // o, -(-(i + 1) * n // o)) for i in range(o)] for n, o in zip(cells, size)]
    for i, (top, bottom) in enumerate(bins[0]):
        for j, (left, right) in enumerate(bins[1]):
            part = x[:, top:bottom, left:right]
            share = part / part.sum((1, 2), keepdims=True) if kind == "Average" else part == part.max((1, 2), keepdims=True)
            expected[:, top:bottom, left:right] += share * above[:, i : i + 1, j : j + 1]
    close(sx.explain(model, x, "lrp_z", 1), expected)


@pytest.mark.parametrize("suffix", ["h5", "keras"])
@pytest.mark.parametrize("name", ["Average-9x6-4x3-first", "Max-9x6-4x3-first"])
def test_files_hold_the_same(name, suffix, tmp_path):
    model = fresh(CASES[name], with_weights)
    path = tmp_path / f"model.{suffix}"
    save(model, path)
    x = samples_for(model)
    np.testing.assert_array_equal(sx.load(path).predict(x), sx.from_keras(model).predict(x))
