"""Attention, einsum and embedding layers of live models: outputs and gradients against Keras and its own differentiation, and
files against the live model. Keras 3 on JAX, and tf.keras 2."""

import os

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
pytest.importorskip("keras")

import signxai_cpp as sx
from attention_networks import IS_3, NETWORKS, body_of, inputs_of, keras, randomized

if IS_3:
    jax = pytest.importorskip("jax")
    pytestmark = pytest.mark.skipif(keras.backend.backend() != "jax", reason="needs the backend jax")
else:
    import tensorflow as tf

TARGET = 2
TOLERANCE = 1e-4


@pytest.fixture(params=sorted(NETWORKS))
def model(request):
    return randomized(NETWORKS[request.param]())


def gradient_of(model, arrays):
    """Of the target with respect to the first input, or to the vectors that an embedding makes of it."""
    body, embedding = body_of(model)
    first = arrays[0] if embedding is None else np.asarray(embedding(arrays[0]))

    def target(x):
        rest = [jax.numpy.asarray(a) if IS_3 else a for a in arrays[1:]]
        return body([x, *rest] if rest else x, training=False)[:, TARGET]

    if IS_3:
        return np.asarray(jax.grad(lambda x: target(x).sum())(first))
    x = tf.constant(first)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(target(x))
    return tape.gradient(y, x).numpy()


def given(arrays):
    return arrays if len(arrays) > 1 else arrays[0]


def deviation(found, expected):
    assert found.shape == expected.shape
    return np.abs(np.asarray(found) - expected).max() / np.abs(expected).max()


def first_map(explanation):
    return next(iter(explanation.maps.values()))


def test_predict(model):
    arrays = inputs_of(model)
    expected = np.asarray(model(given(arrays), training=False))
    assert deviation(sx.from_keras(model).predict(given(arrays)), expected) <= TOLERANCE


def test_gradient(model):
    arrays = inputs_of(model)
    found = first_map(sx.explain(model, given(arrays), ["gradient"], TARGET))
    assert deviation(found, gradient_of(model, arrays)) <= TOLERANCE


@pytest.mark.parametrize("ending", ["h5", "keras"])
def test_equals_the_file(model, tmp_path, ending):
    arrays, path = inputs_of(model), str(tmp_path / f"model.{ending}")
    if ending == "keras" and not IS_3:
        model.save(path, save_format="keras_v3")
    else:
        model.save(path)
    for method in ("gradient", "lrp_epsilon_0_1"):
        live, file = (first_map(sx.explain(m, given(arrays), [method], TARGET)) for m in (model, path))
        assert np.array_equal(live, file)


@pytest.mark.parametrize("name", ["tokens", "tokens_transformer"])
def test_sampled_vectors(name):
    """Methods that move the sample move the vectors, from those of the id that is the baseline."""
    model = randomized(NETWORKS[name]())
    ids = inputs_of(model)[0]
    body, embedding = body_of(model)
    e, start = np.asarray(embedding(ids)), np.asarray(embedding(np.full_like(ids, 3)))
    found = sx.explain(model, ids, "integrated_gradients", TARGET, steps=64, reference_inputs=3)
    gap = np.asarray(body(e, training=False))[:, TARGET] - np.asarray(body(start, training=False))[:, TARGET]
    assert np.asarray(found).shape == e.shape
    np.testing.assert_allclose(np.asarray(found).sum(axis=(1, 2)), gap, rtol=0.1, atol=0.05)
    noiseless = sx.explain(model, ids, "smoothgrad", TARGET, augment_by_n=2, noise_scale=0)
    np.testing.assert_allclose(noiseless, sx.explain(model, ids, "gradient", TARGET), rtol=1e-5, atol=1e-6)
