"""Analyzers as objects: what they return, inner layers, rules as classes, modes of iNNvestigate, signxai2."""

import numpy as np
import pytest

import signxai_cpp
from signxai_cpp import compat
from signxai_cpp.compat import innvestigate
from signxai_cpp.compat.innvestigate.analyzer import LRPZ, GaussianSmoother, Gradient
from signxai_cpp.compat.methods.innvestigate import create_analyzer
from signxai_cpp.compat.methods.innvestigate.analyzer.relevance_based import relevance_analyzer as analyzers
from signxai_cpp.compat.methods.innvestigate.analyzer.relevance_based import relevance_rule_base as rules
from signxai_cpp.compat.methods.innvestigate.analyzer.reverse_map import ReplacementLayer
from signxai_cpp.errors import Unsupported


def only(maps):
    assert len(maps) == 1
    return next(iter(maps.values()))


def test_dicts_by_layer(digits, batch):
    analyzer = create_analyzer("lrp.epsilon", digits, epsilon=0.1)
    with pytest.raises(AttributeError, match="analyze"):
        analyzer.get_explanations(["dense"])
    assert list(analyzer.analyze(batch)) == [digits.inputs[0].name]
    inner = analyzer.get_explanations(["dense", "flatten"])
    assert list(inner) == ["dense", "flatten"] and inner["dense"].ndim == 2
    again = analyzer.analyze(batch, explained_layer_names=["dense"])
    np.testing.assert_array_equal(again["dense"], inner["dense"])
    assert "conv2d_1" in analyzer.analyze(batch, explained_layer_names="all")
    for wrong in ({"explained_layer_names": "dense"}, {"explained_layer_names": [1]}, {"stop_mapping_at_layers": "all"}):
        with pytest.raises(AttributeError):
            analyzer.analyze(batch, **wrong)
    with pytest.raises(Unsupported, match="f_init"):
        analyzer.analyze(batch, f_init=1)


def test_stopping_and_seeds(digits, batch):
    analyzer = create_analyzer("gradient", digits)
    stopped = only(analyzer.analyze(batch, neuron_selection=0, stop_mapping_at_layers=["dense"]))
    assert np.abs(stopped - only(analyzer.analyze(batch, neuron_selection=0))).max() > 0
    doubled = only(analyzer.analyze(batch, neuron_selection=0, r_init=2.0))
    np.testing.assert_allclose(doubled, 2 * only(analyzer.analyze(batch, neuron_selection=0)), rtol=1e-5, atol=1e-6)


def test_lists_of_samples_are_batches(digits, batch):
    analyzer = create_analyzer("lrp.z", digits)
    np.testing.assert_array_equal(only(analyzer.analyze(list(batch))), only(analyzer.analyze(batch)))
    with pytest.raises(ValueError, match="batch of samples"):
        analyzer.analyze(batch[0])


class FixedEpsilon(rules.EpsilonRule):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, epsilon=0.25, **kwargs)


class Own(ReplacementLayer):
    def explain_hook(self, ins, reversed_outs, args):
        return ins


def test_rules_as_classes(digits, batch):
    by_class = only(analyzers.LRP(digits, rule=rules.Alpha2Beta1Rule).analyze(batch))
    np.testing.assert_array_equal(by_class, only(create_analyzer("lrp.alpha_2_beta_1", digits).analyze(batch)))
    fixed = only(analyzers.LRP(digits, rule=FixedEpsilon).analyze(batch))
    np.testing.assert_array_equal(fixed, only(create_analyzer("lrp.epsilon", digits, epsilon=0.25).analyze(batch)))
    sign = only(analyzers.LRPZ(digits, input_layer_rule=rules.SIGNRule).analyze(batch))
    np.testing.assert_array_equal(sign, only(analyzers.LRPZ(digits, input_layer_rule="SIGN").analyze(batch)))
    bounded = only(analyzers.LRPZ(digits, input_layer_rule=(0, 1)).analyze(batch))
    np.testing.assert_array_equal(bounded, only(create_analyzer("lrp.z", digits, input_layer_rule="Bounded").analyze(batch, low=0, high=1)))
    with pytest.raises(Unsupported, match="does not run"):
        analyzers.LRP(digits, rule=Own).analyze(batch)
    with pytest.raises(KeyError, match="Zz"):
        analyzers.LRP(digits, rule="Zz").analyze(batch)
    with pytest.raises(TypeError, match="rule"):
        analyzers.LRPZ(digits, rule="Flat")
    with pytest.raises(Unsupported, match="epsilon"):
        create_analyzer("lrp.epsilon", digits, epsilon=0.1, input_layer_rule=FixedEpsilon).analyze(batch)


