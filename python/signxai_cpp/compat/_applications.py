"""Networks for images of ImageNet's size, as iNNvestigate hands them out: random weights, unless a file has them."""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

from ..errors import Unsupported
from ._graph import pre_softmax_tensors

Array = NDArray[Any]

_MEANS = (103.939, 116.779, 123.68)  # blue, green, red
_TORCH_MEANS, _TORCH_SCALES = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def keras() -> Any:
    """The Keras of this process: that of TensorFlow where it has been imported, else Keras itself. Raises Unsupported
    where there is none."""
    if "tensorflow" in sys.modules:
        return sys.modules["tensorflow"].keras
    for name in ("keras", "tensorflow"):
        try:
            module = importlib.import_module(name)
            return module.keras if name == "tensorflow" else module
        except ImportError:
            continue
    raise Unsupported("builds a Keras model, and Keras is not installed; try pip install keras", "compat", "applications")


def name() -> str:
    """The name of what computes."""
    return "signxai"


def _preprocess(mode: str) -> Callable[[Array], Array]:
    def preprocess(x: Array) -> Array:
        """Pixels 0 to 255, RGB, channels behind, as the network takes them."""
        x = np.asarray(x, np.float32)
        if mode == "caffe":
            return np.asarray(x[..., ::-1] - np.array(_MEANS, np.float32))
        if mode == "tf":
            return x / np.float32(127.5) - np.float32(1)
        return (x / np.float32(255) - np.array(_TORCH_MEANS, np.float32)) / np.array(_TORCH_SCALES, np.float32)

    return preprocess


_RANGES: Dict[str, Tuple[int, int]] = {"caffe": (-128, 128), "tf": (-1, 1), "torch": (-3, 3)}

# name: class, side, how pixels are changed, colour order
_NETWORKS: Dict[str, Tuple[str, int, str, str]] = {
    "vgg16": ("VGG16", 224, "caffe", "BGR"),
    "vgg19": ("VGG19", 224, "caffe", "BGR"),
    "resnet50": ("ResNet50", 224, "caffe", "BGR"),
    "inception_v3": ("InceptionV3", 299, "tf", "RGB"),
    "inception_resnet_v2": ("InceptionResNetV2", 299, "tf", "RGB"),
    "densenet121": ("DenseNet121", 224, "torch", "RGB"),
    "densenet169": ("DenseNet169", 224, "torch", "RGB"),
    "densenet201": ("DenseNet201", 224, "torch", "RGB"),
    "nasnet_large": ("NASNetLarge", 331, "tf", "BGR"),
    "nasnet_mobile": ("NASNetMobile", 224, "tf", "BGR"),
}

__all__ = [*_NETWORKS]


def _build(network: str, load_weights: Any, load_patterns: Any) -> Dict[str, Any]:
    class_name, side, mode, colors = _NETWORKS[network]
    if load_weights is True:
        raise Unsupported("nothing is downloaded; give the path of a weights file", "compat", "load_weights")
    weights: Optional[str] = os.fspath(load_weights) if load_weights else None
    if load_patterns:
        warnings.warn(f"there are no patterns for {network}", stacklevel=3)
    shape: List[int] = [side, side, 3]
    model = getattr(keras().applications, class_name)(weights=weights, input_shape=tuple(shape))
    return {
        "name": network,
        "image_shape": shape[:2],
        "input_shape": [None, *shape],
        "model": model,
        "in": model.inputs,
        "sm_out": model.outputs,
        "out": pre_softmax_tensors(model.outputs),
        "color_coding": colors,
        "preprocess_f": _preprocess(mode),
        "input_range": _RANGES[mode],
        "patterns": None,
    }


def _builder(network: str) -> Callable[..., Dict[str, Any]]:
    def build(load_weights: Any = False, load_patterns: Any = False) -> Dict[str, Any]:
        return _build(network, load_weights, load_patterns)

    build.__name__ = build.__qualname__ = network
    build.__doc__ = (
        f"{_NETWORKS[network][0]} with random weights, or with those of the file `load_weights`: a dict with model, in, sm_out, out "
        "(symbolic tensors; out goes into the softmax), image_shape, input_shape, color_coding, preprocess_f, input_range, "
        "patterns (None) and name. Needs Keras; raises Unsupported without it, and for load_weights=True."
    )
    return build


globals().update({network: _builder(network) for network in _NETWORKS})
