"""Methods, rules and composites written in Python, in every place where a name may stand."""

import json
import threading

import numpy as np
import pytest

import signxai_cpp
from conftest import ROOT
from signxai_cpp.errors import InvalidArgument


@signxai_cpp.method("test_mixed")
def mixed(call, weight=0.5, *, flag=False, names=("gradient", "lrp_z"), level=None):
    """Weighted sum
    of two maps."""
    maps = call(list(names))
    assert isinstance(weight, float) and isinstance(flag, bool) and (level is None or isinstance(level, int))
    return weight * maps[names[0]] + (1 - weight) * maps[names[1]]


@signxai_cpp.rule("TestGamma")
def gamma_rule(gamma=0.25, epsilon=1e-6):
    def share(sign, other):
        return {"where": sign, "epsilon": epsilon, "terms": [
            {"bias": "all"},
            {"input": "positive", "kernel": sign, "bias": sign, "scale": gamma},
            {"input": "negative", "kernel": other, "scale": gamma}]}  # fmt: skip

    return {"shares": [share("positive", "negative"), share("negative", "positive")]}


@signxai_cpp.composite("test_composite")
def gamma_below(gamma=0.25):
    """Gamma in convolutions, epsilon above."""
    return [{"match": "conv", "rule": "TestGamma", "gamma": gamma}, {"match": "any", "rule": "zennit.Epsilon"}]


def expect_equal(found, expected, tolerance=1e-5):
    assert found.shape == expected.shape
    assert np.abs(np.asarray(found) - np.asarray(expected)).max() <= tolerance * np.abs(expected).max()


# -- methods ------------------------------------------------------------------------------------------------------------


def test_a_method_composes_others(digits, batch):
    e = signxai_cpp.explain(digits, batch, ["lrp_z", "test_mixed", "gradient"])
    assert list(e.maps) == ["lrp_z", "test_mixed", "gradient"] and e["test_mixed"].dtype == np.float32
    expect_equal(e["test_mixed"], (e["gradient"] + e["lrp_z"]) / 2)
    assert signxai_cpp.explain(digits, batch[0], "test_mixed").shape == (28, 28, 1)


@pytest.mark.parametrize("target", [None, 3, [1, 2, 3], "all", "top:2", "3-5", "f0 + 2*f1"])
def test_targets(digits, batch, target):
    e = signxai_cpp.explain(digits, batch, ["lrp_z", "test_mixed", "gradient"], target=target)
    expect_equal(e["test_mixed"], (e["gradient"] + e["lrp_z"]) / 2)


def test_parameters_have_the_types_of_their_defaults(digits, batch):
    given = {"weight": 1, "flag": True, "level": 3.0, "names": ["lrp_z", "gradient"]}
    e = signxai_cpp.explain(digits, batch, {"test_mixed": given, "lrp_z": {}})
    expect_equal(e["test_mixed"], e["lrp_z"])
    with pytest.raises(InvalidArgument, match="wait"):
        signxai_cpp.explain(digits, batch, "test_mixed", wait=1)

    seen = {}

    @signxai_cpp.method("test_typed")
    def typed(call, needed, nested=None, text="a", whole=1, listed=(1, 2)):
        seen.update(needed=needed, nested=nested, text=text, whole=whole, listed=listed)
        return np.zeros_like(call.x)

    signxai_cpp.explain(digits, batch, "test_typed", needed=2, nested={"a": [1, {}]}, text="3", whole=np.float32(4), listed=[1, 2.5])
    assert seen == {"needed": 2, "nested": {"a": [1, {}]}, "text": "3", "whole": 4, "listed": [1, 2.5]}
    assert type(seen["whole"]) is int
    with pytest.raises(InvalidArgument, match="needs the parameter 'needed'"):
        signxai_cpp.explain(digits, batch, "test_typed")


