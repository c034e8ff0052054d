"""Arguments: what is refused, and how; element types; random numbers."""

import numpy as np
import pytest
from conftest import DIGITS

import signxai_cpp
from signxai_cpp import compat
from signxai_cpp.compat.methods import wrappers
from signxai_cpp.compat.methods.innvestigate import NotAnalyzeableModelException, create_analyzer
from signxai_cpp.compat.methods.wrappers import calculate_relevancemap, calculate_relevancemaps
from signxai_cpp.compat.utils.utils import calculate_explanation_innvestigate, remove_softmax


@pytest.fixture
def x():
    return np.random.default_rng(2).random((28, 28, 1), np.float32)


@pytest.mark.parametrize("name, keyword", [
    ("lrp_epsilon_0_1", "epsilon"), ("lrpsign_z", "input_layer_rule"), ("lrp_epsilon_0_5_std_x", "stdfactor"),
    ("smoothgrad", "augment_by_n"), ("vargrad", "noise_scale"), ("integrated_gradients", "steps"),
    ("gradient_x_sign_mu_0", "mu"), ("grad_cam_MNISTCNN", "last_conv_layer_name"), ("grad_cam_MNISTCNN", "resize"),
    ("zblrp_z_VGG16ILSVRC", "low"), ("lrp_z", "rule"), ("lrp_z", "method"), ("lrp_alpha_1_beta_0", "alpha"),
])  # fmt: skip
def test_keywords_that_the_name_decides(digits, x, name, keyword):
    with pytest.raises(TypeError, match=keyword):
        calculate_relevancemap(name, x, digits, **{keyword: 1})


def test_missing_and_unknown(digits, x):
    with pytest.raises(TypeError, match="mu"):
        wrappers.gradient_x_sign_mu(digits, x)
    with pytest.raises(TypeError, match="last_conv_layer_name"):
        wrappers.grad_cam(digits, x)
    for name in ("lrp_y", "lrp.z", "__import__('os')", "guided_grad_cam"):
        with pytest.raises(NameError, match="is not defined"):
            calculate_relevancemap(name, x, digits)
    with pytest.raises(KeyError, match="lrp.y"):
        calculate_explanation_innvestigate(digits, x, method="lrp.y")
    with pytest.warns(UserWarning, match="knows no parameter foo"):
        wrappers.lrp_z(digits, x, foo=1)
    with pytest.raises(AttributeError, match="lrp_y"):
        wrappers.lrp_y  # noqa: B018


@pytest.mark.parametrize("selection", [True, 1.5, [1.0], "largest", [[1]], -1, 10, [1, 2], np.zeros((1, 1), int)])
def test_selections_that_cannot_be(digits, x, selection):
    with pytest.raises(ValueError):
        calculate_relevancemap("gradient", x, digits, neuron_selection=selection)


def test_selections(digits, x):
    by_index = calculate_relevancemap("gradient", x, digits, neuron_selection=3)
    for same in (np.int64(3), np.array(3), [3], np.array([3])):
        np.testing.assert_array_equal(calculate_relevancemap("gradient", x, digits, neuron_selection=same), by_index)
    largest = calculate_relevancemap("gradient", x, digits)
    np.testing.assert_array_equal(calculate_relevancemap("gradient", x, digits, neuron_selection="max_activation"), largest)
    together = sum(calculate_relevancemap("gradient", x, digits, neuron_selection=k) for k in range(10))
    np.testing.assert_allclose(calculate_relevancemap("gradient", x, digits, neuron_selection="all"), together, atol=1e-5)
    direct = create_analyzer("gradient", digits).analyze(x[None], neuron_selection=None)
    np.testing.assert_allclose(next(iter(direct.values()))[0], together, atol=1e-5)


@pytest.mark.parametrize("method, given, expected", [
    ("gradient", np.float32, np.float32), ("gradient", np.float64, np.float64), ("lrp_z", np.float64, np.float32),
    ("gradient_x_input", np.float64, np.float64), ("smoothgrad", np.float32, np.float64), ("vargrad", np.float32, np.float64),
    ("integrated_gradients", np.float32, np.float32), ("integrated_gradients", np.float64, np.float64),
    ("gradient", np.uint8, np.float32), ("lrp_z", np.int64, np.float32), ("guided_backprop", np.float16, np.float32),
    ("random_uniform", np.float32, np.float64), ("lrpsign_z", np.float32, np.float32),
])  # fmt: skip
def test_element_types(digits, x, method, given, expected):
    assert calculate_relevancemap(method, (x * 10).astype(given), digits).dtype == expected


