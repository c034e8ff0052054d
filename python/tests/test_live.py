"""from_keras() on objects that answer as Keras models do; the real ones are in live/, which needs Keras."""

import gc
import json
import threading

import h5py
import numpy as np
import pytest

import signxai_cpp as sx
from conftest import DIGITS, ROOT
from signxai_cpp import _live


class Variable:
    """A weight as tf.keras has it: its values come out as a copy."""

    def __init__(self, values):
        self.values = values

    def numpy(self):
        return self.values.copy()

    def __array__(self, dtype=None, copy=None):
        return self.numpy()


class Layer:
    def __init__(self, name, weights):
        self.name, self.weights = name, weights


class FakeKeras:
    """The model of an .h5 file as a live one."""

    def __init__(self, path):
        with h5py.File(path) as file:
            self.architecture = json.loads(file.attrs["model_config"])
            groups = file["model_weights"]
            self.layers = [
                Layer(name, [Variable(group[weight][()]) for weight in group.attrs["weight_names"]])
                for name, group in ((str(name), groups[name]) for name in groups.attrs["layer_names"])
            ]
        self.conversions = 0

    def to_json(self):
        self.conversions += 1
        return json.dumps(self.architecture)


@pytest.fixture
def live():
    return FakeKeras(DIGITS)


def test_equals_the_file(live, digits, batch):
    for method in ("gradient", "lrpsign_z", "lrp_epsilon_0_5_std_x"):
        assert np.array_equal(sx.explain(live, batch, method), sx.explain(digits, batch, method))
    model = sx.from_keras(live)
    assert model.inputs[0].shape == (28, 28, 1) and [l.name for l in model.layers] == [l.name for l in digits.layers]


@pytest.mark.parametrize("name", ["multi_input", "multi_output", "nested_model", "shared_layer", "resnet_mini"])
def test_other_topologies(name):
    path = ROOT / f"tests/golden/data/{name}/model.h5"
    file = sx.load(path)
    x = [np.random.default_rng(0).random((2, *port.shape), np.float32) for port in file.inputs]
    x = x if len(x) > 1 else x[0]
    live = FakeNested(path) if name == "nested_model" else FakeKeras(path)
    found, expected = sx.explain(live, x, "lrp_z"), sx.explain(file, x, "lrp_z")
    assert list(found.maps) == list(expected.maps)
    for key in expected.maps:
        assert np.array_equal(found.maps[key], expected.maps[key])


class FakeNested(FakeKeras):
    """Weights of inner layers hang on these, in inner models, and not on the models."""

    def __init__(self, path):
        super().__init__(path)
        with h5py.File(path) as file:
            for index, layer in enumerate(self.layers):
                config = next(c for c in self.architecture["config"]["layers"] if c["config"]["name"] == layer.name)
                if "layers" in config["config"]:
                    self.layers[index] = self.inner(config["config"], file["model_weights"][layer.name])

    def inner(self, config, group):
        model = Layer(config["name"], [])
        names = [name for name in group.attrs["weight_names"]]
        model.layers = [
            Layer(layer["config"]["name"], [Variable(group[n][()]) for n in names if f"/{layer['config']['name']}/" in f"/{n}"])
            for layer in config["layers"]
        ]
        return model


def test_kept_as_long_as_nothing_changes(live, batch):
    first = sx.from_keras(live)
    assert sx.from_keras(live) is first
    sx.explain(live, batch, "lrp_z")
    assert sx.explain(live, batch, "lrp_z").compile_seconds == 0


def test_changes_are_seen(live, batch):
    before = sx.explain(live, batch, "gradient", target=3)
    kernel = live.layers[-1].weights[0]
    kernel.values *= 2  # in place
    doubled = sx.explain(live, batch, "gradient", target=3)
    np.testing.assert_allclose(doubled, 2 * before, rtol=1e-4, atol=1e-5)
    kernel.values = kernel.values / 2  # another array
    np.testing.assert_allclose(sx.explain(live, batch, "gradient", target=3), before, rtol=1e-4, atol=1e-5)
    live.architecture["config"]["layers"][-1]["config"]["activation"] = None
    plain = sx.explain(live, batch, "gradient", target=3)
    np.testing.assert_allclose(plain, before, rtol=1e-4, atol=1e-5)
    assert not np.allclose(plain.outputs["dense_1"].sum(axis=-1), 1)  # logits now


def test_a_copy_is_taken(live, batch):
    model = sx.from_keras(live)
    before = sx.explain(model, batch, "gradient")
    for layer in live.layers:
        for weight in layer.weights:
            weight.values[...] = 0
    assert np.array_equal(sx.explain(model, batch, "gradient"), before)


def test_the_model_is_only_read(live, batch):
    for layer in live.layers:
        for weight in layer.weights:
            weight.values.flags.writeable = False
    text = json.dumps(live.architecture)
    attributes = set(vars(live))
    sx.explain(live, batch, "lrp_z")
    assert json.dumps(live.architecture) == text and set(vars(live)) == attributes


def test_what_was_made_goes_with_the_model(live):
    gc.collect()
    before = len(_live._cache)
    sx.from_keras(live)
    assert len(_live._cache) == before + 1
    other = FakeKeras(DIGITS)
    sx.from_keras(other)
    del other
    gc.collect()
    assert len(_live._cache) == before + 1


def test_threads(live, batch):
    found, expected = [], sx.explain(live, batch, "gradient").maps["gradient"]
    threads = [threading.Thread(target=lambda: found.append(sx.explain(live, batch, "gradient"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and all(np.array_equal(e, expected) for e in found)


def test_no_configuration(live):
    def to_json():
        raise NotImplementedError("subclassed")

    live.to_json = to_json
    with pytest.raises(NotImplementedError, match="functional or Sequential"):
        sx.from_keras(live)


def test_weights_that_do_not_fit(live):
    live.layers[-1].weights.pop()
    with pytest.raises(ValueError, match="dense_1"):
        sx.from_keras(live)


def test_cannot_be_pickled(live):
    import pickle

    with pytest.raises(TypeError, match="memory"):
        pickle.dumps(sx.from_keras(live))