def test_rule_until_index(digits, batch):
    until = only(create_analyzer("lrp.rule_until_index", digits, until_layer_idx=1, until_index_rule="WSquare").analyze(batch))
    same = only(analyzers.LRPSequentialCompositeBFlat(digits, until_layer_idx=1, until_index_rule=rules.WSquareRule).analyze(batch))
    np.testing.assert_array_equal(until, same)
    other = create_analyzer("lrp.rule_until_index", digits, default_rule_configuration=analyzers.LRPZ)
    assert only(other.analyze(batch)).shape == batch.shape


def test_sigma_mu_as_array(digits, batch):
    by_number = only(create_analyzer("lrp.z", digits, input_layer_rule="SIGNmu").analyze(batch, mu=0.25))
    by_array = only(create_analyzer("lrp.z", digits, input_layer_rule="SIGNmu").analyze(batch, mu=np.full((28, 28, 1), 0.25)))
    np.testing.assert_array_equal(by_number, by_array)


def test_standalone_modes(digits, batch):
    largest = innvestigate.create_analyzer("gradient", digits).analyze(batch)
    chosen = [int(k) for k in digits.predict(batch).argmax(axis=1)]
    by_index = innvestigate.create_analyzer("gradient", digits, neuron_selection_mode="index")
    np.testing.assert_array_equal(by_index.analyze(batch, chosen), largest)
    np.testing.assert_array_equal(by_index.analyze(batch, 3)[1], by_index.analyze(batch[1:2], neuron_selection=[3])[0])
    everything = innvestigate.create_analyzer("gradient", digits, neuron_selection_mode="all").analyze(batch)
    assert np.abs(everything - largest).max() > 0
    for mode, selection in (("max_activation", 3), ("all", 3), ("index", None)):
        with pytest.raises(ValueError, match="neuron_selection"):
            innvestigate.create_analyzer("gradient", digits, neuron_selection_mode=mode).analyze(batch, selection)
    with pytest.raises(ValueError, match="neuron_selection_mode"):
        innvestigate.create_analyzer("gradient", digits, neuron_selection_mode="best")


def test_standalone_wrappers(digits, batch):
    smooth = innvestigate.create_analyzer("smoothgrad", digits, augment_by_n=4, noise_scale=0.1)
    np.random.seed(0)
    first = smooth.analyze(batch)
    np.random.seed(0)
    np.testing.assert_array_equal(first, GaussianSmoother(Gradient(digits), augment_by_n=4, noise_scale=0.1).analyze(batch))
    assert innvestigate.create_analyzer("integrated_gradients", digits, steps=5).analyze(batch).shape == batch.shape
    with pytest.raises(NotImplementedError):
        GaussianSmoother(smooth)
    assert isinstance(LRPZ(digits), compat.methods.innvestigate.analyzer.ReverseAnalyzerBase)


def test_input_and_random(digits, batch):
    np.testing.assert_array_equal(innvestigate.create_analyzer("input", digits).analyze(batch), batch)
    np.random.seed(0)
    noise = innvestigate.create_analyzer("random", digits, stddev=2).analyze(batch) - batch
    np.random.seed(0)
    np.testing.assert_allclose(noise, np.random.normal(0, 2, batch.shape), atol=1e-6)


@pytest.mark.parametrize("name", ["deep_taylor", "deep_taylor.bounded", "deep_lift"])
def test_what_the_reference_cannot_run(digits, batch, name):
    engine_name = "deeplift" if name == "deep_lift" else name
    keywords = {"low": 0.0, "high": 1.0} if name.endswith("bounded") else {}
    if engine_name not in signxai_cpp.methods():
        with pytest.raises(Unsupported, match="not available"):
            create_analyzer(name, digits, **keywords)
        return
    expected = signxai_cpp.explain(digits, batch, engine_name, **keywords)
    np.testing.assert_array_equal(only(create_analyzer(name, digits, **keywords).analyze(batch)), np.asarray(expected))
    if name != "deep_lift":
        assert innvestigate.create_analyzer(name, digits, **keywords).analyze(batch).shape == batch.shape


