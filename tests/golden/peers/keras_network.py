"""Networks written down as Keras 3 saves functional models, without Keras: layers, the calls between them, weights in the
order of the file. What is written is read by the library, and the peers compute the same from the same weights."""
import json

import h5py
import numpy


class Network:
    def __init__(self, name="net"):
        self.name, self.layers, self.weights, self.shapes = name, [], {}, {}

    def input(self, shape):
        self.layers.append({"class_name": "InputLayer", "name": "x", "inbound_nodes": [],
                            "config": {"name": "x", "batch_shape": [None, *shape], "dtype": "float32"}})
        return "x"

    def tensor(self, name):
        return {"class_name": "__keras_tensor__", "config": {"shape": [None], "dtype": "float32", "keras_history": [name, 0, 0]}}

    def layer(self, class_name, inputs, config=None, weights=(), listed=False, operation=False, **named):
        """Adds a layer and gives its name. `weights` are pairs of name and array; `named` are arguments of the call,
        strings being tensors; `listed`: the inputs are one argument, a list; `operation`: on tensors (keras.ops)."""
        name = f"{class_name.lower()}_{len(self.layers)}"
        tensors = [self.tensor(i) for i in inputs]
        kwargs = {k: self.tensor(v) if isinstance(v, str) else v for k, v in named.items()}
        self.layers.append({"class_name": class_name, "name": name, "module": "keras.src.ops.numpy" if operation else "keras.layers", "config": {"name": name, **(config or {})},
                            "inbound_nodes": [{"args": [tensors] if listed else tensors, "kwargs": kwargs}]})
        self.weights[name] = [(k, numpy.asarray(v, numpy.float32)) for k, v in weights]
        return name

    def to_json(self):
        last = self.layers[-1]["name"]
        return json.dumps({"class_name": "Functional", "keras_version": "3.15.0", "backend": "torch", "config": {
            "name": self.name, "layers": self.layers, "input_layers": [["x", 0, 0]], "output_layers": [[last, 0, 0]]}})

    def save(self, path):
        with h5py.File(path, "w") as file:
            file.attrs["keras_version"], file.attrs["backend"] = "3.15.0", "torch"
            file.attrs["model_config"] = self.to_json()
            groups = file.create_group("model_weights")
            groups.attrs["layer_names"] = [layer["name"] for layer in self.layers]
            for layer in self.layers:
                group = groups.create_group(layer["name"])
                entries = self.weights.get(layer["name"], [])
                group.attrs["weight_names"] = [f"{layer['name']}/{key}" for key, _ in entries]
                for key, values in entries:
                    group.create_dataset(f"{layer['name']}/{key}", data=values)
