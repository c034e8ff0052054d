"""Captum, on PyTorch. A method is gradient, epsilon:NUMBER, alpha1beta0, composite (alpha1beta0 for convolutions,
epsilon for dense layers) or smoothgrad:SAMPLES."""

import torch
import torch_networks as networks
from captum.attr import LRP, NoiseTunnel, Saliency
from captum.attr._utils.custom_modules import Addition_Module
from captum.attr._utils.lrp_rules import Alpha1_Beta0_Rule, EpsilonRule


def versions():
    from importlib import metadata

    return {"captum": metadata.version("captum"), "torch": torch.__version__}


def rule_of(module, name, epsilon):
    if isinstance(module, torch.nn.Conv2d) and name != "epsilon":
        return Alpha1_Beta0_Rule()
    if isinstance(module, torch.nn.Linear) and name == "alpha1beta0":
        return Alpha1_Beta0_Rule()
    return EpsilonRule(epsilon)


def with_rules(model, name, epsilon):
    for module in model.modules():
        if not list(module.children()) and not isinstance(module, torch.nn.ReLU):
            module.rule = rule_of(module, name, epsilon)
    return model


def prepare(network, method, samples, threads):
    torch.set_num_threads(threads)
    name, _, number = method.partition(":")
    model = networks.load(network, Addition_Module)
    x = networks.tensor(samples)
    with torch.no_grad():
        target = model(x).argmax(dim=1)
    if name == "gradient":
        saliency = Saliency(model)
        return lambda: networks.maps(saliency.attribute(x, target=target, abs=False))
    if name == "smoothgrad":
        tunnel = NoiseTunnel(Saliency(model))
        return lambda: networks.maps(
            tunnel.attribute(
                x,
                nt_type="smoothgrad",
                nt_samples=int(number),
                nt_samples_batch_size=1,
                stdevs=0.2,
                target=target,
                abs=False,
            )
        )
    lrp = LRP(with_rules(model, name, float(number or 1e-6)))
    return lambda: networks.maps(lrp.attribute(x, target=target))
