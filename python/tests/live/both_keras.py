"""What the live tests share that run on Keras 3 (JAX) and on tf.keras 2, whichever is there."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")
third = keras.__version__.startswith("3.")
if third:
    jax = pytest.importorskip("jax")
else:
    import tensorflow as tf

    keras = tf.keras

needs_jax = pytest.mark.skipif(third and keras.backend.backend() != "jax", reason="needs the backend jax")
TOLERANCE = 1e-4


def outputs_and_gradient(model, x, target):
    """What the model returns, and the gradient of one output, by automatic differentiation."""
    if third:
        gradient = jax.grad(lambda points: model(points, training=False)[:, target].sum())
        return np.asarray(model(x, training=False)), np.asarray(gradient(x))
    points = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(points)
        outputs = model(points, training=False)
        chosen = tf.reduce_sum(outputs[:, target])
    return outputs.numpy(), tape.gradient(chosen, points).numpy()


def fresh(make, with_weights):
    """The model that `make(keras)` gives, with names and weights that are the same each time."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
    return with_weights(make(keras))


def save(model, path):
    model.save(path, **({"save_format": "keras_v3"} if path.suffix == ".keras" and not third else {}))


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE * np.abs(expected).max())
