"""What both packages do beyond computing maps, on the same live tf.keras models: checks, changes in place, element types,
names of results, helpers. Run by pytest where the reference is installed."""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import numpy as np
import pytest
import tensorflow as tf
from comparison import deviation
from signxai.methods import grad_cam as reference_cam
from signxai.methods import innvestigate as reference_innvestigate
from signxai.methods import wrappers as reference
from signxai.methods.innvestigate.utils.keras import checks as reference_checks
from signxai.methods.innvestigate.utils.keras import graph as reference_graph
from signxai.utils import utils as reference_utils

from signxai_cpp import compat
from signxai_cpp.compat.methods import grad_cam, innvestigate, wrappers
from signxai_cpp.compat.methods.innvestigate.utils.keras import checks, graph
from signxai_cpp.compat.utils import utils

keras = tf.keras
layers = keras.layers


def functional(head="softmax"):
    tf.random.set_seed(3)
    x = layers.Input((8, 8, 3), name="picture")
    h = layers.Conv2D(4, 3, activation="relu", padding="same", name="first")(x)
    h = layers.Add(name="sum")([h, layers.Conv2D(4, 3, padding="same", name="second")(h)])
    h = layers.Flatten(name="flat")(layers.MaxPooling2D(name="pool")(h))
    return keras.Model(x, layers.Dense(3, activation=head, name="scores")(h))


def sequential():
    tf.random.set_seed(4)
    return keras.Sequential([layers.Conv2D(3, 3, activation="relu", input_shape=(8, 8, 3), name="first"), layers.Flatten(),
                             layers.Dense(3, name="scores")])  # fmt: skip


@pytest.fixture
def x():
    return np.random.RandomState(1).normal(0, 1, (8, 8, 3)).astype(np.float32)


def both(call, *modules):
    """The results of both packages, or the name of the error."""
    results = []
    for module in modules:
        try:
            results.append(call(module))
        except Exception as error:  # noqa: BLE001: the sort of error is compared
            results.append(type(error).__name__)
    return results


def test_softmax_is_refused_by_both(x):
    model = functional()
    for name in ("gradient", "lrp.z", "smoothgrad", "lrp.sequential_composite_a"):
        results = both(lambda m, n=name: m.create_analyzer(n, model), reference_innvestigate, innvestigate)
        assert results == ["NotAnalyzeableModelException"] * 2
    assert graph.model_contains(model, lambda layer: checks.contains_activation(layer, "softmax")) == [model.layers[-1]]


def test_softmax_is_removed_in_place(x):
    model = functional()
    logits = functional("linear")
    logits.set_weights(model.get_weights())
    assert utils.remove_softmax(model) is model
    np.testing.assert_allclose(model.layers[-1].activation(tf.constant([1.0, 2.0])), [1.0, 2.0])
    expected = reference.calculate_relevancemap("lrp_z", np.array(x), model)
    assert deviation(wrappers.calculate_relevancemap("lrp_z", x, model), expected) < 1e-4
    assert deviation(wrappers.calculate_relevancemap("lrp_z", x, logits), expected) < 1e-4


def test_activation_of_none(x):
    model = functional()
    model.layers[-1].activation = None
    expected = reference.calculate_relevancemap("gradient", np.array(x), model)
    assert deviation(wrappers.calculate_relevancemap("gradient", x, model), expected) < 1e-4


def test_the_user_s_model_stays_as_it_is(x):
    model = functional("linear")
    before, config = model.get_weights(), model.to_json()
    wrappers.calculate_relevancemap("lrpsign_z", x, model)
    assert model.to_json() == config and all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))


def test_changed_weights_count(x):
    model = functional("linear")
    first = wrappers.calculate_relevancemap("gradient", x, model, neuron_selection=0)
    model.layers[-1].kernel.assign(model.layers[-1].kernel * 2)
    np.testing.assert_allclose(wrappers.calculate_relevancemap("gradient", x, model, neuron_selection=0), 2 * first, rtol=1e-5)


@pytest.mark.parametrize("make", [functional, sequential])
def test_names_and_values_of_results(make, x):
    model = utils.remove_softmax(make())
    names = [layer.name for layer in model.layers if not isinstance(layer, layers.Add)]
    for keywords in ({}, {"explained_layer_names": names[-2:]}, {"stop_mapping_at_layers": ["first"], "neuron_selection": 1}):
        expected = reference_innvestigate.create_analyzer("lrp.epsilon", model, epsilon=0.1).analyze(x[None], **keywords)
        found = innvestigate.create_analyzer("lrp.epsilon", model, epsilon=0.1).analyze(x[None], **keywords)
        assert list(found) == list(expected)
        assert all(deviation(found[name], expected[name]) < 1e-4 for name in found)


@pytest.mark.parametrize("name", ["gradient", "gradient_x_input", "lrp_z", "smoothgrad", "vargrad", "integrated_gradients",
                                  "guided_backprop_x_sign", "gradient_x_sign_mu_0_5", "random_uniform"])  # fmt: skip
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_element_types(name, kind, x):
    model = functional("linear")
    np.random.seed(0)
    expected = reference.calculate_relevancemap(name, x.astype(kind), model)
    np.random.seed(0)
    found = wrappers.calculate_relevancemap(name, x.astype(kind), model)
    assert found.dtype == expected.dtype and deviation(found, expected) < 1e-4