def test_tables(digits):
    assert {"test_mixed", "lrp.test_composite", "lrpsign_z"} <= set(signxai_cpp.methods())
    info = signxai_cpp.describe("test_mixed")
    assert info.description == "Weighted sum of two maps." and info.base == "test_mixed"
    assert {each.name: each.default for each in info.parameters} == {
        "weight": "0.5", "flag": "false", "names": '["gradient", "lrp_z"]', "level": "none"}  # fmt: skip
    assert signxai_cpp.describe("lrp.test_composite").description == "Gamma in convolutions, epsilon above."
    assert "gamma" in {each.name for each in signxai_cpp.describe("lrp").parameters}
    with pytest.raises(InvalidArgument, match="did you mean test_mixed"):
        signxai_cpp.describe("test_mixd")


def test_what_a_method_sees(digits, batch):
    seen = {}

    @signxai_cpp.method("test_seeing")
    def seeing(call):
        seen.update(call=call, x=call.x, targets=call.targets, scores=call.predict(), model=call.model)
        assert call.predict(call.x[:, ::-1]).shape == (len(call.x), 10)
        return call("gradient", x=1 - call.x)["gradient"]

    e = signxai_cpp.explain(digits, batch, "test_seeing")
    assert np.array_equal(seen["x"], batch) and np.array_equal(seen["targets"], e.targets)
    expect_equal(seen["scores"], digits.predict(batch))
    assert [layer.name for layer in seen["model"].layers] == [layer.name for layer in digits.layers]
    expect_equal(e, signxai_cpp.explain(digits, 1 - batch, "gradient", target=e.targets))
    seen["x"][:] = 0  # its own copy
    assert batch.any()
    with pytest.raises(InvalidArgument, match="is over"):
        seen["call"]("gradient")


def test_chunks_are_invisible(digits):
    sizes = []

    @signxai_cpp.method("test_sizes")
    def sized(call):
        sizes.append(len(call.x))
        return call("lrp_z")["lrp_z"]

    x = np.random.default_rng(0).random((200, 28, 28, 1), np.float32)
    calls = []
    e = signxai_cpp.explain(digits, x, ["test_sizes", "lrp_z"], progress=lambda done, total: calls.append((done, total)))
    assert sum(sizes) == 200 and len(sizes) > 1 and calls[-1] == (200, 200)
    expect_equal(e["test_sizes"], e["lrp_z"])


@pytest.mark.parametrize("returned, message", [
    (lambda x: x[:, 0], r"shape \(3, 28, 1\); expected \(3, 28, 28, 1\) or \(3, 28, 28\)"), (lambda x: x / 0 * 0, "nan"),
    (lambda x: x.astype(float) + 1e300, "inf at element 0 of sample 0"), (lambda x: None, "returned nothing"),
    (lambda x: "map", "array of numbers"), (lambda x: x + 1j, "array of numbers"), (lambda x: {"a": x}, "expected .*conv2d_input")])
def test_what_is_no_map(digits, batch, returned, message):
    @signxai_cpp.method("test_wrong")
    def wrong(call):
        with np.errstate(all="ignore"):
            return returned(call.x)

    with pytest.raises(InvalidArgument, match=message) as caught:
        signxai_cpp.explain(digits, batch, "test_wrong")
    assert caught.value.subject == "test_wrong"


def test_other_arrays_are_maps(digits, batch):
    @signxai_cpp.method("test_integers")
    def integers(call):
        return np.ones((len(call.x), 28, 28), int)  # without channels

    @signxai_cpp.method("test_cam")
    def cam(call):
        return call("grad_cam", last_conv_layer_name="conv2d_1")["grad_cam"] * 2

    e = signxai_cpp.explain(digits, batch, ["test_integers", "test_cam"])
    assert e["test_integers"].shape == (3, 28, 28) and e["test_integers"].dtype == np.float32
    assert e["test_cam"].shape == signxai_cpp.explain(digits, batch, "grad_cam", last_conv_layer_name="conv2d_1").shape


