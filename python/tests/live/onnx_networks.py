"""Networks of PyTorch to be exported to ONNX: torchvision's classification models at small inputs, and a few of the
parts that they have not. Weights are random, and normalisations have statistics that are not their defaults."""

import torch
import torchvision.models as tv
from torch import nn


def narrow(network):
    """A VGG or AlexNet for small images, with few units: the large layers have nothing that small ones lack. The pooling that
    PyTorch has before them cannot be exported for images as small as these."""
    channels = [m for m in network.features if isinstance(m, nn.Conv2d)][-1].out_channels
    network.avgpool = nn.AdaptiveAvgPool2d(1)
    network.classifier = nn.Sequential(nn.Linear(channels, 32), nn.ReLU(True), nn.Dropout(), nn.Linear(32, 10))
    return network


def vit():
    return tv.VisionTransformer(image_size=32, patch_size=8, num_layers=2, num_heads=4, hidden_dim=32, mlp_dim=64, num_classes=10)


def swin():
    return tv.SwinTransformer(patch_size=[4, 4], embed_dim=16, depths=[2, 2], num_heads=[2, 4], window_size=[4, 4], num_classes=10)


def maxvit():
    return tv.MaxVit(input_size=(64, 64), stem_channels=8, partition_size=2, block_channels=[8, 16], block_layers=[1, 1],
                     head_dim=4, stochastic_depth_prob=0.0, num_classes=10)


class Recurrent(nn.Module):
    def __init__(self, kind, both):
        super().__init__()
        self.inner = kind(6, 5, num_layers=2, batch_first=True, bidirectional=both)
        self.head = nn.Linear(10 if both else 5, 4)

    def forward(self, x):
        y, _ = self.inner(x)
        return self.head(y[:, -1]) + self.head(y).mean(1)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(16, 4, 24, batch_first=True, activation="gelu")
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(16, 5)

    def forward(self, x):
        return self.head(self.encoder(x).mean(1))


class Decoder(nn.Module):
    """Transposed convolutions, up-sampling, and windows that neither torchvision's networks nor Keras have."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2, padding=(2, 1)), nn.PReLU(8), nn.AvgPool2d(3, 2, 1, ceil_mode=True),
            nn.ConvTranspose2d(8, 6, 4, stride=2, padding=1, output_padding=1, groups=2), nn.LeakyReLU(0.1), nn.GroupNorm(3, 6),
            nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(6, 8, 3, dilation=2, padding=(2, 1)), nn.ELU(), nn.InstanceNorm2d(8, affine=True),
            nn.MaxPool2d(3, 2, 1, ceil_mode=True), nn.Upsample(size=(9, 7), mode="nearest"), nn.PixelShuffle(2), nn.Softplus(),
            nn.ConstantPad2d((1, 0, 2, 0), 0.5), nn.Conv2d(2, 6, (3, 2)), nn.Hardswish(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 7), nn.Tanh())

    def forward(self, x):
        return self.body(x)


# The network and the shape of a sample.
SMALL = {
    "alexnet": (lambda: narrow(tv.alexnet()), (3, 64, 64)),
    "vgg11": (lambda: narrow(tv.vgg11()), (3, 32, 32)),
    "vgg16": (lambda: narrow(tv.vgg16()), (3, 32, 32)),
    "vgg16_bn": (lambda: narrow(tv.vgg16_bn()), (3, 32, 32)),
    "resnet18": (tv.resnet18, (3, 64, 64)),
    "resnet50": (tv.resnet50, (3, 64, 64)),
    "resnext50_32x4d": (tv.resnext50_32x4d, (3, 64, 64)),
    "wide_resnet50_2": (tv.wide_resnet50_2, (3, 64, 64)),
    "densenet121": (tv.densenet121, (3, 64, 64)),
    "squeezenet1_0": (tv.squeezenet1_0, (3, 64, 64)),
    "squeezenet1_1": (tv.squeezenet1_1, (3, 64, 64)),
    "googlenet": (lambda: tv.googlenet(init_weights=False, aux_logits=False), (3, 64, 64)),
    "inception_v3": (lambda: tv.inception_v3(init_weights=False), (3, 80, 80)),
    "mobilenet_v2": (tv.mobilenet_v2, (3, 64, 64)),
    "mobilenet_v3_small": (tv.mobilenet_v3_small, (3, 64, 64)),
    "shufflenet_v2_x0_5": (tv.shufflenet_v2_x0_5, (3, 64, 64)),
    "mnasnet0_5": (tv.mnasnet0_5, (3, 64, 64)),
    "efficientnet_b0": (tv.efficientnet_b0, (3, 64, 64)),
    "efficientnet_v2_s": (tv.efficientnet_v2_s, (3, 64, 64)),
    "regnet_x_400mf": (tv.regnet_x_400mf, (3, 64, 64)),
    "regnet_y_400mf": (tv.regnet_y_400mf, (3, 64, 64)),
    "convnext_tiny": (tv.convnext_tiny, (3, 64, 64)),
    "vit": (vit, (3, 32, 32)),
    "swin": (swin, (3, 32, 32)),
    "maxvit": (maxvit, (3, 64, 64)),
    "lstm": (lambda: Recurrent(nn.LSTM, False), (7, 6)),
    "bilstm": (lambda: Recurrent(nn.LSTM, True), (7, 6)),
    "gru": (lambda: Recurrent(nn.GRU, False), (7, 6)),
    "bigru": (lambda: Recurrent(nn.GRU, True), (7, 6)),
    "rnn": (lambda: Recurrent(nn.RNN, False), (7, 6)),
    "encoder": (Encoder, (6, 16)),
    "decoder": (Decoder, (3, 24, 20)),
}


def randomized(network):
    """In evaluation mode."""
    generator = torch.Generator().manual_seed(7)

    def uniform(like, low, high):
        return torch.rand(like.shape, generator=generator) * (high - low) + low

    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.running_mean.copy_(uniform(module.running_mean, -0.3, 0.3))
                module.running_var.copy_(uniform(module.running_var, 0.5, 1.5))
            if isinstance(module, (nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.GroupNorm)) and module.weight is not None:
                module.weight.copy_(uniform(module.weight, 0.7, 1.3))
                module.bias.copy_(uniform(module.bias, -0.2, 0.2))
            if isinstance(module, nn.Linear) and not module.weight.any():  # heads that begin at zero
                module.weight.copy_(uniform(module.weight, -0.2, 0.2))
            if isinstance(module, (nn.Conv2d, nn.Linear)) and module.bias is not None:
                module.bias.copy_(uniform(module.bias, -0.1, 0.1))
            if hasattr(module, "layer_scale"):
                module.layer_scale.copy_(uniform(module.layer_scale, 0.5, 1.0))
    return network.eval()


def network_of(name):
    torch.manual_seed(3)
    make, shape = SMALL[name]
    return randomized(make()), shape


def export(network, shape, path, dynamo, opset=None, fixed=False):
    sample = torch.randn((1 if fixed else 2, *shape), generator=torch.Generator().manual_seed(1))
    options = {"dynamo": dynamo, "opset_version": opset or (18 if dynamo else 17), "input_names": ["input"], "output_names": ["scores"]}
    if not fixed:
        options |= {"dynamic_shapes": ({0: torch.export.Dim.DYNAMIC},)} if dynamo else {"dynamic_axes": {"input": {0: "batch"}, "scores": {0: "batch"}}}
    if dynamo:
        options |= {"verbose": False, "external_data": False}
    torch.onnx.export(network, (sample,), str(path), **options)
    return sample
