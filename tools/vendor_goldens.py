#!/usr/bin/env python3
"""Makes the compact goldens of tests/golden/data and tests/methods/data.

    tools/vendor_goldens.py GOLDENS_DIR REFERENCE_DIR

GOLDENS_DIR holds the full set: one folder per case with the model and golden.h5, and expected.json. REFERENCE_DIR holds
methods.json, golden_conv.json and SEMANTICS.md with its table of conformance vectors.

Needs numpy and h5py. The same inputs and library versions give the same bytes. Nothing is computed here: maps are
copied as they are, equal ones are stored once.
"""
import json
import pathlib
import re
import shutil
import sys

import h5py
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = ROOT / "tests" / "golden" / "data"

# Every map of these is kept.
WHOLE_CASES = [
    "inception_mini", "densenet_mini", "dead_relu",
    "dead_relu_zero_logits", "ties", "zero_input", "zero_input_bias", "regression_mlp", "sigmoid_binary",
    "merge_add_only", "textcnn", "transformer_mini",
]
# Of these, one map per family of methods: names that differ in their numbers alone are one family.
SAMPLED_CASES = [
    "digits_mlp", "digits_cnn", "digits_cnn_bn", "digits_resnet", "vgg_mini", "vgg_places_mini", "resnet_mini", "conv1d_ecg",
    "ecg_simulated", "activations_zoo", "bn_first", "bn_nocenter", "conv3d_mini", "conv_transpose", "efficientnet_mini", "locally_connected", "merge_zoo",
    "mobilenet_dense", "mobilenet_mini", "multi_input", "multi_output", "nested_model", "separable_conv", "shared_layer",
    "strides_padding_dilation_zoo", "lstm_mini", "gru_mini", "simplernn_mini", "bilstm_mini",
]
# Models whose architecture and weights are also kept apart, to read that format.
SPLIT_MODELS = ["conv1d_ecg"]
# Small models that are kept as .keras files too, of Keras 2.12 and, where there is one, of Keras 3.
ARCHIVED_MODELS = ["bilstm_mini", "merge_add_only", "multi_output", "nested_model", "regression_mlp", "separable_conv", "shared_layer", "textcnn", "transformer_mini"]
ARCHIVES = ["model.keras", "model_keras3.keras"]

COMPRESS_FROM = 2048  # elements; below, a chunk's bookkeeping costs more than it saves


def family(call):
    """Calls that differ only in numbers share a family."""
    numbers = r"neg_\d+(_\d+)*|\d+(_\d+)*"
    method = re.sub(numbers, "#", call["method"])
    kwargs = sorted((k, v if isinstance(v, str) else "#") for k, v in call["kwargs"].items())
    return call["path"].split("/")[1], method, tuple(kwargs), isinstance(call["target"], list)


