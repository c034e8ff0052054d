#!/usr/bin/env python3
"""Writes VGG16 (Simonyan and Zisserman 2015) with seeded random weights as a Keras 2 HDF5 file of 553 MB.

    make_vgg16.py OUT.h5

The layers and names are those of keras.applications; weights are He-scaled, so that activations keep their size
through the network and about half of them are zero after each ReLU. Needs numpy and h5py.
"""
import json
import sys

import h5py
import numpy as np

BLOCKS = [(1, 2, 64), (2, 2, 128), (3, 3, 256), (4, 3, 512), (5, 3, 512)]


def common(name, **config):
    return {"name": name, "trainable": True, "dtype": "float32", **config}


def layers():
    """(class name, config, weight shapes) in order."""
    yield "InputLayer", {"batch_input_shape": [None, 224, 224, 3], "dtype": "float32", "sparse": False,
                         "ragged": False, "name": "input_1"}, None
    channels = 3
    for block, count, filters in BLOCKS:
        for i in range(1, count + 1):
            yield "Conv2D", common(f"block{block}_conv{i}", filters=filters, kernel_size=[3, 3], strides=[1, 1],
                                   padding="same", data_format="channels_last", dilation_rate=[1, 1], groups=1,
                                   activation="relu", use_bias=True), ((3, 3, channels, filters), (filters,))
            channels = filters
        yield "MaxPooling2D", common(f"block{block}_pool", pool_size=[2, 2], padding="valid", strides=[2, 2],
                                     data_format="channels_last"), None
    yield "Flatten", common("flatten", data_format="channels_last"), None
    for name, rows, units, activation in [("fc1", 25088, 4096, "relu"), ("fc2", 4096, 4096, "relu"),
                                          ("predictions", 4096, 1000, "softmax")]:
        yield "Dense", common(name, units=units, activation=activation, use_bias=True), ((rows, units), (units,))


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    rng = np.random.default_rng(16)
    config, previous = [], None
    with h5py.File(sys.argv[1], "w") as file:
        group = file.create_group("model_weights")
        names = []
        for class_name, values, shapes in layers():
            name = values["name"]
            inbound = [[[previous, 0, 0, {}]]] if previous else []
            config.append({"class_name": class_name, "config": values, "name": name, "inbound_nodes": inbound})
            previous = name
            names.append(name.encode())
            layer = group.create_group(name)
            if shapes is None:
                layer.attrs["weight_names"] = np.array([], dtype="S1")
                continue
            kernel, bias = shapes
            weights = rng.standard_normal(kernel, dtype=np.float32)
            weights *= np.float32(np.sqrt(2.0 / np.prod(kernel[:-1])))
            layer[f"{name}/kernel:0"] = weights
            layer[f"{name}/bias:0"] = rng.standard_normal(bias, dtype=np.float32) * np.float32(0.05)
            layer.attrs["weight_names"] = np.array([f"{name}/kernel:0".encode(), f"{name}/bias:0".encode()])
        group.attrs["layer_names"] = np.array(names)
        group.attrs["backend"] = b"tensorflow"
        group.attrs["keras_version"] = b"2.12.0"
        model = {"class_name": "Functional", "config": {
            "name": "vgg16", "trainable": True, "layers": config,
            "input_layers": [["input_1", 0, 0]], "output_layers": [[previous, 0, 0]]}}
        file.attrs["model_config"] = json.dumps(model).encode()
        file.attrs["keras_version"] = b"2.12.0"
        file.attrs["backend"] = b"tensorflow"


if __name__ == "__main__":
    main()
