"""The analyzers that signxai embeds, by name. Their results are dicts ``{layer name: array}``."""

from __future__ import annotations

from typing import Any, Dict, Tuple, Type

import numpy as np

from .._requests import describe, methods
from ..errors import Unsupported
from . import _gradient_analyzers as gradients
from . import _lrp_analyzers as lrp
from ._analyzer_base import AnalyzerNetworkBase, ReverseAnalyzerBase
from ._engine import Array, Maps, as_inputs, input_keys, native

__all__ = ["BoundedDeepTaylor", "DeepLIFT", "DeepLIFTWrapper", "DeepTaylor", "Input", "Random", "analyzers", "create_analyzer"]


class Input(AnalyzerNetworkBase):
    """Returns the input as its analysis."""

    def _changed(self, batch: Array) -> Array:
        return np.array(batch)

    def _maps(self, X: Any, selection: Any, layers: Any, stops: Any, extra: Dict[str, Any]) -> Maps:
        engine_model = native(self._model)
        return dict(zip(input_keys(self._model, engine_model), map(self._changed, as_inputs(X, engine_model))))


class Random(Input):
    """Returns the input with Gaussian noise of standard deviation `stddev`, of NumPy's global generator."""

    def __init__(self, model: Any, stddev: float = 1, **kwargs: Any) -> None:
        self._stddev = stddev
        super().__init__(model, **kwargs)

    def _changed(self, batch: Array) -> Array:
        return np.asarray(batch + np.random.normal(0, self._stddev, batch.shape))


class ByName(ReverseAnalyzerBase):
    """What the engine computes under a name of its own. Raises Unsupported where it has no such method."""

    _method = ""

    def __init__(self, model: Any, *args: Any, **kwargs: Any) -> None:
        if self._method not in methods():
            raise Unsupported("is not available in this build of the engine", "method", self._method)
        self._add_model_softmax_check()
        super().__init__(model, *args, **kwargs)

    def _request(self, keywords: Dict[str, Any]) -> Tuple[str, Dict[str, Any]]:
        return self._method, self._known(self._method, {}, keywords)


class DeepLIFT(ByName):
    """DeepLIFT (Shrikumar et al. 2017)."""

    _method = "deeplift"


class DeepLIFTWrapper(DeepLIFT):
    """As :class:`DeepLIFT`; the package of that name is not needed."""

    def __init__(self, model: Any, **kwargs: Any) -> None:
        super().__init__(model, **kwargs)


class DeepTaylor(ByName):
    """Deep Taylor decomposition (Montavon et al. 2017)."""

    _method = "deep_taylor"


class BoundedDeepTaylor(ByName):
    """Deep Taylor decomposition for inputs between `low` and `high`."""

    _method = "deep_taylor.bounded"

    def __init__(self, model: Any, low: Any = None, high: Any = None, **kwargs: Any) -> None:
        super().__init__(model, low=low, high=high, **kwargs)


analyzers: Dict[str, Type[Any]] = {
    "gradient": gradients.Gradient,
    "input_t_gradient": gradients.InputTimesGradient,
    "deconvnet": gradients.Deconvnet,
    "guided_backprop": gradients.GuidedBackprop,
    "integrated_gradients": gradients.IntegratedGradients,
    "smoothgrad": gradients.SmoothGrad,
    "vargrad": gradients.VarGrad,
    "deep_lift": DeepLIFTWrapper,
    "deep_taylor": DeepTaylor,
    "deep_taylor.bounded": BoundedDeepTaylor,
    "lrp": lrp.LRP,
    "lrp.z": lrp.LRPZ,
    "lrp.z_IB": lrp.LRPZIgnoreBias,
    "lrp.gamma": lrp.LRPGamma,
    "lrp.epsilon": lrp.LRPEpsilon,
    "lrp.stdxepsilon": lrp.LRPStdxEpsilon,
    "lrp.epsilon_IB": lrp.LRPEpsilonIgnoreBias,
    "lrp.w_square": lrp.LRPWSquare,
    "lrp.flat": lrp.LRPFlat,
    "lrp.alpha_beta": lrp.LRPAlphaBeta,
    "lrp.alpha_2_beta_1": lrp.LRPAlpha2Beta1,
    "lrp.alpha_2_beta_1_IB": lrp.LRPAlpha2Beta1IgnoreBias,
    "lrp.alpha_1_beta_0": lrp.LRPAlpha1Beta0,
    "lrp.alpha_1_beta_0_IB": lrp.LRPAlpha1Beta0IgnoreBias,
    "lrp.z_plus": lrp.LRPZPlus,
    "lrp.z_plus_fast": lrp.LRPZPlusFast,
    "lrp.sequential_composite_a": lrp.LRPSequentialCompositeA,
    "lrp.sequential_composite_b": lrp.LRPSequentialCompositeB,
    "lrp.sequential_composite_a_flat": lrp.LRPSequentialCompositeAFlat,
    "lrp.sequential_composite_b_flat": lrp.LRPSequentialCompositeBFlat,
    "lrp.rule_until_index": lrp.LRPRuleUntilIndex,
    "input": Input,
    "random": Random,
}


def create_analyzer(name: str, model: Any, **kwargs: Any) -> Any:
    """The analyzer of that name for a model, with the parameters of its class; also a method that only the engine has
    (``signxai_cpp.methods()``). Raises KeyError for unknown names.

    >>> from signxai_cpp.compat.methods.innvestigate import create_analyzer
    >>> create_analyzer("lrp.x", None)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    KeyError: "there is no analyzer named 'lrp.x'; known are gradient, input_t_gradient, ..."
    """
    known = analyzers.get(name)
    if known is None and _is_base(name):
        known = type(name, (ByName,), {"_method": name, "__doc__": describe(name).description, "__module__": __name__})
    if known is None:
        raise KeyError(f"there is no analyzer named {name!r}; known are {', '.join(analyzers)}")
    return known(model, **kwargs)


def _is_base(name: str) -> bool:
    """Is it a method of the engine's own with maps of the input's shape, and not a name with parameters in it? Or one of
    the user's?"""
    other = ("grad_cam", "grad_cam_timeseries", "guided_grad_cam", "random_uniform")
    if name in other or name not in methods():
        return False
    info = describe(name)
    return info.base == name or "composite" in info.fixed