def test_layer_maps_and_rules_by_layer(digits, batch):
    by_map = compat.calculate_relevancemap("lrp_z", batch[0], digits, layer_map={"Dense": rules.FlatRule, "conv2d_1": {"epsilon": 0.1}})
    same = signxai_cpp.explain(digits, batch[0], "lrp_z", layer_map={"Dense": "Flat", "conv2d_1": {"epsilon": 0.1}})
    np.testing.assert_array_equal(by_map, np.asarray(same))
    conditions = [(lambda layer: layer.name == "conv2d", rules.FlatRule), (lambda layer: True, FixedEpsilon)]
    listed = only(analyzers.LRP(digits, rule=[rules.ZRule, "Z", "Z", "Flat"]).analyze(batch))
    np.testing.assert_array_equal(listed, only(analyzers.LRPZ(digits, input_layer_rule="Flat").analyze(batch)))
    chosen = only(analyzers.LRP(digits, rule=conditions).analyze(batch))
    flat = only(create_analyzer("lrp.epsilon", digits, epsilon=0.25, input_layer_rule="Flat").analyze(batch))
    np.testing.assert_allclose(chosen, flat, atol=1e-6 * np.abs(flat).max())


def test_signxai2(digits, batch):
    one = batch[:1]
    k = int(digits.predict(one)[0].argmax())
    expected = compat.calculate_relevancemap("lrp_epsilon_0_1", one[0], digits, neuron_selection=k)
    np.testing.assert_array_equal(compat.explain(digits, one, "lrp_epsilon_0_1"), expected)
    np.testing.assert_array_equal(compat.explain(digits, one, "lrp.epsilon", target_class=k), expected)
    assert compat.explain(digits, one, "gradient_x_sign").shape == (1, 28, 28, 1)
    assert compat.explain(digits, one, "gradcam", layer_name="conv2d_1").shape == (28, 28, 1)
    assert compat.explain(digits, one, "smoothgrad", num_samples=3, noise_level=0.1).shape == (28, 28, 1)
    assert compat.explain_with_preset(digits, one, "integrated_gradients", "fast").shape == (28, 28, 1)
    assert compat.tf_signxai.calculate_relevancemap("lrp.z", one[0], digits, 3).shape == (28, 28, 1)
    assert "lrp_z" in compat.list_methods()["tensorflow"] and compat.get_method_info("gradient")["name"] == "gradient"
    for call in (lambda: compat.explain(digits, one, "lrp_y"), lambda: compat.explain_with_preset(digits, one, "gradient", "odd")):
        with pytest.raises(ValueError):
            call()
    with pytest.raises(Unsupported):
        compat.explain(digits, one, "gradient", framework="pytorch")


def test_sound_semantics_of_grad_cam_functions(digits, batch):
    from signxai_cpp.compat.methods.grad_cam import calculate_grad_cam_relevancemap, calculate_grad_cam_relevancemap_timeseries
    from signxai_cpp.compat.methods.guided_backprop import build_guided_model, guided_backprop_on_guided_model

    coarse = calculate_grad_cam_relevancemap(batch[:1], digits, "conv2d_1", 3)
    assert coarse.ndim == 2 and coarse.max() == 1 and coarse.min() >= 0
    resized = calculate_grad_cam_relevancemap(batch[:1], digits, "conv2d_1", 3, resize=True)
    assert resized.shape == (28, 28, 1) and resized.max() <= 255 and np.array_equal(resized, np.round(resized))
    assert calculate_grad_cam_relevancemap_timeseries(batch[:1], digits, "conv2d_1").dtype == np.float64
    assert guided_backprop_on_guided_model(digits, batch[:1], "conv2d_1").shape == (28, 28, 1)
    with pytest.raises(KeyError):
        calculate_grad_cam_relevancemap(batch[:1], digits, "conv9")
    with pytest.raises(ValueError):
        calculate_grad_cam_relevancemap(batch[:1], digits, "conv2d_1", "all")
    with pytest.raises(Unsupported):
        build_guided_model(digits)
