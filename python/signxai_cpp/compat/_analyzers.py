"""The analyzers that signxai embeds, by name. Their results are dicts ``{layer name: array}``."""

from __future__ import annotations

from typing import Any, Dict, Type

import numpy as np

from ..errors import Unsupported
from . import _gradient_analyzers as gradients
from . import _lrp_analyzers as lrp
from ._analyzer_base import AnalyzerNetworkBase
from ._engine import Array, Maps, as_inputs, input_keys, native

__all__ = ["DeepLIFT", "DeepLIFTWrapper", "Input", "Random", "analyzers", "create_analyzer"]


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


class DeepLIFT(AnalyzerNetworkBase):
    """Not available, as in the reference, where it cannot be run. Raises Unsupported."""

    def __init__(self, model: Any, *args: Any, **kwargs: Any) -> None:
        raise Unsupported("is not available, as in the reference, which cannot run it; try integrated_gradients", "method", "deep_lift")


class DeepLIFTWrapper(DeepLIFT):
    """As :class:`DeepLIFT`."""

    def __init__(self, model: Any, **kwargs: Any) -> None:
        super().__init__(model)


analyzers: Dict[str, Type[Any]] = {
    "gradient": gradients.Gradient,
    "input_t_gradient": gradients.InputTimesGradient,
    "deconvnet": gradients.Deconvnet,
    "guided_backprop": gradients.GuidedBackprop,
    "integrated_gradients": gradients.IntegratedGradients,
    "smoothgrad": gradients.SmoothGrad,
    "vargrad": gradients.VarGrad,
    "deep_lift": DeepLIFTWrapper,
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
    """The analyzer of that name for a model, with the parameters of its class. Raises KeyError for unknown names.

    >>> from signxai_cpp.compat.methods.innvestigate import create_analyzer
    >>> create_analyzer("lrp.x", None)
    Traceback (most recent call last):
    KeyError: "there is no analyzer named 'lrp.x'; known are gradient, input_t_gradient, deconvnet, ..."
    """
    if name not in analyzers:
        raise KeyError(f"there is no analyzer named {name!r}; known are {', '.join(analyzers)}")
    return analyzers[name](model, **kwargs)