def test_methods_use_each_other(digits, batch):
    @signxai_cpp.method("test_outer")
    def outer(call):
        return call(["test_mixed", "gradient"], weight=1.0)["test_mixed"]

    @signxai_cpp.method("test_selfish")
    def selfish(call):
        return call("test_selfish")["test_selfish"]

    e = signxai_cpp.explain(digits, batch, ["test_outer", "gradient"])
    expect_equal(e["test_outer"], e["gradient"])
    with pytest.raises(InvalidArgument, match="asks for itself: test_selfish -> test_selfish"):
        signxai_cpp.explain(digits, batch, "test_selfish")


def test_exceptions_arrive_as_they_are(digits, batch):
    class Mine(Exception):
        pass

    @signxai_cpp.method("test_raising")
    def raising(call, what="mine"):
        if what == "interrupt":
            raise KeyboardInterrupt
        raise Mine("three")

    with pytest.raises(Mine, match="three") as caught:
        signxai_cpp.explain(digits, batch, "test_raising")
    assert "raising" in [entry.name for entry in caught.traceback]
    with pytest.raises(KeyboardInterrupt):
        signxai_cpp.explain(digits, batch, "test_raising", what="interrupt")
    with pytest.raises(InvalidArgument, match="has no ledger"):
        signxai_cpp.explain(digits, batch, "test_mixed", ledger=True)


def test_threads(digits, batch):
    expected = np.asarray(signxai_cpp.explain(digits, batch, "test_mixed"))
    failures = []

    def work():
        for _ in range(10):
            if not np.allclose(signxai_cpp.explain(digits, batch, "test_mixed"), expected, atol=1e-6):
                failures.append(1)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures


def test_explainers_made_before_know_it(digits, batch):
    explainer = signxai_cpp.Explainer(digits, semantics="sound")

    @signxai_cpp.method("test_late")
    def late(call):
        return call("lrp.gamma")["lrp.gamma"]

    e = explainer.explain(batch, ["test_late", "lrp.gamma"])
    expect_equal(e["test_late"], e["lrp.gamma"])  # in the options of the call
    assert explainer.explain(batch, "test_late").save is not None


def test_several_inputs():
    two = signxai_cpp.load(ROOT / "tests/golden/data/multi_input/model.h5")
    names = [port.name for port in two.inputs]
    x = [np.random.default_rng(i).random((2, *port.shape), np.float32) for i, port in enumerate(two.inputs)]

    @signxai_cpp.method("test_twice")
    def twice(call, form="dict"):
        maps = call("gradient")
        assert set(call.x) == set(names)
        doubled = {name: 2 * maps[f"gradient/{name}"] for name in names}
        return doubled if form == "dict" else doubled[names[0]]

    e = signxai_cpp.explain(two, x, ["test_twice", "gradient"])
    assert set(e.maps) == {f"{method}/{name}" for method in ("test_twice", "gradient") for name in names}
    for name in names:
        expect_equal(e[f"test_twice/{name}"], 2 * e[f"gradient/{name}"])
    with pytest.raises(InvalidArgument, match="expected a dict with a map for each"):
        signxai_cpp.explain(two, x, "test_twice", form="one")


def test_data_sets_take_them(digits, batch, tmp_path):
    maps = signxai_cpp.explain_dataset(digits, batch, ["test_mixed", "lrp.test_composite"], out=tmp_path / "maps", weight=0.25)
    expect_equal(maps.load("test_mixed"), signxai_cpp.explain(digits, batch, "test_mixed", weight=0.25))
    expect_equal(maps.load("lrp.test_composite"), signxai_cpp.explain(digits, batch, "lrp.test_composite"))


# -- names --------------------------------------------------------------------------------------------------------------