def sampled(calls):
    """The middle member of each family, in the order of the calls."""
    members = {}
    for call in calls:
        members.setdefault(family(call), []).append(call)
    chosen = {group[len(group) // 2]["label"] for group in members.values()}
    return [call for call in calls if call["label"] in chosen]


def write_array(out, path, values):
    values = np.ascontiguousarray(values, dtype="<f4")
    options = {}
    if values.size >= COMPRESS_FROM:
        options = {"chunks": values.shape, "compression": "gzip", "compression_opts": 9, "shuffle": True}
    out.create_dataset(path, data=values, track_times=False, **options)


def call_line(call, path):
    """A call as expected.json has it, without what is the default, its map possibly shared with another call."""
    line = {"label": call["label"], "path": path, "method": call["method"]}
    defaults = {"kwargs": {}, "target": "max", "tolerance": 0.0001, "absolute": 0.0}
    line.update({key: call[key] for key, fallback in defaults.items() if call[key] != fallback})
    return line


def write_goldens(path, arrays, calls, maps):
    """Writes golden.h5; returns the calls with the paths under which their maps are found there."""
    stored, lines = {}, []
    with h5py.File(path, "w", libver=("earliest", "v110")) as out:
        for name, values in arrays.items():
            write_array(out, name, values)
        for call in calls:
            values = np.ascontiguousarray(maps[call["label"]], dtype="<f4")
            key = (values.shape, values.tobytes())
            if key not in stored:
                stored[key] = call["path"]
                write_array(out, call["path"], values)
            lines.append(call_line(call, stored[key]))
    return lines


def vendor_case(goldens, case, expected):
    source, target = goldens / case, DATA / case
    target.mkdir(parents=True)
    files = ["model.h5"] + (["model.json", "weights.h5"] if case in SPLIT_MODELS else [])
    if case in ARCHIVED_MODELS:
        files += [name for name in ARCHIVES if (source / name).exists()]
    for name in files:
        shutil.copyfile(source / name, target / name)
    calls = expected["calls"]
    if case in SAMPLED_CASES:
        calls = sampled(calls)
    with h5py.File(source / "golden.h5", "r") as golden:
        arrays = {}
        for name in ("input", "output", "logits"):  # groups where the network has several inputs or outputs
            if isinstance(golden.get(name), h5py.Group):
                arrays.update({f"{name}/{part}": golden[name][part][()] for part in golden[name]})
            elif name in golden:
                arrays[name] = golden[name][()]
        maps = {call["label"]: golden[call["path"]][()] for call in calls}
    lines = write_goldens(target / "golden.h5", arrays, calls, maps)
    return {"files": files, "calls": lines}


# ----------------------------------------------------------------------------------------------------------------------
# The conformance vectors, as cases of the same form. Their networks come as numbers and are written as Keras files.


def keras_layer(name, class_name, config, previous):
    inbound = [[[previous, 0, 0, {}]]] if previous else []
    return {"class_name": class_name, "config": {"name": name, **config}, "name": name, "inbound_nodes": inbound}


def write_keras_model(path, layers):
    """layers: (name, class name, config, [(weight name, array)]), each fed by the one before."""
    configs = [keras_layer(name, class_name, config, layers[i - 1][0] if i else None)
               for i, (name, class_name, config, _) in enumerate(layers)]
    model = {"class_name": "Functional",
             "config": {"name": "model", "layers": configs, "input_layers": [[layers[0][0], 0, 0]],
                        "output_layers": [[layers[-1][0], 0, 0]]}}
    with h5py.File(path, "w", libver=("earliest", "v110")) as out:
        out.attrs["keras_version"], out.attrs["backend"] = "2.12.0", "tensorflow"
        out.attrs["model_config"] = json.dumps(model)
        root = out.create_group("model_weights")
        root.attrs["layer_names"] = [name.encode() for name, _, _, _ in layers]
        for name, _, _, weights in layers:
            group = root.create_group(name)
            group.attrs["weight_names"] = [f"{name}/{weight}:0".encode() for weight, _ in weights]
            for weight, values in weights:
                group.create_dataset(f"{name}/{weight}:0", data=np.asarray(values, "<f4"), track_times=False)


def semantics_vectors(text):
    """(method, kwargs, selection, values) of each row of the table of section 13."""
    section = text[text.index("## 13. Conformance vectors"):text.index("## 14.")]
    options = {"steps=5": ("steps", 5), "SIGN": ("input_layer_rule", "SIGN"), "Z": ("input_layer_rule", "Z"),
               "WSquare": ("input_layer_rule", "WSquare"), "Flat": ("input_layer_rule", "Flat")}
    number = {"lrp.epsilon": "epsilon", "lrp.epsilon_IB": "epsilon", "lrp.stdxepsilon": "stdfactor", "lrp.gamma": "gamma",
              "lrp.sequential_composite_a": "epsilon"}
    for row in re.findall(r"^\| ([a-z][^|]*) \| (\d|max) \| ([^|]*) \|$", section, re.MULTILINE):
        if "Bounded" in row[0]:
            continue  # rounding noise in the reference
        method, *rest = row[0].replace("+", " ").split()
        kwargs = {}
        for word in rest:
            if word in options:
                kwargs[options[word][0]] = options[word][1]
            elif word == "SIGNmu":
                kwargs["input_layer_rule"] = word
            elif kwargs.get("input_layer_rule") == "SIGNmu":
                kwargs["mu"] = float(word)
            else:
                kwargs[number[method]] = float(word)
        yield method, kwargs, row[1], [float(v) for v in row[2].split(",")]


def vendor_semantics(reference):
    w1 = [[.5, -1, .25], [1, .5, -.75], [-.5, 2, 1], [.25, -.25, .5]]
    w2 = [[1, -.5, .25], [-1, .75, .5], [.5, .25, -1]]
    dense = {"units": 3, "use_bias": True}
    layers = [("input", "InputLayer", {"batch_input_shape": [None, 4], "dtype": "float32"}, []),
              ("hidden", "Dense", {**dense, "activation": "relu"}, [("kernel", w1), ("bias", [.1, -.2, .3])]),
              ("logits", "Dense", {**dense, "activation": "linear"}, [("kernel", w2), ("bias", [.05, -.1, .2])])]
    calls, maps = [], {}
    for method, kwargs, selection, values in semantics_vectors((reference / "SEMANTICS.md").read_text(encoding="utf-8")):
        label = "/".join([method, *(f"{k}={v}" for k, v in kwargs.items()), selection])
        target = "max" if selection == "max" else int(selection)
        # Six digits were printed, so half a unit in the sixth place of the map's largest entry may be missing.
        calls.append({"label": label, "path": "/maps/" + label.replace("/", "@"), "method": method, "kwargs": kwargs,
                      "target": target, "tolerance": 2e-5, "absolute": 0.0})
        maps[label] = [values]
    arrays = {"input": [[1, -.5, 0, 2]], "logits": [[1.6125, .08125, -1.575]]}
    return vendor_vectors("semantics_dense", layers, arrays, calls, maps)


def vendor_conv(reference):
    source = json.loads((reference / "golden_conv.json").read_text(encoding="utf-8"))
    layers = [("in", "InputLayer", {"batch_input_shape": [None, *source["x_shape"]], "dtype": "float32"}, [])]
    for layer in source["layers"][1:]:
        weights = [(role, np.reshape(w["data"], w["shape"])) for role, w in zip(("kernel", "bias"), layer["weights"])]
        layers.append((layer["name"], layer["class"], layer["config"], weights))
    calls, maps = [], {}
    for result in source["results"]:
        name = result["name"]
        if name.startswith("zblrp"):
            continue  # the reference's Bounded rule gives rounding noise
        eight_bit = name.startswith("grad_cam")
        for key, target in (("sel_1", 1), ("sel_max", "max")):
            label = f"{name}/{key}"
            calls.append({"label": label, "path": f"/maps/{key}/{name}", "method": name, "kwargs": result["extra"],
                          "target": target, "absolute": 1.0 if eight_bit else 0.0,
                          "tolerance": 0.02 if name.startswith("guided_grad_cam") else 1e-4})
            maps[label] = np.reshape(result[key], [1, *source["x_shape"]])
    arrays = {"input": np.reshape(source["x"], [1, *source["x_shape"]]), "output": [source["output"]]}
    return vendor_vectors("semantics_conv", layers, arrays, calls, maps)


def vendor_vectors(case, layers, arrays, calls, maps):
    target = DATA / case
    target.mkdir(parents=True)
    write_keras_model(target / "model.h5", layers)
    return {"files": ["model.h5"], "calls": write_goldens(target / "golden.h5", arrays, calls, maps)}


def write_expected(cases):
    """One call per line, so that a change shows as a line."""
    blocks = []
    for case, entry in cases.items():
        lines = ",\n".join("  " + json.dumps(call) for call in entry["calls"])
        blocks.append(f'"{case}": {{"files": {json.dumps(entry["files"])}, "calls": [\n{lines}]}}')
    (DATA / "expected.json").write_text("{\n" + ",\n".join(blocks) + "\n}\n", encoding="utf-8")


def vendor_methods(reference):
    methods = json.loads((reference / "methods.json").read_text(encoding="utf-8"))["methods"]
    rows = [{key: m[key] for key in ("name", "base", "params", "input_rule", "needs", "post")} for m in methods]
    target = ROOT / "tests" / "methods" / "data"
    target.mkdir(parents=True, exist_ok=True)
    body = ",\n".join(" " + json.dumps(row) for row in rows)
    (target / "methods.json").write_text(f"[\n{body}\n]\n", encoding="utf-8")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    goldens, reference = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    expected = json.loads((goldens / "expected.json").read_text(encoding="utf-8"))
    if DATA.exists():
        shutil.rmtree(DATA)
    cases = {"semantics_dense": vendor_semantics(reference), "semantics_conv": vendor_conv(reference)}
    for case in sorted(WHOLE_CASES + SAMPLED_CASES):
        cases[case] = vendor_case(goldens, case, expected[case])
    write_expected(cases)
    vendor_methods(reference)
    total = sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file())
    calls = sum(len(entry["calls"]) for entry in cases.values())
    print(f"{len(cases)} cases, {calls} calls, {total / 1e6:.1f} MB in {DATA.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
