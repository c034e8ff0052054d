"""Maps of captum's DeepLift: make_captum.py writes captum.h5 beside itself. Versions: README.md.

Each sample is explained alone: for inputs that equal the baseline captum takes the first sample's gradient of a pooling
layer for all of a batch. Its rule for max pooling is lost where the pooling stands directly behind an activation (the
activation sees the gradient before the rule has changed it), which shows in its convergence delta. Hence a map with a
copy before each pooling, and one as the networks are, which is that of max_pooling=gradient.
"""
import pathlib

import captum
import h5py
import numpy
import torch
from captum.attr import DeepLift

import torch_networks

HERE = pathlib.Path(__file__).parent
CASES = ("digits_cnn", "vgg_mini", "merge_add_only", "conv1d_ecg", "digits_cnn_bn", "digits_resnet")
TARGETS = (0, 1)  # of the first and of the second sample
POOLED = ("vgg_mini", "conv1d_ecg")  # several poolings: a constant baseline has ties, which rounding decides
CALLS = {"deeplift": (0.0, True), "deeplift@reference_inputs=0.5": (0.5, True), "deeplift@max_pooling=gradient": (0.0, False),
         "deeplift@reference_inputs=pattern": (None, True)}


def pattern(shape):
    """A baseline without ties; `shape` is that of a sample, channels first."""
    values = (numpy.arange(numpy.prod(shape)) * 37 % 101 / 100.0 - 0.5).astype("float32")
    return torch.tensor(values.reshape(*shape[1:], shape[0]), dtype=torch.float64).movedim(-1, 0)


def main():
    with h5py.File(HERE / "captum.h5", "w", track_order=True) as file:
        file.attrs["versions"] = f"captum {captum.__version__}, torch {torch.__version__}, numpy {numpy.__version__}"
        for case in CASES:
            for label, (baseline, copies) in CALLS.items():
                if case in POOLED and baseline is not None and copies:
                    continue
                network, x, to_keras = torch_networks.load(HERE.parent / "data" / case, copies)
                explainer = DeepLift(network)
                maps, deltas = [], []
                for sample, target in zip(x, TARGETS):
                    reference = pattern(sample.shape)[None] if baseline is None else torch.full_like(sample[None], baseline)
                    value, delta = explainer.attribute(sample[None], reference, target=target, return_convergence_delta=True)
                    maps.append(value)
                    deltas.append(float(delta))
                values = to_keras(torch.cat(maps))
                file.create_dataset(f"{case}/{label}", data=values, compression="gzip", compression_opts=9)
                print(case, label, numpy.abs(values).max(), deltas, flush=True)


if __name__ == "__main__":
    main()
