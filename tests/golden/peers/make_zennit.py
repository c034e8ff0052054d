"""Maps of zennit's composites: make_zennit.py writes zennit.h5 beside itself. Versions: README.md.

Relevance begins with the value of the explained output, as everywhere in this library; ONES_SEED begins with 1.
"""
import importlib.metadata
import pathlib

import h5py
import numpy
import torch
from zennit.attribution import Gradient
from zennit.canonizers import NamedMergeBatchNorm
from zennit.composites import (EpsilonAlpha2Beta1, EpsilonAlpha2Beta1Flat, EpsilonGammaBox, EpsilonPlus,
                               EpsilonPlusFlat, LayerMapComposite, SpecialFirstLayerMapComposite, layer_map_base)
from zennit.rules import AlphaBeta, Epsilon, Flat, Gamma, WSquare, ZBox, ZPlus
from zennit.types import Convolution, Linear

import torch_networks

HERE = pathlib.Path(__file__).parent
CASES = ("digits_cnn", "vgg_mini", "merge_add_only", "conv1d_ecg", "digits_cnn_bn", "digits_resnet")
TARGETS = (0, 1)  # of the first and of the second sample


def own(first, conv, dense):
    return lambda canonizers: SpecialFirstLayerMapComposite(
        first_map=[(Linear, first)], canonizers=canonizers,
        layer_map=layer_map_base() + [(Convolution, conv), (torch.nn.Linear, dense)])


COMPOSITES = {
    "epsilon_plus": lambda c: EpsilonPlus(canonizers=c),
    "epsilon_plus_flat": lambda c: EpsilonPlusFlat(canonizers=c),
    "epsilon_alpha2_beta1": lambda c: EpsilonAlpha2Beta1(canonizers=c),
    "epsilon_alpha2_beta1_flat": lambda c: EpsilonAlpha2Beta1Flat(epsilon=0.01, canonizers=c),
    "epsilon_gamma_box": lambda c: EpsilonGammaBox(low=-1.5, high=2.0, canonizers=c),
    "wsquare_gamma_plus": own(WSquare(), Gamma(0.5), ZPlus()),
    "epsilon_alphabeta_flat": own(Epsilon(0.1), AlphaBeta(1.5, 0.5, stabilizer=1e-3), Flat()),
}


def explain(network, x, composite, seed_with_one):
    maps = []
    for sample, target in zip(x, TARGETS):
        chosen = torch.zeros(network(sample[None]).shape, dtype=torch.float64)
        chosen[0, target] = 1
        seed = chosen if seed_with_one else (lambda output: chosen * output)
        with Gradient(model=network, composite=composite) as attributor:
            maps.append(attributor(sample[None], seed)[1])
    return torch.cat(maps)


def main():
    with h5py.File(HERE / "zennit.h5", "w", track_order=True) as file:
        file.attrs["versions"] = f"zennit {importlib.metadata.version('zennit')}, torch {torch.__version__}, numpy {numpy.__version__}"
        for case in CASES:
            network, x, to_keras = torch_networks.load(HERE.parent / "data" / case)
            for name, make in COMPOSITES.items():
                forms = {name: ([], False)}
                if network.batch_norms:
                    forms[name + "@merge_batch_norm=1"] = ([NamedMergeBatchNorm(network.batch_norms)], False)
                if name == "epsilon_plus":
                    forms[name + "@r_init=1"] = ([], True)
                for label, (canonizers, ones) in forms.items():
                    values = to_keras(explain(network, x, make(canonizers), ones))
                    file.create_dataset(f"{case}/{label}", data=values, compression="gzip", compression_opts=9)
                    print(case, label, numpy.abs(values).max(), flush=True)


if __name__ == "__main__":
    main()