def test_names():
    def other(call):
        return call.x

    for decorator, name, kind in ((signxai_cpp.method, "lrp_z", "method"), (signxai_cpp.rule, "Flat", "rule"),
                                  (signxai_cpp.composite, "EpsilonPlus", "composite")):  # fmt: skip
        with pytest.raises(InvalidArgument, match=f"name of a built-in {kind}"):
            decorator(name)(other)
    with pytest.raises(InvalidArgument, match=r'used as @signxai_cpp.method\("name"\)'):
        signxai_cpp.method(other)
    with pytest.raises(InvalidArgument, match="defined before, by .*mixed, and .*other"):
        signxai_cpp.method("test_mixed")(other)
    signxai_cpp.method("test_mixed")(mixed)  # a notebook's cell that runs again
    with pytest.raises(InvalidArgument, match="must take the call"):
        signxai_cpp.method("test_none")(lambda: 1)
    with pytest.raises(InvalidArgument, match=r"takes '\*\*rest'"):
        signxai_cpp.method("test_none")(lambda call, **rest: 1)
    with pytest.raises(InvalidArgument, match="expected a function"):
        signxai_cpp.rule("TestNone")(3)
    assert "test_none" not in signxai_cpp.methods()


def test_a_new_definition_counts(digits, batch):
    def define(value):
        @signxai_cpp.rule("TestAnew")
        def anew():
            return {"shares": [{"terms": [{"bias": "all"}], "epsilon": value}]}

    for value, method in ((0.1, "lrp_epsilon_0_1"), (2.5, "lrp_epsilon_2_5")):
        define(value)
        e = signxai_cpp.explain(digits, batch, {"lrp": {"rule": "TestAnew"}, method: {}})
        expect_equal(e["lrp"], e[method])


# -- rules and composites -----------------------------------------------------------------------------------------------


def test_the_gamma_rule_equals_the_built_in(digits, batch):
    for target in (None, 3):
        own = signxai_cpp.explain(digits, batch, "lrp", target=target, rule="TestGamma")
        expect_equal(own, signxai_cpp.explain(digits, batch, "lrp", target=target, rule="zennit.Gamma"), 1e-4)
        own = signxai_cpp.explain(digits, batch, "lrp", target=target, semantics="sound", rule="TestGamma", epsilon=0)
        built_in = signxai_cpp.explain(digits, batch, "lrp", target=target, semantics="sound", rule="Gamma", gamma=0.25)
        expect_equal(own, built_in, 1e-4)


def test_rules_stand_where_rules_are_named(digits, batch):
    def equal(own, built_in, method="lrp_z"):
        e = [signxai_cpp.explain(digits, batch, method, **each) for each in (own, built_in)]
        expect_equal(*e, 1e-4)

    built_in = {"rule": "zennit.Gamma", "gamma": 0.5}
    equal({"layer_map": {"dense": {"rule": "TestGamma", "gamma": 0.5}}}, {"layer_map": {"dense": built_in}})
    equal({"layer_map": {"conv2d": "TestGamma"}}, {"layer_map": {"conv2d": "zennit.Gamma"}})
    equal({"input_layer_rule": "TestGamma"}, {"input_layer_rule": "zennit.Gamma"})
    equal({"rule": "TestGamma", "gamma": 0.5}, built_in, "lrp")
    equal({"rule": ["Flat", "TestGamma", "Z", "Z"]}, {"rule": ["Flat", "zennit.Gamma", "Z", "Z"]}, "lrp")
    statement = {"name": "Stated", **gamma_rule()}
    equal({"rule": statement}, {"rule": "zennit.Gamma"}, "lrp")
    equal({"rule": ["Flat", statement, "Z", "Z"]}, {"rule": ["Flat", "zennit.Gamma", "Z", "Z"]}, "lrp")
    entries = [{"match": "first", "rule": "TestGamma", "gamma": 0.5}, {"match": "any", "rule": "Z"}]
    equal({"composite": entries}, {"composite": [{"match": "first", **built_in}, entries[1]]}, "lrp")
    with pytest.raises(InvalidArgument, match="layer_map 'dense': TestGamma takes no parameter 'delta'"):
        signxai_cpp.explain(digits, batch, "lrp_z", layer_map={"dense": {"rule": "TestGamma", "delta": 1}})


