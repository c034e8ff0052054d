"""Operations on tensors in functional models: outputs and gradients against Keras and its own differentiation, and files against
the live model. Keras 3, with gradients on JAX, and tf.keras 2."""

import os

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
pytest.importorskip("keras")

import signxai_cpp as sx
from attention_networks import IS_3, keras, randomized
from operation_networks import NETWORKS, inputs_of, of_layers, of_operations

ON_JAX = IS_3 and keras.backend.backend() == "jax"
if ON_JAX:
    jax = pytest.importorskip("jax")
elif not IS_3:
    import tensorflow as tf

TARGET = 2
TOLERANCE = 1e-4


@pytest.fixture(params=sorted(NETWORKS))
def model(request):
    return randomized(NETWORKS[request.param]())


def gradients_of(model, arrays):
    """Of the target with respect to each input."""
    if IS_3:

        def target(inputs):
            return model(inputs if len(inputs) > 1 else inputs[0], training=False)[:, TARGET].sum()

        return [np.asarray(g) for g in jax.grad(target)([jax.numpy.asarray(a) for a in arrays])]
    inputs = [tf.constant(a) for a in arrays]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        y = tf.reduce_sum(model(inputs if len(inputs) > 1 else inputs[0], training=False)[:, TARGET])
    return [g.numpy() for g in tape.gradient(y, inputs)]


def given(arrays):
    return arrays if len(arrays) > 1 else arrays[0]


def deviation(found, expected):
    assert found.shape == expected.shape
    return np.abs(np.asarray(found) - expected).max() / np.abs(expected).max()


def test_predict(model):
    arrays = inputs_of(model)
    expected = np.asarray(model(given(arrays), training=False))
    assert deviation(sx.from_keras(model).predict(given(arrays)), expected) <= TOLERANCE


@pytest.mark.skipif(IS_3 and not ON_JAX, reason="needs the backend jax")
def test_gradient(model):
    arrays = inputs_of(model)
    found = list(sx.explain(model, given(arrays), ["gradient"], TARGET).maps.values())
    expected = gradients_of(model, arrays)
    maps = found[0] if isinstance(found[0], (list, tuple)) else found
    for got, wanted in zip(maps, expected, strict=True):
        assert deviation(np.asarray(got), wanted) <= TOLERANCE


@pytest.mark.parametrize("ending", ["h5", "keras"])
def test_equals_the_file(model, tmp_path, ending):
    arrays, path = inputs_of(model), str(tmp_path / f"model.{ending}")
    if ending == "keras" and not IS_3:
        if "__ellipsis__" in model.to_json():
            pytest.skip("tf.keras cannot write an ellipsis into this format")
        model.save(path, save_format="keras_v3")
    else:
        model.save(path)
    for method in ("gradient", "lrp_epsilon_0_1"):
        live, file = (list(sx.explain(m, given(arrays), [method], TARGET).maps.values()) for m in (model, path))
        for a, b in zip(live, file, strict=True):
            assert np.array_equal(np.asarray(a), np.asarray(b))


@pytest.mark.parametrize("method", ["lrp_epsilon_0_1", "lrp_alpha_2_beta_1", "lrpsign_z", "guided_backprop", "deconvnet", "deeplift"])
def test_relevance_is_that_of_layers(method):
    """Sums, means, scaling and activations are explained as the layers that compute the same."""
    operations, layers = randomized(of_operations()), of_layers()
    layers.set_weights(operations.get_weights())
    x = np.random.default_rng(1).normal(100, 50, (2, 8, 8, 3)).astype(np.float32)
    found, expected = (np.asarray(sx.explain(m, x, method, TARGET)) for m in (operations, layers))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())
