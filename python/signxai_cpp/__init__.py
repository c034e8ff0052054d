"""Explanation maps of trained networks: LRP, SIGN, gradients, Grad-CAM and their relatives.

>>> import numpy as np
>>> import signxai_cpp
>>> model = signxai_cpp.load("examples/digits/digits_cnn.h5")
>>> explanation = signxai_cpp.explain(model, np.ones((28, 28, 1)), method="lrpsign_z")
>>> explanation.shape
(28, 28, 1)
"""

from . import _fonts as _fonts  # before anything draws
from ._dataset import explain_dataset
from ._explainer import Explainer, explain
from ._explanation import Explanation
from ._live import from_keras
from ._model import Model, load
from ._native import version as _version
from ._registry import composite, method, rule
from ._requests import describe, methods
from .errors import Error

__version__ = _version()
__all__ = [
    "Error", "Explainer", "Explanation", "Model", "composite", "describe", "explain", "explain_dataset", "from_keras", "load",
    "method", "methods", "rule",
]  # fmt: skip