@pytest.mark.parametrize("keywords", [
    {"m": "lrp_epsilon_0_1", "epsilon": 1}, {"m": "lrpsign_z", "input_layer_rule": "Z"}, {"m": "smoothgrad", "augment_by_n": 3},
    {"m": "gradient_x_sign_mu"}, {"m": "grad_cam"}, {"m": "lrp.z"}, {"m": "nothing"}, {"m": "gradient", "neuron_selection": 1.5},
    {"m": "gradient", "neuron_selection": "best"}, {"m": "gradient_x_sign_mu_0", "mu": 1}, {"m": "gradient", "postprocess": "x"},
    {"m": "lrp_z", "rule": "Flat"}, {"m": "gradient", "neuron_selection": [0, 1, 2]}, {"m": "gradient", "neuron_selection": 7},
])  # fmt: skip
def test_errors(keywords, x):
    model = functional("linear")
    name = keywords["m"]
    rest = {key: value for key, value in keywords.items() if key != "m"}
    expected, found = both(lambda m: m.calculate_relevancemap(name, np.array(x), model, **rest), reference, wrappers)
    assert isinstance(expected, str) and isinstance(found, str)
    same = {"InvalidArgument": "ValueError", "InvalidArgumentError": "ValueError"}
    assert same.get(found, found) == same.get(expected, expected)


def test_grad_cam(x):
    model = utils.remove_softmax(functional())
    for selection in (None, 2):
        expected = reference_cam.calculate_grad_cam_relevancemap(x[None], model, "second", selection)
        found = grad_cam.calculate_grad_cam_relevancemap(x[None], model, "second", selection)
        assert found.dtype == expected.dtype
        assert not found.any() if np.isnan(expected).all() else deviation(found, expected) < 1e-4
    with pytest.warns(UserWarning, match="softmax"):
        grad_cam.calculate_grad_cam_relevancemap(x[None], functional(), "second")


def test_rules_by_condition(x):
    model = functional("linear")
    for module in (reference_checks, checks):
        package = reference_innvestigate if module is reference_checks else innvestigate
        rules = [(module.is_dense_layer, "Epsilon"), (lambda layer: layer.name == "first", "Flat"), (lambda layer: True, "ZPlus")]
        maps = package.create_analyzer("lrp", model, rule=rules).analyze(x[None])
        result = next(iter(maps.values()))
        expected = result if module is reference_checks else expected
    assert deviation(result, expected) < 1e-4


def test_questions_about_layers():
    model = functional()
    for name in ("is_conv_layer", "is_dense_layer", "is_add_layer", "is_max_pooling", "contains_kernel", "is_input_layer",
                 "is_convnet_layer", "contains_activation", "only_relu_activation", "contains_bias"):  # fmt: skip
        for layer in model.layers[1:]:
            assert bool(getattr(checks, name)(layer)) == bool(getattr(reference_checks, name)(layer)), (name, layer.name)
    for layer in model.layers[1:]:
        assert graph.get_input_layers(layer) == reference_graph.get_input_layers(layer)
        assert checks.is_layer_at_idx(layer, 1) == reference_checks.is_layer_at_idx(layer, 1)
        assert graph.get_layer_inbound_count(layer) == reference_graph.get_layer_inbound_count(layer)
    assert graph.get_model_layers(model) == reference_graph.get_model_layers(model)
    np.testing.assert_array_equal(graph.get_kernel(model.layers[1]), reference_graph.get_kernel(model.layers[1]))


def test_models_without_softmax(x):
    model = functional()
    bare = graph.model_wo_softmax(model)
    expected = np.log(model.predict(x[None], verbose=0))
    found = bare.predict(x[None], verbose=0)
    np.testing.assert_allclose(found - found.max(), expected - expected.max(), atol=1e-4)
    assert "softmax" in str(model.layers[-1].activation)
    with pytest.raises(ValueError, match="no softmax"):
        graph.model_wo_softmax(bare)


def test_network_builders(tmp_path):
    model, with_softmax = compat.innvestigate.applications.mnist.pretrained_plos_short_relu((28, 28, 1))
    assert with_softmax.predict(np.zeros((1, 28, 28, 1)), verbose=0).shape == (1, 10)
    model.save_weights(tmp_path / "weights.h5")
    again, _ = compat.innvestigate.applications.mnist.pretrained_plos_short_relu((28, 28, 1), weights=tmp_path / "weights.h5")
    np.testing.assert_array_equal(again.get_weights()[0], model.get_weights()[0])
    net = compat.innvestigate.applications.imagenet.densenet121()
    assert net["image_shape"] == [224, 224] and net["out"][0].shape[-1] == 1000 and net["preprocess_f"](np.zeros((1, 2, 2, 3))).shape == (1, 2, 2, 3)
    pixels = np.random.RandomState(0).uniform(0, 255, (1, 4, 4, 3))
    np.testing.assert_allclose(net["preprocess_f"](pixels), keras.applications.densenet.preprocess_input(pixels.copy()), atol=1e-5)


def test_loaded_pictures(tmp_path):
    utils.download_image(tmp_path / "flower.jpg")
    expected, found = (module.load_image(tmp_path / "flower.jpg") for module in (reference_utils, utils))
    np.testing.assert_array_equal(np.asarray(found[0]), np.asarray(expected[0]))
    np.testing.assert_array_equal(found[1], expected[1])


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q", "-p", "no:cacheprovider"]))
