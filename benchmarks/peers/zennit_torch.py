"""zennit, on PyTorch. A method is gradient (no rules, PyTorch alone), epsilon:NUMBER, alpha1beta0, epsilon_plus or
smoothgrad:SAMPLES."""

import torch
import torch_networks as networks
from zennit.attribution import Gradient, SmoothGrad
from zennit.canonizers import SequentialMergeBatchNorm
from zennit.composites import EpsilonPlus, LayerMapComposite, layer_map_base
from zennit.layer import Sum
from zennit.rules import AlphaBeta, Epsilon
from zennit.types import Linear


class StackAndSum(torch.nn.Module):
    """Two branches added by zennit's layer, to which it has a rule."""

    def __init__(self):
        super().__init__()
        self.sum = Sum()

    def forward(self, a, b):
        return self.sum(torch.stack([a, b], dim=-1))


def versions():
    from importlib import metadata

    return {"zennit": metadata.version("zennit"), "torch": torch.__version__}


def composite(name, number):
    canonizers = [SequentialMergeBatchNorm()]
    if name == "epsilon_plus":
        return EpsilonPlus(canonizers=canonizers)
    rule = {"epsilon": lambda: Epsilon(float(number)), "alpha1beta0": lambda: AlphaBeta(1, 0)}[name]()
    return LayerMapComposite(layer_map_base() + [(Linear, rule)], canonizers=canonizers)


def prepare(network, method, samples, threads):
    torch.set_num_threads(threads)
    name, _, number = method.partition(":")
    plain = name in ("gradient", "smoothgrad")
    model = networks.load(network, networks.Add if plain else StackAndSum)
    x = networks.tensor(samples)
    with torch.no_grad():
        target = torch.nn.functional.one_hot(model(x).argmax(dim=1), 1000).float()
    if name == "smoothgrad":
        attributor = SmoothGrad(model, noise_level=0.1, n_iter=int(number))
    else:
        attributor = Gradient(model, composite=None if plain else composite(name, number))
    attributor.__enter__()  # rules are registered once

    return lambda: networks.maps(attributor(x, lambda output: target * (output if not plain else 1))[1])
