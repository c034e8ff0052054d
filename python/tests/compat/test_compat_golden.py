"""Maps of the reference package through the functions that its users call."""

import numpy as np
import pytest
from compat_cases import TABLE, check, golden, load, selections

from signxai_cpp.compat.innvestigate import create_analyzer as create_standalone
from signxai_cpp.compat.methods.innvestigate import create_analyzer
from signxai_cpp.compat.methods.wrappers import calculate_relevancemap, calculate_relevancemaps
from signxai_cpp.compat.utils.utils import calculate_explanation_innvestigate

WRAPPED = ["conv1d_ecg", "digits_cnn", "ecg_simulated", "resnet_mini", "semantics_conv", "vgg_mini"]
DIRECT = ["activations_zoo", "digits_cnn", "digits_mlp", "resnet_mini", "semantics_dense"]
UNMET = {"direct:lrp.gamma", "direct:lrp.alpha_1_beta_0@stop_mapping_at_layers=['r0_conv1'],neuron_selection=1"}


def is_wrapper(call):
    return "." not in call["method"] and call["method"] != "lrp" and not call["label"].startswith("direct")


def plain_target(call):
    return not isinstance(call.get("target"), (dict, str)) or call.get("target") == "max"


@pytest.mark.parametrize("name", WRAPPED)
def test_wrappers(name):
    model = load(name)
    calls = [call for call in TABLE[name]["calls"] if is_wrapper(call) and plain_target(call)]
    with golden(name) as file:
        x = file["input"][()]

        def compute(call):
            keywords = call.get("kwargs", {})
            chosen = selections(call, len(x))
            if len(set(chosen)) == 1 and "grad" not in call["method"]:
                return calculate_relevancemaps(call["method"], x, model, neuron_selection=chosen[0], **keywords), file[call["path"]][()]
            maps = []
            for sample, neuron in zip(x, chosen):
                np.random.seed(0)
                maps.append(calculate_relevancemap(call["method"], sample, model, neuron_selection=neuron, **keywords))
            return np.stack(maps), file[call["path"]][()]

        check(calls, compute)


def is_analyzer(call):
    return call["method"] == "lrp" or call["method"].startswith("lrp.") or call["label"].startswith("direct")


@pytest.mark.parametrize("name", DIRECT)
def test_analyzers(name):
    model = load(name)
    calls = [call for call in TABLE[name]["calls"] if is_analyzer(call) and plain_target(call) and call["label"] not in UNMET
             and "f_init" not in call.get("kwargs", {})]  # fmt: skip
    with golden(name) as file:
        x = file["input"][()]

        def compute(call):
            keywords = dict(call.get("kwargs", {}))
            where = {key: keywords.pop(key) for key in ("explained_layer_names", "stop_mapping_at_layers", "r_init") if key in keywords}
            chosen = selections(call, len(x))
            selection = "max_activation" if chosen[0] is None else chosen
            analyzer = create_analyzer(call["method"], model, **keywords)
            if "grad" in call["method"]:
                np.random.seed(0)
            maps = analyzer.analyze(x, neuron_selection=selection, **where, **keywords)
            assert len(maps) == 1
            return next(iter(maps.values())), file[call["path"]][()]

        check(calls, compute)


def test_explanation_of_one_sample_and_of_a_batch():
    model = load("digits_cnn")
    with golden("digits_cnn") as file:
        x = file["input"][()]
    batch = calculate_explanation_innvestigate(model, x, "lrp.epsilon", [3, 4], True, epsilon=0.1)
    for sample, neuron, expected in zip(x, (3, 4), batch):
        one = calculate_explanation_innvestigate(model, sample, method="lrp.epsilon", neuron_selection=neuron, epsilon=0.1)
        np.testing.assert_allclose(one, expected, atol=1e-6 * np.abs(expected).max())
    assert one.shape == (28, 28, 1) and one.dtype == np.float32


def test_standalone_analyzers_agree_with_the_embedded_ones():
    model = load("digits_cnn")
    with golden("digits_cnn") as file:
        x = file["input"][()]
    for name, keywords in (("gradient", {}), ("lrp.epsilon", {"epsilon": 0.1}), ("lrp.alpha_beta", {"alpha": 2, "beta": 1})):
        array = create_standalone(name, model, neuron_selection_mode="index", **keywords).analyze(x, 3)
        maps = create_analyzer(name, model, **keywords).analyze(x, neuron_selection=3)
        assert isinstance(array, np.ndarray)
        np.testing.assert_array_equal(array, next(iter(maps.values())))
