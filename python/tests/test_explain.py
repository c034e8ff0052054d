"""How explain() takes its arguments and what the result is."""

import pickle

import numpy as np
import pytest

import signxai_cpp as sx
from conftest import DIGITS, ROOT


def test_sample_and_batch(digits, batch):
    many = sx.explain(digits, batch, "lrp_z")
    one = sx.explain(digits, batch[1], "lrp_z")
    assert many.shape == batch.shape and many.targets.shape == many.scores.shape == (3,)
    assert one.shape == (28, 28, 1) and np.ndim(one.targets) == np.ndim(one.scores) == 0
    np.testing.assert_allclose(one, many[1], rtol=0, atol=1e-6 * np.abs(many[1]).max())
    assert one.targets == many.targets[1]


def test_several_methods_share_a_call(digits, batch):
    together = sx.explain(digits, batch, ["gradient", "lrp_z", "smoothgrad"])
    assert list(together.maps) == ["gradient", "lrp_z", "smoothgrad"]
    assert together.shape == (3, *batch.shape)
    for name, array in together.maps.items():
        np.testing.assert_allclose(array, sx.explain(digits, batch, name), rtol=1e-5, atol=1e-6)


def test_parameters_go_to_the_methods_that_take_them(digits, batch):
    shared = sx.explain(digits, batch, ["gradient", "integrated_gradients"], steps=4)
    own = sx.explain(digits, batch, {"gradient": {}, "integrated_gradients": {"steps": np.int32(4)}})
    default = sx.explain(digits, batch, "integrated_gradients")
    assert np.array_equal(shared["integrated_gradients"], own["integrated_gradients"])
    assert not np.allclose(shared["integrated_gradients"], default)
    with pytest.raises(ValueError, match="gradient takes .*lrp_epsilon_0_1 decides it|is a parameter of none"):
        sx.explain(digits, batch, ["gradient", "lrp_epsilon_0_1"], epsilon=0.2)


def test_targets(digits, batch):
    fixed = sx.explain(digits, batch, "gradient", target=3)
    each = sx.explain(digits, batch, "gradient", target=[3, np.int64(1), 4])
    array = sx.explain(digits, batch, "gradient", target=np.array([3, 1, 4], np.uint8))
    assert fixed.targets.tolist() == [3, 3, 3] and each.targets.tolist() == [3, 1, 4]
    assert np.array_equal(fixed[0], each[0]) and not np.array_equal(fixed[1], each[1])
    assert np.array_equal(array, each)
    np.testing.assert_allclose(each.scores, digits.predict(batch)[np.arange(3), [3, 1, 4]])
    contrast = sx.explain(digits, batch, "gradient", target="3-1")
    np.testing.assert_allclose(contrast, fixed - sx.explain(digits, batch, "gradient", target=1), atol=1e-5)
    assert contrast.targets.tolist() == [-1, -1, -1] and np.isnan(contrast.scores).all()
    top = sx.explain(digits, batch, "gradient", target="top:2")
    assert top.shape == (3, 2, 28, 28, 1) and top.targets.shape == top.scores.shape == (3, 2)
    assert (top.scores[:, 0] >= top.scores[:, 1]).all()
    assert sx.explain(digits, batch[0], "gradient", target="each").shape == (10, 28, 28, 1)


@pytest.mark.parametrize("target", [10, -1, [1, 2], "no-such", 1.5, {"a": 1}, [[0.5]]])
def test_wrong_targets(digits, batch, target):
    with pytest.raises(sx.Error) as caught:
        sx.explain(digits, batch, "gradient", target=target)
    assert isinstance(caught.value, (ValueError, KeyError))


def test_acts_as_an_array(digits, batch):
    e = sx.explain(digits, batch, "lrp_z")
    raw = e.maps["lrp_z"]
    assert np.shares_memory(np.asarray(e), raw)
    assert e.dtype == np.float32 and e.ndim == 4 and len(e) == 3
    for found, expected in [
        (np.sum(e), raw.sum()), (e.sum(axis=-1), raw.sum(-1)), (np.abs(e), np.abs(raw)), (2 * e - 1, 2 * raw - 1),
        (-e, -raw), (e @ np.ones((1, 2), "f"), raw @ np.ones((1, 2), "f")), (np.moveaxis(e, 0, -1), np.moveaxis(raw, 0, -1)),
        (np.concatenate([e, e]), np.concatenate([raw, raw])), (e[..., 0], raw[..., 0]), (e > 0, raw > 0), (e / e.max(), raw / raw.max()),
        (np.mean(e, axis=(1, 2)), raw.mean((1, 2))), (np.asarray(e, np.float64), raw.astype(float)), (np.percentile(e, 99), np.percentile(raw, 99)),
    ]:
        assert np.array_equal(found, expected)
    assert np.array_equal(np.from_dlpack(e), raw)
    assert not hasattr(e, "no_such_thing")
    total = np.zeros_like(raw)
    total += e
    assert np.array_equal(total, raw)


def test_maps_of_different_shapes_are_no_one_array(digits, batch):
    last = [layer.name for layer in digits.layers if layer.class_name == "Conv2D"][-1]
    e = sx.explain(digits, batch, ["gradient", "grad_cam"], last_conv_layer_name=last, resize=False)
    assert e.maps["grad_cam"].shape != batch.shape
    with pytest.raises(ValueError, match="different shapes"):
        np.asarray(e)
    assert e["gradient"].shape == batch.shape
    with pytest.raises(KeyError, match="gradient"):
        e["gradiant"]


