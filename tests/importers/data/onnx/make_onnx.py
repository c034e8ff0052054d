"""Makes the stored ONNX models of tests/importers/onnx/onnx_files_test.cpp with what onnxruntime and PyTorch compute for them:

    make parity-onnx; .deps/parity-onnx/bin/python tests/importers/data/onnx/make_onnx.py

NAME.npz holds samples x, outputs y, and the gradient g of output 1."""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import version_converter
from torch import nn

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[3] / "python" / "tests" / "live"))
from onnx_networks import Encoder, Recurrent, export, randomized


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1, bias=False), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        self.second = nn.Sequential(nn.Conv2d(6, 6, 3, 1, 1, groups=2), nn.ReLU6(), nn.Conv2d(6, 6, 1))
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        x = self.first(x)
        x = torch.relu(x + self.second(x))
        return self.head(nn.functional.adaptive_avg_pool2d(x, 1).flatten(1))


class Windows(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2, padding=(2, 1)), nn.PReLU(8), nn.AvgPool2d(3, 2, 1, ceil_mode=True),
            nn.ConvTranspose2d(8, 6, 4, stride=2, padding=1, output_padding=1, groups=2), nn.LeakyReLU(0.1), nn.GroupNorm(3, 6),
            nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(6, 8, 3, dilation=2), nn.ELU(),
            nn.MaxPool2d(3, 2, 1, ceil_mode=True), nn.Upsample(size=(9, 7), mode="nearest"), nn.PixelShuffle(2),
            nn.ConstantPad2d((1, 0, 2, 0), 0.5), nn.Conv2d(2, 4, (3, 2)), nn.Hardswish(), nn.Flatten())
        self.head = nn.Linear(4 * 18 * 14, 3)

    def forward(self, x):
        return self.head(self.body(x))


class Sequence(nn.Module):
    def __init__(self, kind, both):
        super().__init__()
        self.inner, self.head = Recurrent(kind, both), nn.Linear(4, 3)

    def forward(self, x):
        return self.head(torch.tanh(self.inner(x)))


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner, self.head = Encoder(), nn.Linear(5, 3)

    def forward(self, x):
        return self.head(self.inner(x))


# Network, shape of a sample, exporter (dynamo or not), version of the operators, converted to, fixed batch
CASES = {
    "residual7": (Residual, (3, 16, 14), False, 9, 7, False),
    "residual11": (Residual, (3, 16, 14), False, 11, None, True),
    "residual18": (Residual, (3, 16, 14), True, 18, None, False),
    "residual21": (Residual, (3, 16, 14), False, 20, 21, False),
    "windows14": (Windows, (3, 16, 14), False, 14, None, False),
    "lstm13": (lambda: Sequence(nn.LSTM, True), (5, 6), False, 13, None, False),
    "gru17": (lambda: Sequence(nn.GRU, False), (5, 6), False, 17, None, True),
    "attention14": (Attention, (6, 16), False, 14, None, False),
    "attention18": (Attention, (6, 16), True, 18, None, False),
}


def make(name, case):
    network_of, shape, dynamo, opset, target, fixed = case
    torch.manual_seed(5)
    network = randomized(network_of())
    path = str(HERE / f"{name}.onnx")
    export(network, shape, path, dynamo, opset, fixed)
    model = onnx.load(path)
    if target:
        model = version_converter.convert_version(model, target)
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for value in model.graph.value_info:
        del value.metadata_props[:]
    onnx.save(model, path)
    x = torch.randn((2, *shape), generator=torch.Generator().manual_seed(2), requires_grad=True)
    y = network(x)
    (g,) = torch.autograd.grad(y[:, 1].sum(), x)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for i in range(2):  # onnxruntime holds models to their batch
        found = session.run(None, {session.get_inputs()[0].name: x[i : i + 1].detach().numpy()})[0]
        assert np.allclose(found[0], y[i].detach().numpy(), atol=1e-5 * float(y.abs().max())), name
    np.savez_compressed(HERE / f"{name}.npz", x=x.detach().numpy(), y=y.detach().numpy(), g=g.numpy())
    print(name, model.opset_import[0].version, (HERE / f"{name}.onnx").stat().st_size)


for case in sys.argv[1:] or CASES:
    make(case, CASES[case])
