"""SavedModels that Keras 3 exports on TensorFlow: outputs and gradient as TensorFlow has them."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")
if not keras.__version__.startswith("3.") or keras.backend.backend() != "tensorflow":
    pytest.skip("needs Keras 3 on TensorFlow", allow_module_level=True)
tf = pytest.importorskip("tensorflow")

import signxai_cpp as sx
from networks import NETWORKS, randomized

L = keras.layers


def transformer():
    inputs = x = keras.Input((12, 4))
    x = L.Conv1D(6, 3, padding="causal", dilation_rate=2, activation="gelu")(x)
    x = L.LayerNormalization()(L.Add()([x, L.MultiHeadAttention(2, 3)(x, x)]))
    return randomized(keras.Model(inputs, L.Dense(3)(L.GlobalAveragePooling1D()(L.Dense(5, activation="swish")(x)))))


ALL = {**NETWORKS, "transformer": transformer}


@pytest.mark.parametrize("name", ALL)
def test_exported(name, tmp_path):
    model = ALL[name]()
    model.export(str(tmp_path / "model"), verbose=False)
    x = np.random.default_rng(1).normal(0, 1, (2, *model.input_shape[1:])).astype(np.float32)
    points = tf.constant(x)
    softmax = name != "transformer"
    with tf.GradientTape() as tape:
        tape.watch(points)
        outputs = model(points, training=False)
        logits = tf.math.log(outputs) if softmax else outputs
        chosen = tf.reduce_sum(logits[:, 2] - logits[:, 1])
    loaded = sx.load(tmp_path / "model")
    np.testing.assert_allclose(loaded.predict(x), outputs.numpy(), rtol=1e-4, atol=1e-5)
    gradient = tape.gradient(chosen, points).numpy()
    found = np.asarray(sx.explain(loaded, x, "gradient", "2-1"))
    np.testing.assert_allclose(found, gradient, rtol=0, atol=1e-4 * np.abs(gradient).max())
    model.save(tmp_path / "model.keras")
    if name in NETWORKS:
        wanted = np.asarray(sx.explain(tmp_path / "model.keras", x, "lrp_z", 1))
        np.testing.assert_allclose(np.asarray(sx.explain(loaded, x, "lrp_z", 1)), wanted, rtol=0, atol=1e-4 * np.abs(wanted).max())