def test_several_inputs_and_outputs():
    model = sx.load(ROOT / "tests/golden/data/multi_input/model.h5")
    shapes = [port.shape for port in model.inputs]
    rng = np.random.default_rng(0)
    arrays = [rng.random((2, *shape), np.float32) for shape in shapes]
    names = [port.name for port in model.inputs]
    e = sx.explain(model, arrays, "gradient")
    assert list(e.maps) == [f"gradient/{name}" for name in names]
    by_name = sx.explain(model, dict(zip(names, arrays)), "gradient")
    assert all(np.array_equal(e.maps[key], by_name.maps[key]) for key in e.maps)
    assert [array.shape for array in sx.explain(model, [a[0] for a in arrays], "gradient").maps.values()] == shapes
    for wrong in (arrays[:1], dict(zip(names[:1], arrays)), {**dict(zip(names, arrays)), "more": arrays[0]}):
        with pytest.raises(ValueError, match="inputs"):
            sx.explain(model, wrong, "gradient")


def test_several_outputs():
    model = sx.load(ROOT / "tests/golden/data/multi_output/model.h5")
    x = np.random.default_rng(0).random((2, *model.inputs[0].shape), np.float32)
    assert len(model.predict(x)) == len(model.outputs) > 1
    e = sx.explain(model, x, "gradient")
    assert e.targets.shape == e.scores.shape == (2, len(e.explained))
    for column, name in enumerate(e.explained):
        np.testing.assert_allclose(e.scores[:, column], e.outputs[name].reshape(2, -1).max(axis=1))
    name = model.outputs[0].name
    assert sx.explain(model, x, "gradient", target=f"{name}:0").targets.tolist() == [0, 0]


def test_path_explainer_and_model_agree(digits, batch):
    expected = sx.explain(digits, batch, "lrp_z").maps["lrp_z"]
    assert np.array_equal(sx.explain(str(DIGITS), batch, "lrp_z"), expected)
    assert np.array_equal(sx.explain(sx.Explainer(DIGITS), batch, "lrp_z"), expected)
    sound = sx.explain(digits, batch, "lrp_alpha_2_beta_1", semantics="sound")
    assert not np.array_equal(sound, sx.explain(digits, batch, "lrp_alpha_2_beta_1"))


def test_double_precision(digits, batch):
    exact = sx.Explainer(digits, backend="reference").explain(batch, "lrp_z").maps["lrp_z"]
    found = sx.explain(digits, batch, "lrp_z").maps["lrp_z"]
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-4 * np.abs(exact).max())
    assert (found != exact).any()


def test_compiled_form_is_kept(digits, batch):
    sx.explain(digits, batch, "lrp_epsilon_0_7")
    assert sx.explain(digits, batch, "lrp_epsilon_0_7").compile_seconds == 0


def test_notes(digits, batch):
    e = sx.explain(digits, batch, "lrp_gamma" if "lrp_gamma" in sx.methods() else "lrp_alpha_2_beta_1")
    assert any("softmax" in note for note in e.notes)


def test_pickle(digits, batch):
    e = pickle.loads(pickle.dumps(sx.explain(digits, batch, "lrp_z")))
    assert e.shape == batch.shape and e.targets.shape == (3,)
    assert pickle.loads(pickle.dumps(digits)).inputs[0].shape == (28, 28, 1)
    error = pickle.loads(pickle.dumps(sx.errors.InvalidArgument("m", "s", "t")))
    assert str(error) == "[s] t: m"


def test_methods_and_describe():
    assert len(sx.methods()) > 100
    info = sx.describe("lrp_epsilon_0_033")
    assert info.fixed["epsilon"] == 0.033 and info.base == "lrp" and info.description
    assert {p.name for p in sx.describe("smoothgrad").parameters} >= {"augment_by_n", "noise_scale"}
    with pytest.raises(ValueError, match="lrp_z"):
        sx.describe("lrp_zz")


def test_public_names():
    assert len(sx.__all__) <= 15
    assert all(hasattr(sx, name) and getattr(sx, name).__doc__ for name in sx.__all__)


def test_ledger(digits, batch):
    e = sx.explain(digits, batch, ["lrp_epsilon_0_1", "gradient"], ledger=True)
    accounts = e.ledger["lrp_epsilon_0_1"]
    assert list(e.ledger) == ["lrp_epsilon_0_1", "gradient"] and accounts.put_in.shape == (3,)
    lost = sum(row.bias + row.epsilon + row.other for row in accounts.rows)
    np.testing.assert_allclose(accounts.arrived + lost, accounts.put_in, rtol=1e-4)
    np.testing.assert_allclose(accounts.arrived, e["lrp_epsilon_0_1"].sum(axis=(1, 2, 3)), rtol=1e-3, atol=1e-4)
    one = sx.explain(digits, batch[1], "lrp_epsilon_0_1", ledger=True).ledger["lrp_epsilon_0_1"]
    np.testing.assert_allclose(one.put_in, accounts.put_in[1], rtol=1e-5)
    assert sx.explain(digits, batch, "lrp_z").ledger == {}
    top = sx.explain(digits, batch, "lrp_z", "top:2", ledger=True).ledger["lrp_z"]
    assert top.put_in.shape == top.rows[0].incoming.shape == (3, 2)
    with pytest.raises(ValueError, match="ledger"):
        sx.explain(digits, batch, "smoothgrad", ledger=True)


def test_max_memory(digits, batch):
    many = np.concatenate([batch] * 8)
    free = sx.explain(digits, many, "lrp_z")
    limited = sx.explain(digits, many, "lrp_z", max_memory="8M")
    np.testing.assert_allclose(limited, free, rtol=1e-4, atol=1e-6)
    with pytest.raises(MemoryError, match="memory"):
        sx.explain(digits, many, "lrp_z", max_memory=1000)
    for wrong in (0, -5, "8 apples"):
        with pytest.raises(ValueError, match="max_memory"):
            sx.explain(digits, many, "lrp_z", max_memory=wrong)
