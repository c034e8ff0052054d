"""AttnLRP as lxt computes it: make_lxt.py writes lxt.h5 and the networks, models/NAME.h5, beside itself. README.md."""
import importlib.metadata
import pathlib

import h5py
import torch

import lxt_networks

HERE = pathlib.Path(__file__).parent
TARGET = 1
FORMS = {"encoder": {}, "decoder": {"blocks": 1}, "products": {}}


def main():
    (HERE / "models").mkdir(exist_ok=True)
    with h5py.File(HERE / "lxt.h5", "w", track_order=True) as file:
        file.attrs["versions"] = f"lxt {importlib.metadata.version('lxt')}, torch {torch.__version__}"
        for name, form in FORMS.items():
            network = lxt_networks.NETWORKS[name](1, **form)
            x = lxt_networks.samples(network, 2)
            outputs, relevance = lxt_networks.relevance(network, x, TARGET)
            network.save(HERE / f"models/{name}.h5")
            for key, values in {"x": x, "outputs": outputs, "lrp_z": relevance}.items():
                file[f"{name}/{key}"] = values.astype("float32")


if __name__ == "__main__":
    main()
