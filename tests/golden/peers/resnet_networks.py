"""Residual networks of torchvision's blocks with random weights and statistics, as Keras networks and under zennit's
composites with its ResNetCanonizer, which merges batch normalisations into convolutions and makes a module of each sum.

The epsilon of a batch normalisation is part of its variance: zennit leaves it in place when it merges (README.md).
"""
import numpy
import torch
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck, resnet18
from zennit.attribution import Gradient
from zennit.composites import EpsilonAlpha2Beta1, EpsilonGammaBox, EpsilonPlus, EpsilonPlusFlat
from zennit.torchvision import ResNetCanonizer

from keras_network import Network

EPSILON = 1e-12
COMPOSITES = {
    "epsilon_plus": EpsilonPlus,
    "epsilon_plus_flat": EpsilonPlusFlat,
    "epsilon_alpha2_beta1": EpsilonAlpha2Beta1,
    "epsilon_gamma_box": lambda canonizers: EpsilonGammaBox(low=-3.0, high=3.0, canonizers=canonizers),
}


class Small(nn.Module):
    """The parts of a ResNet, with a basic block, one that halves the extents, and a bottleneck."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 4, 7, 2, 3, bias=False), nn.BatchNorm2d(4)
        self.relu, self.maxpool = nn.ReLU(), nn.MaxPool2d(3, 2, 1)

        def down(inner, outer, stride):
            return nn.Sequential(nn.Conv2d(inner, outer, 1, stride, bias=False), nn.BatchNorm2d(outer))

        self.layer1 = nn.Sequential(BasicBlock(4, 4))
        self.layer2 = nn.Sequential(BasicBlock(4, 8, 2, down(4, 8, 2)))
        self.layer3 = nn.Sequential(Bottleneck(8, 3, 1, down(8, 12, 1)))
        self.layer4 = nn.Sequential(Bottleneck(12, 3))
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(12, 5)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


def randomised(module, seed):
    """Single-precision numbers, computed with in double precision."""
    random = torch.Generator().manual_seed(seed)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.eps = EPSILON
            part.weight.data.uniform_(0.6, 1.4, generator=random)
            part.bias.data.normal_(0, 0.3, generator=random)
            part.running_mean.normal_(0, 0.3, generator=random)
            part.running_var.uniform_(0.5, 2.0, generator=random)
        elif isinstance(part, (nn.Conv2d, nn.Linear)):
            fan_in = part.weight[0].numel()
            part.weight.data.normal_(0, (2 / fan_in) ** 0.5, generator=random)
            if part.bias is not None:
                part.bias.data.normal_(0, 0.2, generator=random)
    return module.double().eval()


def small(seed):
    return randomised(Small(), seed), (33, 33, 3)


def resnet_18(seed):
    return randomised(resnet18(weights=None), seed), (33, 33, 3)


class Converted:
    """The module as a Keras network, call by call."""

    def __init__(self, module, shape):
        self.net = Network("resnet")
        y = self.net.input(shape)
        y = self.activation(self.convolution(y, module.conv1, module.bn1, True))
        y = self.net.layer("MaxPooling2D", [self.padded(y, 1)], {"pool_size": [3, 3], "strides": [2, 2], "padding": "valid"})
        for name in ("layer1", "layer2", "layer3", "layer4"):
            for block in getattr(module, name):
                y = self.block(y, block)
        y = self.net.layer("GlobalAveragePooling2D", [y])
        self.net.layer("Dense", [y], {"units": module.fc.out_features, "activation": "linear", "use_bias": True},
                       [("kernel", module.fc.weight.detach().T), ("bias", module.fc.bias.detach())])

    def padded(self, x, pad):
        return self.net.layer("ZeroPadding2D", [x], {"padding": [[pad, pad], [pad, pad]]}) if pad else x

    def activation(self, x):
        return self.net.layer("Activation", [x], {"activation": "relu"})

    def convolution(self, x, conv, norm, first=False):
        """The padding is a layer of its own, but for the first convolution: Flat and ZBox give relevance to padding that
        they see, which in torch is part of the convolution. Of odd extents TensorFlow's "same" is torch's padding."""
        x = x if first else self.padded(x, conv.padding[0])
        x = self.net.layer("Conv2D", [x], {"filters": conv.out_channels, "kernel_size": list(conv.kernel_size),
                                           "strides": list(conv.stride), "padding": "same" if first else "valid",
                                           "use_bias": False, "activation": "linear"},
                           [("kernel", conv.weight.detach().permute(2, 3, 1, 0))])
        return self.net.layer("BatchNormalization", [x], {"axis": 3, "epsilon": EPSILON, "center": True, "scale": True},
                              [("gamma", norm.weight.detach()), ("beta", norm.bias.detach()),
                               ("moving_mean", norm.running_mean), ("moving_variance", norm.running_var)])

    def block(self, x, block):
        y = x
        parts = [(block.conv1, block.bn1), (block.conv2, block.bn2)]
        if isinstance(block, Bottleneck):
            parts.append((block.conv3, block.bn3))
        for index, (conv, norm) in enumerate(parts):
            y = self.convolution(self.activation(y) if index else y, conv, norm)
        short = self.convolution(x, *block.downsample) if block.downsample else x
        return self.activation(self.net.layer("Add", [y, short], listed=True))


def keras_network(module, shape):
    return Converted(module, shape).net


def maps(module, x, target):
    """Outputs, and a map per composite, channels last. Relevance begins with the value of the explained output."""
    points = torch.tensor(x, dtype=torch.float64).permute(0, 3, 1, 2)
    found = {}
    for name, make in COMPOSITES.items():
        parts = []
        for sample in points:
            def seed(output):
                return nn.functional.one_hot(torch.tensor([target]), output.shape[1]) * output

            with Gradient(model=module, composite=make(canonizers=[ResNetCanonizer()])) as attributor:
                outputs, relevance = attributor(sample[None], seed)
            parts.append(relevance)
        found[name] = torch.cat(parts).detach().permute(0, 2, 3, 1).numpy()
    return module(points).detach().numpy(), found


def samples(shape, seed, count=2):
    return numpy.random.default_rng(seed).normal(0, 1, (count, *shape)).astype(numpy.float32).clip(-3, 3)
