"""zennit's composites and its ResNetCanonizer on a small residual network: make_resnet.py writes resnet.h5 and
models/resnet.h5 beside itself. README.md."""
import importlib.metadata
import pathlib

import h5py
import torch
import torchvision

import resnet_networks

HERE = pathlib.Path(__file__).parent
TARGET = 1


def main():
    (HERE / "models").mkdir(exist_ok=True)
    module, shape = resnet_networks.small(1)
    x = resnet_networks.samples(shape, 2, count=1)
    outputs, maps = resnet_networks.maps(module, x, TARGET)
    resnet_networks.keras_network(module, shape).save(HERE / "models/resnet.h5")
    with h5py.File(HERE / "resnet.h5", "w", track_order=True) as file:
        file.attrs["versions"] = (f"zennit {importlib.metadata.version('zennit')}, torch {torch.__version__}, "
                                  f"torchvision {torchvision.__version__}")
        for key, values in {"x": x, "outputs": outputs, **maps}.items():
            file[f"resnet/{key}"] = values.astype("float32")


if __name__ == "__main__":
    main()
