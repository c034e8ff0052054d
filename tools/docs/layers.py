"""docs/layers.md: every public layer class of two versions of Keras, and whether a network with it can be loaded.

What is supported is read from the importer's table and from that of the recurrent cells; the classes of each Keras are in
tools/docs/layers.json. The reasons for refusals are below.

    python tools/docs/layers.py            # writes docs/layers.md anew
    python tools/docs/layers.py --collect  # first writes the classes of the Keras in this environment into layers.json
"""

from __future__ import annotations

import inspect
import json
import pathlib
import re
import sys
from typing import Any, Dict, Iterator, List, Set, Tuple

ROOT = pathlib.Path(__file__).parents[2]
LAYERS = ROOT / "src/importers/layers"
CLASSES = pathlib.Path(__file__).with_name("layers.json")
PAGE = ROOT / "docs/layers.md"
KERAS2, KERAS3 = "TF 2.12", "Keras 3.15"

# Of the classes that are refused.
_CODE = "runs code of another library, which the file does not hold"
_TEXT = "takes text or is a table of strings; no derivative, no relevance"
_BASE = "a base class; computes nothing itself"
_HISTOGRAM = "is computed from the histogram of each image; no derivative"
REASONS = {
    "AbstractRNNCell": _BASE,
    "AutoContrast": "stretches each image by its extremes; not implemented",
    "ContrastLimitedAdaptiveHistogramEqualization": _HISTOGRAM,
    "DenseFeatures": "takes a dictionary of feature columns",
    "Equalization": _HISTOGRAM,
    "FlaxLayer": _CODE,
    "HashedCrossing": "hashes its inputs; no derivative, no relevance",
    "Hashing": "hashes its input; no derivative, no relevance",
    "IntegerLookup": "a table of integers; no derivative, no relevance; give the network its output",
    "JaxLayer": _CODE,
    "Lambda": "marshalled Python code, which is never executed",
    "Layer": _BASE,
    "MelSpectrogram": "short-time Fourier transform; not implemented",
    "PreprocessingLayer": _BASE,
    "RandomFourierFeatures": "not implemented",
    "STFTSpectrogram": "short-time Fourier transform; not implemented",
    "Solarization": "inverts pixels above a threshold; not implemented",
    "StringLookup": _TEXT,
    "TFSMLayer": _CODE,
    "TextVectorization": _TEXT,
    "TorchModuleWrapper": _CODE,
    "Wrapper": _BASE,
}
# Of those that are supported, what is not.
_BINS = "inputs of known size{}; the bins of NumPy, PyTorch and TensorFlow, which Keras on JAX rounds for some sizes, such as 7"
LIMITS = {
    **{f"AdaptiveAveragePooling{n}D": _BINS.format(", unless `output_size` is 1") for n in (1, 2, 3)},
    **{f"AdaptiveMaxPooling{n}D": _BINS.format("") for n in (1, 2, 3)},
    "CategoryEncoding": "neither gradients nor relevance pass; categories out of range count nowhere",
    "CenterCrop": "images of known size",
    "Discretization": "`bin_boundaries` in the configuration; neither gradients nor relevance pass",
    "Embedding": "maps of token ids are of its output",
    "Pipeline": "its layers, in their order",
    "RandomCrop": "Keras 3 does nothing in inference, Keras 2 resizes",
    "Resizing": "cropping, padding and filters other than `bilinear` and `nearest`: images of known size; Keras 3 rounds "
    "results for inputs of an integer type, which is not done; `nearest` of Keras 3 as on JAX",
    "ReversibleEmbedding": "as `Embedding`; with `reverse=True` it is a `Dense` layer to rules; `reverse_dtype`: float32",
    "SpectralNormalization": "the stored kernel, as Keras computes in inference; rules see the wrapped layer",
}

_HEAD = """# Layers

Every public layer class of Keras in TensorFlow 2.12 and of Keras 3.15. Made by `tools/docs/layers.py` from the importer's
table; `make parity` compares the list with both packages. Classes that are not supported are refused when the file is
loaded, all of them in one message. Layers of your own classes can be [stated as compositions](custom-layers.md).

"""


def public_classes(keras: Any) -> Dict[str, List[str]]:
    """The layer classes of an imported Keras, by the names that files have, each with its other public names."""
    found: Dict[str, Set[str]] = {}
    for name, own in _walk(keras, keras.layers, ""):
        found.setdefault(own, set())
        if name != own:
            found[own].add(name)
    return {own: sorted(names) for own, names in sorted(found.items())}


def _walk(keras: Any, module: Any, prefix: str) -> Iterator[Tuple[str, str]]:
    for name in dir(module):
        value = getattr(module, name)
        if inspect.isclass(value) and issubclass(value, keras.layers.Layer):
            yield prefix + name, value.__name__
        elif inspect.ismodule(value) and name in ("experimental", "preprocessing"):
            yield from _walk(keras, value, f"{prefix}{name}.")


def supported() -> Set[str]:
    """The classes of the importer's table."""
    return set(re.findall(r'^ {4}\{"(\w+)",', (LAYERS / "table.cpp").read_text(), re.MULTILINE))


def cells() -> Set[str]:
    """The cells that recurrent layers are made of."""
    return set(re.findall(r'"(\w+Cells?)"', (LAYERS / "recurrent/cells.cpp").read_text()))


def stored() -> Dict[str, Dict[str, List[str]]]:
    return json.loads(CLASSES.read_text()) if CLASSES.exists() else {}


def verdict(name: str) -> Tuple[str, str]:
    """Supported or not, and why not or how far."""
    if name in supported():
        return "yes", LIMITS.get(name, "")
    if name in cells():
        return "yes", "inside `RNN`"
    return "no", REASONS[name]


def page() -> str:
    versions = stored()
    names = sorted({name for classes in versions.values() for name in classes})
    lines = [f"| class | {KERAS2} | {KERAS3} | supported | |", "| --- | :-: | :-: | :-: | --- |"]
    for name in names:
        others = sorted({other for classes in versions.values() for other in classes.get(name, []) if "." not in other})
        label = f"`{name}`" + (" (" + ", ".join(f"`{other}`" for other in others) + ")" if others else "")
        there = ["x" if name in versions[version] else "" for version in (KERAS2, KERAS3)]
        lines.append("| " + " | ".join([label, *there, *verdict(name)]) + " |")
    return _HEAD + "\n".join(lines) + "\n"


def collect() -> None:
    import keras

    third = keras.__version__.startswith("3.")
    if not third:
        import tensorflow

        keras = tensorflow.keras
    versions = {**stored(), KERAS3 if third else KERAS2: public_classes(keras)}
    CLASSES.write_text(json.dumps(versions, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    if "--collect" in sys.argv[1:]:
        collect()
    if set(stored()) == {KERAS2, KERAS3}:
        PAGE.write_text(page())