def test_random_numbers_are_those_of_the_global_generator(digits, x):
    np.random.seed(5)
    np.random.normal(size=3)  # leaves a kept second number
    first = calculate_relevancemap("smoothgrad", x, digits, neuron_selection=2)
    after = np.random.random()
    np.random.seed(5)
    np.random.normal(size=3)
    noise = [np.random.normal(0, 0.2, (1, 28, 28, 1)) for _ in range(50)]
    assert np.random.random() == after
    points = np.concatenate([(x + each).astype(np.float32) for each in noise])
    expected = np.asarray(signxai_cpp.explain(digits, points, "gradient", target=2), float).mean(axis=0)
    np.testing.assert_allclose(first, expected, atol=1e-6 * np.abs(expected).max())


def test_seed_leaves_the_global_generator_alone(digits, x):
    np.random.seed(1)
    before = np.random.get_state()[1].copy()
    one = calculate_relevancemap("vargrad", x, digits, seed=4)
    assert np.array_equal(np.random.get_state()[1], before)
    np.random.seed(4)
    np.testing.assert_array_equal(one, calculate_relevancemap("vargrad", x, digits))


def test_batchmode_equals_single_and_leaves_its_input(digits):
    X = np.random.default_rng(3).random((3, 28, 28, 1), np.float32)
    kept = X.copy()
    for name in ("gradient", "lrpsign_epsilon_0_5_std_x", "gradient_x_sign_mu_0_5", "integrated_gradients", "grad_cam_MNISTCNN"):
        single = np.array([calculate_relevancemap(name, x, digits) for x in X])
        np.testing.assert_allclose(calculate_relevancemap(name, X, digits, batchmode=True), single, atol=1e-5 * np.abs(single).max())
        np.testing.assert_allclose(calculate_relevancemaps(name, X, digits), single, atol=1e-5 * np.abs(single).max())
    calculate_relevancemap("smoothgrad", X, digits, batchmode=True)
    assert np.array_equal(X, kept)
    assert calculate_relevancemaps("gradient", X[:0], digits).shape == (0,)
    np.testing.assert_array_equal(calculate_relevancemaps("gradient", X, digits, neuron_selection=[2])[1],
                                  calculate_relevancemaps("gradient", X, digits, neuron_selection=2)[1])  # fmt: skip


def test_what_the_reference_documents_but_cannot_run(digits, x):
    sign = calculate_relevancemap("lrp_epsilon_0_1", x, digits, input_layer_rule="SIGN")
    np.testing.assert_array_equal(sign, calculate_relevancemap("lrpsign_epsilon_0_1", x, digits))
    for composite in ("lrp.sequential_composite_a", "lrp.sequential_composite_b"):
        wide = calculate_explanation_innvestigate(digits, x, method=composite, epsilon=0.5)
        assert np.abs(wide - calculate_explanation_innvestigate(digits, x, method=composite)).max() > 0
    two = calculate_explanation_innvestigate(digits, x, method="lrp.alpha_beta", alpha=2, beta=1)
    np.testing.assert_array_equal(two, calculate_explanation_innvestigate(digits, x, method="lrp.alpha_2_beta_1"))
    assert wrappers.lrp_epsilon_0_033(digits, x).shape == x.shape


@pytest.mark.parametrize("method, keywords", [
    ("lrp.epsilon", {"epsilon": 0}), ("lrp.alpha_beta", {}), ("lrp.alpha_beta", {"alpha": 0.5}), ("lrp", {}),
    ("lrp.alpha_beta", {"alpha": 2, "beta": 2}), ("gradient", {"postprocess": "cube"}), ("integrated_gradients", {"steps": 1}),
])  # fmt: skip
def test_parameters_that_cannot_be(digits, x, method, keywords):
    with pytest.raises(ValueError):
        calculate_explanation_innvestigate(digits, x, method=method, **keywords)


class Dense:
    """A layer as a live Keras model has it."""

    def __init__(self, activation):
        self.name, self.activation, self.kernel = "dense", activation, None


class Live:
    """As much of a live Keras model as the checks look at."""

    def __init__(self, activation):
        self.layers = [Dense(activation)]


def softmax(x):
    return x


def test_softmax_is_refused_and_removed():
    model = Live(softmax)
    for name in ("gradient", "smoothgrad", "lrp.z", "lrp.sequential_composite_a"):
        with pytest.raises(NotAnalyzeableModelException, match="dense"):
            create_analyzer(name, model)
    create_analyzer("gradient", model, disable_model_checks=True)
    assert remove_softmax(model) is model and "softmax" not in str(model.layers[-1].activation)
    create_analyzer("gradient", model)
    assert remove_softmax(str(DIGITS)) == str(DIGITS)


def test_paths_are_models(digits, x):
    np.testing.assert_array_equal(calculate_relevancemap("lrp_z", x, str(DIGITS)), calculate_relevancemap("lrp_z", x, digits))


def test_settings(digits, x):
    before = compat.configure()
    try:
        literal = calculate_relevancemap("deconvnet", x, digits)
        compat.configure(semantics="sound", threads=1)
        assert np.abs(calculate_relevancemap("deconvnet", x, digits) - literal).max() > 0
    finally:
        compat.configure(semantics=before.semantics, threads=before.threads)
