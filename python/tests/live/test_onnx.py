"""ONNX files that PyTorch writes, by both of its exporters: outputs against onnxruntime, gradients against PyTorch's, relevance
against zennit's where the definitions are the same. PARITY_ONNX_SECONDS ends the sweep after so long, in a shuffled order."""

import os
import time
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

import signxai_cpp as sx
from onnx_networks import SMALL, export, network_of

warnings.filterwarnings("ignore")
torch.set_num_threads(2)
TARGET = 2
TOLERANCE = 1e-4
SAMPLES = 8
BEGAN = time.monotonic()
SECONDS = float(os.environ.get("PARITY_ONNX_SECONDS") or "inf")


@pytest.fixture(autouse=True)
def in_time():
    if time.monotonic() - BEGAN > SECONDS:
        pytest.skip("PARITY_ONNX_SECONDS are over")


def deviation(found, expected):
    assert found.shape == expected.shape
    return np.abs(np.asarray(found) - expected).max() / np.abs(expected).max()


def run(path, x):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0]


def gradient(network, x):
    x = x.double().requires_grad_()
    network(x)[:, TARGET].sum().backward()
    return x.grad.numpy()


@pytest.mark.parametrize("dynamo", [False, True], ids=["trace", "dynamo"])
@pytest.mark.parametrize("name", sorted(SMALL))
def test_network(name, dynamo, tmp_path):
    network, shape = network_of(name)
    path = tmp_path / f"{name}.onnx"
    export(network, shape, path, dynamo)
    x = torch.randn((SAMPLES, *shape), generator=torch.Generator().manual_seed(1))
    model = sx.load(str(path))
    assert deviation(model.predict(x.numpy()), run(path, x.numpy())) <= TOLERANCE
    # Single precision decides by rounding on which side of a kink some unit of a large network is, PyTorch's as ours: what is
    # computed wrongly agrees nowhere.
    found, expected = np.asarray(sx.explain(model, x.numpy(), "gradient", TARGET)), gradient(network.double(), x)
    near = [deviation(*pair) <= TOLERANCE for pair in zip(found, expected)]
    assert any(near), near


# What onnxruntime takes no file for, which then has nothing to be compared with: up-sampling of opset 9 is not PyTorch's.
REFUSALS = {
    "pads[dim + kernel_shape.size()] < kernel_shape": "pooling whose padding is as long as its window",
    "Scale value should be greater than or equal to 1": "up-sampling to fewer cells",
}


@pytest.mark.parametrize("fixed", [False, True], ids=["open", "fixed"])
@pytest.mark.parametrize("opset", [7, 9, 11, 13, 15, 17, 19, 20])
@pytest.mark.parametrize("name", ["alexnet", "resnet18", "mobilenet_v2", "decoder", "encoder", "vit"])
def test_opset(name, opset, fixed, tmp_path):
    network, shape = network_of(name)
    path = tmp_path / f"{name}.onnx"
    try:
        x = export(network, shape, path, False, opset, fixed)
    except (torch.onnx.errors.OnnxExporterError, ValueError, TypeError) as e:
        pytest.skip(f"PyTorch does not export it to {opset}: {type(e).__name__}")
    model = sx.load(str(path))
    try:
        expected = run(path, x.numpy())
    except Exception as e:  # onnxruntime's own types
        refused = [what for message, what in REFUSALS.items() if message in str(e)]
        assert refused, e
        pytest.skip(f"onnxruntime takes no {refused[0]}")
    assert deviation(model.predict(x.numpy()), expected) <= TOLERANCE


# Composite of zennit, and the method that is the same.
COMPOSITES = {
    "EpsilonPlus": "lrp.epsilon_plus",
    "EpsilonAlpha2Beta1": "lrp.epsilon_alpha2_beta1",
    "EpsilonPlusFlat": "lrp.epsilon_plus_flat",
    "EpsilonAlpha2Beta1Flat": "lrp.epsilon_alpha2_beta1_flat",
}


def zennit_map(network, composite, canonizers, x):
    from zennit import composites
    from zennit.attribution import Gradient

    target = torch.zeros(len(x), network(x).shape[1])
    target[:, TARGET] = network(x)[:, TARGET].detach()
    with Gradient(model=network, composite=getattr(composites, composite)(canonizers=canonizers)) as attributor:
        return attributor(x, target)[1].detach().numpy()


@pytest.mark.parametrize("dynamo", [False, True], ids=["trace", "dynamo"])
@pytest.mark.parametrize("composite", sorted(COMPOSITES))
@pytest.mark.parametrize("name", ["vgg16", "resnet18"])
def test_relevance_is_zennits(name, composite, dynamo, tmp_path):
    pytest.importorskip("zennit")
    from zennit.torchvision import ResNetCanonizer, VGGCanonizer

    network, shape = network_of(name)
    path = tmp_path / f"{name}.onnx"
    x = export(network, shape, path, dynamo)
    found = np.asarray(sx.explain(sx.load(str(path)), x.numpy(), COMPOSITES[composite], TARGET))
    canonizer = {"vgg16": VGGCanonizer, "resnet18": ResNetCanonizer}[name]
    expected = zennit_map(network, composite, [canonizer()], x.clone().requires_grad_())
    assert deviation(found, expected) <= TOLERANCE
