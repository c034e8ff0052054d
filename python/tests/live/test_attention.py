"""Attention, einsum and embedding layers of live models: outputs and gradients against Keras and its own differentiation, and
files against the live model. Keras 3, with gradients on JAX, and tf.keras 2."""

import os

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
pytest.importorskip("keras")

import signxai_cpp as sx
from attention_networks import IS_3, L, NETWORKS, body_of, inputs_of, keras, randomized

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


def gradient_of_table(model, ids):
    """Of the target with respect to the vectors of an embedding, whose ids say what is masked."""
    table = next(w for w in model.trainable_variables if "embeddings" in (w.path if IS_3 else w.name))
    if not IS_3:
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(model(ids, training=False)[:, TARGET])
        return tf.convert_to_tensor(tape.gradient(y, table)).numpy()
    values = [w.value for w in model.trainable_variables]
    index = [w is table for w in model.trainable_variables].index(True)

    def target(vectors):
        now = [vectors if i == index else value for i, value in enumerate(values)]
        outputs, _ = model.stateless_call(now, [w.value for w in model.non_trainable_variables], ids, training=False)
        return outputs[:, TARGET].sum()

    return np.asarray(jax.grad(target)(values[index]))


def has_masked_ids(model):
    return any(getattr(layer, "mask_zero", False) for layer in model.layers)


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


@pytest.mark.skipif(IS_3 and not ON_JAX, reason="needs the backend jax")
def test_gradient(model):
    if any(getattr(layer, "tie_weights", False) for layer in model.layers):
        pytest.skip("Keras cannot cut this network behind its embedding; see test_the_way_back_is_a_dense_layer")
    arrays = inputs_of(model)
    found = first_map(sx.explain(model, given(arrays), ["gradient"], TARGET))
    if has_masked_ids(model):
        for ids, of_sample in zip(arrays[0], np.asarray(found)):
            expected = gradient_of_table(model, ids[None])
            table = np.zeros_like(expected)
            np.add.at(table, ids.astype(int), of_sample)
            assert deviation(table, expected) <= TOLERANCE
        return
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


@pytest.mark.parametrize("name", ["masked_tokens_transformer", "masked_tokens_recurrent"])
def test_sampled_vectors_behind_a_mask(name):
    """Moved vectors keep the mask of the sample's own ids: the gradients along a path sum up to the outputs' difference."""
    model = randomized(NETWORKS[name]())
    ids = inputs_of(model)[0]
    noiseless = sx.explain(model, ids, "smoothgrad", TARGET, augment_by_n=2, noise_scale=0)
    np.testing.assert_allclose(noiseless, sx.explain(model, ids, "gradient", TARGET), rtol=1e-5, atol=1e-6)
    path = np.asarray(sx.explain(model, ids, "integrated_gradients", TARGET, steps=256, reference_inputs=3))
    table = next(layer for layer in model.layers if isinstance(layer, L.Embedding))
    before, weights = np.asarray(model(ids, training=False))[:, TARGET], table.get_weights()
    table.set_weights([np.tile(weights[0][3], (11, 1))])  # each id as id 3
    after = np.asarray(model(ids, training=False))[:, TARGET]
    np.testing.assert_allclose(path.sum(axis=(1, 2)), before - after, rtol=0.05, atol=0.02)


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


@pytest.mark.skipif(not IS_3, reason="a class of Keras 3")
def test_the_way_back_is_a_dense_layer():
    model = randomized(NETWORKS["tokens_tied"]())
    ids = keras.Input((7,))
    y = L.Dense(5, activation="tanh")(L.Embedding(11, 5)(ids))
    plain = keras.Model(ids, L.Dense(4)(L.Flatten()(L.Dense(11, use_bias=False)(y))))
    table, kernel, bias, *head = model.get_weights()
    plain.set_weights([table, kernel, bias, table.T, *head])
    x = inputs_of(model)[0]
    for method in ("lrp_z", "lrp_alpha_2_beta_1", "lrp.epsilon_plus", "gradient"):
        np.testing.assert_array_equal(sx.explain(model, x, method, TARGET), sx.explain(plain, x, method, TARGET))
