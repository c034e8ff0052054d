"""Every call of the golden table through the package, against the maps of the reference package."""

import json

import h5py
import numpy as np
import pytest

import signxai_cpp
from conftest import ROOT

DATA = ROOT / "tests/golden/data"
TABLE = json.loads((DATA / "expected.json").read_text())
METHODS_PER_CALL = 32
TINY_DEVIATION = 1e-36  # maps of zeros


def unmet_calls():
    """Labels that tests/golden/golden_test.cpp leaves out, with the reasons there."""
    ties = ("", "neuron:", "direct:") if signxai_cpp._native.instruction_set() == "avx2" else ()
    return {
        *(("ties", f"{part}integrated_gradients") for part in ties),
        ("resnet_mini", "direct:lrp.alpha_1_beta_0@stop_mapping_at_layers=['r0_conv1'],neuron_selection=1"),
        ("activations_zoo", "direct:lrp.gamma"),
        ("efficientnet_mini", "direct:lrp.gamma@gamma=0.1"),
        *((name, "direct:vargrad@noise_scale=0,augment_by_n=3") for name in ("lstm_mini", "gru_mini", "bilstm_mini")),
    }


def left_out(name, call):
    split_head = name == "vgg_places_mini" and "lrp" in call["method"]
    with_head = call["path"].startswith(("/maps/", "/maps_corrected/"))
    pending = "f_init" in call.get("kwargs", {})
    return (name, call["label"]) in unmet_calls() or (split_head and with_head) or pending


def target_of(call, outputs):
    target = call.get("target")
    if not isinstance(target, dict):
        return None if target == "max" else target
    return f"{target['per']}:max" if len(outputs) > 1 else None


def deviation(found, golden, call):
    """The largest deviation of any sample as a fraction of what is allowed."""
    assert found.shape == golden.shape
    worst = 0.0
    for map_, expected in zip(found, golden):
        finite = np.isfinite(expected)
        assert np.array_equal(map_[~finite], expected[~finite], equal_nan=True)
        off = np.abs(map_.astype(float) - expected)[finite].max(initial=0.0)
        allowed = call.get("tolerance", 1e-4) * np.abs(expected.astype(float))[finite].max(initial=0.0) + call.get("absolute", 0)
        worst = max(worst, 0.0 if off < TINY_DEVIATION else off / allowed if allowed else np.inf)
    return worst


def read_inputs(file, model):
    if isinstance(file["input"], h5py.Dataset):
        return file["input"][()]
    return {port.name: file["input"][port.name][()] for port in model.inputs}


def grouped(calls):
    """Calls of the same target, none of a method twice, so that each group can be one explanation."""
    groups = []
    for call in calls:
        for group in groups:
            free = all(other["method"] != call["method"] for other in group)
            if free and group[0].get("target") == call.get("target") and len(group) < METHODS_PER_CALL:
                group.append(call)
                break
        else:
            groups.append([call])
    return groups


def maps_of(model, x, group, target):
    """Each call of a group with its map."""
    e = signxai_cpp.explain(model, x, {call["method"]: call.get("kwargs", {}) for call in group}, target)
    for call in group:
        place = call["target"]["per"] if isinstance(call.get("target"), dict) else None
        name = f"{call['method']}/{place}"
        yield call, e.maps[name if name in e.maps else call["method"]]


@pytest.mark.parametrize("name", sorted(name for name in TABLE if any(not left_out(name, call) for call in TABLE[name]["calls"])))
def test_maps(name):
    entry = TABLE[name]
    folder = DATA / name
    files = ["model.h5"] if "model.h5" in entry["files"] else ["model.json", "weights.h5"]
    model = signxai_cpp.load(*(folder / file for file in files))
    outputs = [port.name for port in model.outputs]
    calls = [call for call in entry["calls"] if not left_out(name, call)]
    with h5py.File(folder / "golden.h5") as file:
        x = read_inputs(file, model)
        found = [(call, map_) for group in grouped(calls) for call, map_ in maps_of(model, x, group, target_of(group[0], outputs))]
        worst = {call["label"]: deviation(map_, file[call["path"]][()], call) for call, map_ in found}
    assert len(worst) == len(calls)
    assert {label: value for label, value in worst.items() if value > 1} == {}


def test_outputs():
    for name in ("digits_cnn", "multi_output", "textcnn"):
        model = signxai_cpp.load(DATA / name / "model.h5")
        with h5py.File(DATA / name / "golden.h5") as file:
            found = model.predict(read_inputs(file, model))
            expected = file["output"]
            if isinstance(expected, h5py.Dataset):
                np.testing.assert_allclose(found, expected[()], atol=1e-5)
            else:
                for port, array in zip(model.outputs, found):
                    np.testing.assert_allclose(array, expected[port.name][()], atol=1e-5)
