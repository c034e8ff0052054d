"""Networks of keras.applications in PyTorch, with the weights of a Keras HDF5 file. Layers with rules are modules, each
used once, as zennit and Captum need it; others are not, as Captum needs it. How branches are added is theirs to say."""

import pathlib

import h5py
import numpy as np
import torch
from torch import nn

RESNET50 = [(64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)]  # filters, blocks, stride of each stage
VGG16 = [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)]


def find_arrays(file):
    """{layer: {"kernel": array, ...}}"""
    layers = {}

    def visit(path, item):
        if isinstance(item, h5py.Dataset):
            parts = path.split("/")
            layers.setdefault(parts[-2], {})[parts[-1].split(":")[0]] = np.asarray(item)

    file["model_weights"].visititems(visit)
    return layers


class Weights:
    """Makes layers that hold the weights of the file."""

    def __init__(self, path):
        with h5py.File(path, "r") as file:
            self.layers = find_arrays(file)

    def array(self, layer, name):
        return nn.Parameter(torch.from_numpy(np.ascontiguousarray(self.layers[layer][name])), requires_grad=False)

    def conv(self, layer, stride=1, padding=0):
        kernel = np.transpose(self.layers[layer]["kernel"], (3, 2, 0, 1))
        conv = nn.Conv2d(kernel.shape[1], kernel.shape[0], kernel.shape[2:], stride, padding, device="meta")
        conv.weight = nn.Parameter(torch.from_numpy(np.ascontiguousarray(kernel)), requires_grad=False)
        conv.bias = self.array(layer, "bias")
        return conv

    def dense(self, layer, flattened=None):
        """`flattened`: (rows, columns, channels) of what was flattened before it, which PyTorch has channels first."""
        kernel = self.layers[layer]["kernel"]
        if flattened:
            kernel = kernel.reshape(*flattened, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)
        dense = nn.Linear(*kernel.shape, device="meta")
        dense.weight = nn.Parameter(torch.from_numpy(np.ascontiguousarray(kernel.T)), requires_grad=False)
        dense.bias = self.array(layer, "bias")
        return dense

    def norm(self, layer):
        norm = nn.BatchNorm2d(len(self.layers[layer]["gamma"]), eps=1.001e-5)
        norm.weight, norm.bias = self.array(layer, "gamma"), self.array(layer, "beta")
        norm.running_mean = self.array(layer, "moving_mean").data
        norm.running_var = self.array(layer, "moving_variance").data
        return norm


class Classifier(nn.Module):
    """Convolutional layers, and dense ones behind them."""

    def __init__(self, features, dense):
        super().__init__()
        self.features, self.dense = nn.Sequential(*features), nn.Sequential(*dense)

    def forward(self, x):
        return self.dense(torch.flatten(self.features(x), 1))


def vgg16(weights, _make_sum):
    layers = []
    for block, (_filters, count) in enumerate(VGG16, 1):
        for i in range(1, count + 1):
            layers += [weights.conv(f"block{block}_conv{i}", padding=1), nn.ReLU()]
        layers.append(nn.MaxPool2d(2))
    return Classifier(
        layers,
        [weights.dense("fc1", (7, 7, 512)), nn.ReLU(), weights.dense("fc2"), nn.ReLU(), weights.dense("predictions")],
    )


class Bottleneck(nn.Module):
    """Keras's: the stride is that of the first convolution."""

    def __init__(self, weights, name, stride, projected, add):
        super().__init__()
        self.shortcut = None
        if projected:
            self.shortcut = nn.Sequential(weights.conv(f"{name}_0_conv", stride), weights.norm(f"{name}_0_bn"))
        self.branch = nn.Sequential(
            weights.conv(f"{name}_1_conv", stride),
            weights.norm(f"{name}_1_bn"),
            nn.ReLU(),
            weights.conv(f"{name}_2_conv", padding=1),
            weights.norm(f"{name}_2_bn"),
            nn.ReLU(),
            weights.conv(f"{name}_3_conv"),
            weights.norm(f"{name}_3_bn"),
        )
        self.add, self.relu = add, nn.ReLU()

    def forward(self, x):
        return self.relu(self.add(self.shortcut(x) if self.shortcut else x, self.branch(x)))


def resnet50(weights, make_sum):
    layers = [
        weights.conv("conv1_conv", stride=2, padding=3),
        weights.norm("conv1_bn"),
        nn.ReLU(),
        nn.MaxPool2d(3, 2, padding=1),
    ]
    for stage, (_filters, count, stride) in enumerate(RESNET50, 2):
        for block in range(1, count + 1):
            name = f"conv{stage}_block{block}"
            layers.append(Bottleneck(weights, name, stride if block == 1 else 1, block == 1, make_sum()))
    return Classifier([*layers, nn.AdaptiveAvgPool2d(1)], [weights.dense("predictions")])


NETWORKS = {"vgg16": vgg16, "resnet50": resnet50}


class Add(nn.Module):
    def forward(self, a, b):
        return a + b


def load(path, make_sum=Add):
    """The network of an HDF5 file, which is named after its architecture."""
    name = pathlib.Path(path).stem
    if name not in NETWORKS:
        raise ValueError(f"{name}: not in PyTorch here; there are {', '.join(NETWORKS)}")
    return NETWORKS[name](Weights(path), make_sum).eval()


def tensor(samples):
    """(number, rows, columns, channels) as PyTorch has it."""
    return torch.from_numpy(np.ascontiguousarray(np.transpose(samples, (0, 3, 1, 2))))


def maps(relevance):
    return np.transpose(relevance.detach().numpy(), (0, 2, 3, 1))
