"""Live models of Keras 3, on whatever backend KERAS_BACKEND names: changes are seen, the model stays as it is."""

import gc

import numpy as np
import pytest

keras = pytest.importorskip("keras")
if keras.__version__.startswith("2"):
    pytest.skip("needs Keras 3", allow_module_level=True)

import signxai_cpp as sx
from networks import vgg_like
from signxai_cpp import _live


@pytest.fixture
def model():
    keras.utils.set_random_seed(3)
    return vgg_like()


X = np.random.default_rng(5).normal(0, 1, (2, 32, 32, 3)).astype(np.float32)


def gradient(model, target=3):
    return sx.explain(model, X, "gradient", target)


def test_nothing_changes_the_compiled_form_is_kept(model):
    gradient(model)
    assert gradient(model).compile_seconds == 0
    assert sx.from_keras(model) is sx.from_keras(model)


@pytest.mark.parametrize("change", ["set_weights", "assign", "training"])
def test_weights_changed_in_place(model, change):
    before = gradient(model)
    last = model.layers[-1]
    if change == "set_weights":
        last.set_weights([2 * weight for weight in last.get_weights()])
    elif change == "assign":
        last.kernel.assign(2 * last.kernel)
    else:
        model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
        model.fit(X, np.array([1, 2]), verbose=0)
    after = gradient(model)
    assert not np.allclose(after, before)
    if change != "training":
        np.testing.assert_allclose(after, 2 * before, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(sx.from_keras(model).predict(X), keras.ops.convert_to_numpy(model(X, training=False)), rtol=1e-3, atol=1e-5)


def test_in_place_below_keras(model):
    """A tensor of PyTorch that is changed behind Keras's back."""
    if keras.backend.backend() != "torch":
        pytest.skip("only tensors of PyTorch can")
    before = gradient(model)
    model.layers[-1].kernel.value.data.mul_(2)
    np.testing.assert_allclose(gradient(model), 2 * before, rtol=1e-4, atol=1e-5)


def test_the_activation_was_taken_off(model):
    e = gradient(model)
    model.layers[-1].activation = None
    plain = gradient(model)
    assert model.layers[-1].activation is None
    np.testing.assert_allclose(plain, e, rtol=1e-5, atol=1e-6)
    assert not np.allclose(plain.outputs[sx.from_keras(model).outputs[0].name].sum(axis=-1), 1)
    assert any("softmax" in note for note in e.notes) and not any("softmax" in note for note in plain.notes)


def test_the_model_stays_as_it_is(model):
    before = model.to_json(), [w.copy() for w in model.get_weights()], np.random.get_state()[1].copy(), keras.config.floatx()
    sx.explain(model, X, ["lrp_z", "smoothgrad", "grad_cam"], last_conv_layer_name=model.layers[-6].name)
    after = model.to_json(), model.get_weights(), np.random.get_state()[1], keras.config.floatx()
    assert before[0] == after[0] and before[3] == after[3] and np.array_equal(before[2], after[2])
    assert all(np.array_equal(a, b) for a, b in zip(before[1], after[1]))


def test_equals_the_file(model, tmp_path):
    model.save(tmp_path / "model.keras")
    for method in ("gradient", "lrpsign_z"):
        assert np.array_equal(sx.explain(str(tmp_path / "model.keras"), X, method), sx.explain(model, X, method))


def test_tensors_of_the_backend(model):
    expected = gradient(model)
    assert np.array_equal(sx.explain(model, keras.ops.convert_to_tensor(X), "gradient", 3), expected)
    if keras.backend.backend() == "torch":
        recording = keras.ops.convert_to_tensor(X).requires_grad_()
        assert np.array_equal(sx.explain(model, recording, "gradient", 3), expected)
        import torch

        assert torch.equal(torch.from_dlpack(expected), torch.tensor(expected.maps["gradient"]))


def test_it_goes_with_the_model(model):
    gradient(model)
    gc.collect()  # what earlier tests left
    count = len(_live._cache)
    other = vgg_like()
    gradient(other)
    assert len(_live._cache) == count + 1
    del other
    gc.collect()
    assert len(_live._cache) == count


def test_a_subclassed_model():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(2)

        def call(self, x):
            return self.dense(x)

    model = Own()
    model(np.ones((1, 3), np.float32))
    with pytest.raises(sx.Error):
        sx.from_keras(model)


def test_a_model_that_was_not_built():
    with pytest.raises(ValueError, match="built"):
        sx.from_keras(keras.Sequential([keras.layers.Dense(2)]))