def test_composites(digits, batch):
    entries = [{"match": "conv", "rule": "zennit.Gamma", "gamma": 1.0}, {"match": "any", "rule": "zennit.Epsilon"}]
    expected = signxai_cpp.explain(digits, batch, "lrp", composite=entries)
    expect_equal(signxai_cpp.explain(digits, batch, "lrp.test_composite", gamma=1), expected, 1e-4)
    expect_equal(signxai_cpp.explain(digits, batch, "lrp", composite="test_composite", gamma=1), expected, 1e-4)


def test_the_ledger_names_the_rule(digits, batch):
    ledger = signxai_cpp.explain(digits, batch, "lrp", rule="TestGamma", gamma=0.5, ledger=True).ledger["lrp"]
    assert {row.rule for row in ledger.rows if row.layer.startswith(("conv", "dense")) and row.rule != "input"} == {
        "TestGamma(gamma=0.5, epsilon=1e-06)"}  # fmt: skip
    absorbed = sum(row.bias + row.epsilon + row.other for row in ledger.rows)
    assert np.allclose(ledger.put_in, ledger.arrived + absorbed, rtol=1e-4)


@pytest.mark.parametrize("returned, message", [
    ([1], "returned a list; expected a dict"), ({"shares": [{"terms": [{"kernel": "positiv"}]}]}, "share 1, term 1: 'kernel' is"),
    ({"shares": [float("nan")]}, "no JSON"), ({"shares": {1, 2}}, "no JSON"), (json.dumps({"shares": 1}), "needs 'shares'")])
def test_what_is_no_rule(digits, batch, returned, message):
    @signxai_cpp.rule("TestWrong")
    def wrong():
        return returned

    with pytest.raises(InvalidArgument, match=message):
        signxai_cpp.explain(digits, batch, "lrp", rule="TestWrong")


def test_numbers_of_numpy_are_numbers(digits, batch):
    @signxai_cpp.rule("TestNumPy")
    def of_numpy():
        return {"shares": [{"terms": [{"bias": "all"}], "epsilon": np.float32(0.5)}]}

    expect_equal(signxai_cpp.explain(digits, batch, "lrp", rule="TestNumPy"), signxai_cpp.explain(digits, batch, "lrp_epsilon_0_5"))


# -- compat -------------------------------------------------------------------------------------------------------------


def test_the_compatible_api_knows_them(digits, batch):
    from signxai_cpp.compat.methods.innvestigate import create_analyzer
    from signxai_cpp.compat.methods.wrappers import calculate_relevancemap, calculate_relevancemaps

    expected = np.asarray(signxai_cpp.explain(digits, batch, "test_mixed", weight=0.25))
    expect_equal(calculate_relevancemap("test_mixed", batch[0], digits, weight=0.25), expected[0])
    expect_equal(calculate_relevancemaps("test_mixed", batch, digits, weight=0.25), expected)

    @signxai_cpp.method("test_grad_cam_x_sign")  # no product, although it is called so
    def product(call):
        return call.x

    expect_equal(calculate_relevancemap("test_grad_cam_x_sign", batch[0], digits), batch[0])
    analyzer = create_analyzer("lrp", digits, rule="TestGamma")
    expect_equal(next(iter(analyzer.analyze(batch).values())), signxai_cpp.explain(digits, batch, "lrp", rule="TestGamma"))
    analyzer = create_analyzer("lrp.test_composite", digits, gamma=1.0)
    expect_equal(next(iter(analyzer.analyze(batch).values())), signxai_cpp.explain(digits, batch, "lrp.test_composite", gamma=1))
