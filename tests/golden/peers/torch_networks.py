"""The networks of tests/golden/data as torch modules with the same weights, for the peers that need torch.

Values travel channels first between modules; the flattening goes back to channels last, so Dense kernels fit as they
are. Each Keras layer becomes one module of its name, its fused activation a second one, NAME__act. The softmax at the
end is left out. Double precision.
"""
import json

import h5py
import numpy
import torch
from torch import nn
from torch.nn import functional as F
from zennit.layer import Sum


def same_padding(size, kernel, stride):
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class Padded:
    """Mixed into convolutions and pooling: TensorFlow's padding 'same', which may be uneven, inside the layer."""

    fill = 0.0

    def padded(self, x):
        if not self.same:
            return x
        pads = []
        kernel = self.kernel_size if isinstance(self.kernel_size, tuple) else (self.kernel_size,) * (x.ndim - 2)
        stride = self.stride if isinstance(self.stride, tuple) else (self.stride,) * (x.ndim - 2)
        for size, k, s in zip(x.shape[:1:-1], kernel[::-1], stride[::-1]):
            pads += same_padding(size, k, s)
        return F.pad(x, pads, value=self.fill)

    def forward(self, x):
        return super().forward(self.padded(x))


class Conv1d(Padded, nn.Conv1d):
    pass


class Conv2d(Padded, nn.Conv2d):
    pass


class Flatten(nn.Module):
    def forward(self, x):
        return x.movedim(1, -1).flatten(1)


class Copy(nn.Module):
    def forward(self, x):
        return x.clone()


class Mean(nn.Module):
    """The merge layer Average."""

    def forward(self, x):
        return x.mean(dim=-1)


ACTIVATIONS = {"relu": nn.ReLU, "elu": nn.ELU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}


def tensor(array):
    return torch.tensor(numpy.asarray(array), dtype=torch.float64)


def convolution(config, weights):
    kernel = weights["kernel"]
    rank = kernel.ndim - 2
    made = (Conv1d if rank == 1 else Conv2d)(kernel.shape[-2], kernel.shape[-1], kernel.shape[:-2],
                                             tuple(config["strides"]), bias="bias" in weights)
    made.same = config["padding"] == "same"
    made.weight = nn.Parameter(tensor(numpy.moveaxis(kernel, (-1, -2), (0, 1))))
    if "bias" in weights:
        made.bias = nn.Parameter(tensor(weights["bias"]))
    return made


def dense(weights):
    made = nn.Linear(*weights["kernel"].shape, bias="bias" in weights)
    made.weight = nn.Parameter(tensor(weights["kernel"].T))
    if "bias" in weights:
        made.bias = nn.Parameter(tensor(weights["bias"]))
    return made


def batch_norm(config, weights, rank):
    size = len(weights["moving_mean"])
    # epsilon becomes part of the variance: zennit leaves it in the normalisations that it has merged, which are then no
    # identities, and so explains another network.
    made = (nn.BatchNorm1d if rank == 1 else nn.BatchNorm2d)(size, eps=0.0)
    made.weight = nn.Parameter(tensor(weights.get("gamma", numpy.ones(size))))
    made.bias = nn.Parameter(tensor(weights.get("beta", numpy.zeros(size))))
    made.running_mean, made.running_var = tensor(weights["moving_mean"]), tensor(weights["moving_variance"]) + config["epsilon"]
    return made


def pooling(kind, config):
    rank = int(kind[-2])
    size, stride = config["pool_size"], config["strides"]
    if config["padding"] == "same":  # only where it is even, as torch has no other
        pad = (size[0] - 1) // 2
    else:
        pad = 0
    if kind.startswith("Max"):
        return (nn.MaxPool1d if rank == 1 else nn.MaxPool2d)(tuple(size), tuple(stride), pad)
    return (nn.AvgPool1d if rank == 1 else nn.AvgPool2d)(tuple(size), tuple(stride), pad, count_include_pad=False)


def module_of(kind, config, weights, rank):
    if kind in ("Conv1D", "Conv2D"):
        return convolution(config, weights)
    if kind == "Dense":
        return dense(weights)
    if kind == "BatchNormalization":
        return batch_norm(config, weights, rank)
    if kind in ("MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D"):
        return pooling(kind, config)
    if kind.startswith("GlobalAveragePooling"):
        return nn.Sequential((nn.AdaptiveAvgPool1d if rank == 1 else nn.AdaptiveAvgPool2d)(1), nn.Flatten())
    simple = {"Flatten": Flatten, "Add": Sum, "Average": Mean, "ReLU": nn.ReLU, "Dropout": nn.Identity}
    if kind == "Activation":
        return ACTIVATIONS[config["activation"]]()
    return simple[kind]()


class Network(nn.Module):
    """A Keras network; `batch_norms` lists (convolution, normalisation) that follow each other directly.

    With `copies` a copy stands before each max pooling, so that its input is no other module's output.
    """

    def __init__(self, path, copies):
        super().__init__()
        self.copies = copies
        with h5py.File(path, "r") as file:
            document = json.loads(file.attrs["model_config"])["config"]
            weights = {name: self.read(group) for name, group in file["model_weights"].items()}
        self.steps, self.batch_norms, last = [], [], None
        layers = document["layers"]
        rank = len(layers[0]["config"]["batch_input_shape"]) - 2
        for layer in layers:
            kind, config = layer["class_name"], layer["config"]
            name = config["name"]
            nodes = layer.get("inbound_nodes") or []
            sources = [node[0] for node in nodes[0]] if nodes else [last]
            self.append(kind, config, weights.get(name, {}), rank, sources, layer is layers[-1])
            if kind == "BatchNormalization":
                self.batch_norms.append(([sources[0]], name))
            last = name
        self.double().eval()

    @staticmethod
    def read(group):
        found = {}
        group.visititems(lambda path, item: found.update({path.split("/")[-1].split(":")[0]: item[()]})
                         if isinstance(item, h5py.Dataset) else None)
        return found

    def append(self, kind, config, weights, rank, sources, last):
        name, activation = config["name"], config.get("activation", "linear")
        if kind == "InputLayer":
            self.steps.append((None, None, name))
            return
        if kind == "Softmax" or (kind == "Activation" and activation == "softmax" and last):
            self.steps.append((nn.Identity(), sources, name))
            return
        module = module_of(kind, config, weights, rank)
        if self.copies and kind.startswith("MaxPooling"):
            module = nn.Sequential(Copy(), module)
        self.add_module(name, module)
        self.steps.append((module, sources, name))
        if kind != "Activation" and activation not in ("linear", "softmax"):
            extra = ACTIVATIONS[activation]()
            self.add_module(name + "__act", extra)
            self.steps.append((extra, [name], name))

    def forward(self, x):
        values = {}
        for module, sources, name in self.steps:
            if module is None:
                values[name] = x
            elif len(sources) > 1:
                values[name] = module(torch.stack([values[s] for s in sources], dim=-1))
            else:
                values[name] = module(values[sources[0]])
        return values[self.steps[-1][2]]


def load(folder, copies=False):
    """The network, its inputs channels first, and a function that brings a map back to channels last."""
    network = Network(f"{folder}/model.h5", copies)
    with h5py.File(f"{folder}/golden.h5", "r") as file:
        inputs, logits = tensor(file["input"][()]).movedim(-1, 1), file["logits"][()]
    found = network(inputs).detach().numpy()
    assert numpy.abs(found - logits).max() < 1e-4 * numpy.abs(logits).max(), "another network than the given one"
    return network, inputs, lambda value: value.detach().movedim(1, -1).numpy().astype("float32")
