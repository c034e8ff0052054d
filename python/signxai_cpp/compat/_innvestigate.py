"""The analyzers of iNNvestigate 2.1: as those that signxai embeds, but the neuron is chosen when an analyzer is made
(`neuron_selection_mode`), and `analyze` returns the array itself, or a list of arrays for several inputs."""

from __future__ import annotations

from typing import Any, Dict, Type

import numpy as np

from ..errors import InvalidArgument
from . import _analyzer_base as base
from . import _analyzers as others
from . import _gradient_analyzers as gradients
from . import _lrp_analyzers as lrp
from ._engine import Maps, as_inputs, native, outputs_of
from ._settings import configure

MODES = ("max_activation", "index", "all")


class AnalyzerBase:
    """Base of the analyzers.

    neuron_selection_mode: "max_activation" explains the largest output, "index" the one that `analyze` is given, "all"
    all outputs together; else ValueError. The largest output is found once, for the input as it is."""

    _reference_semantics = "Q1,Q21"  # iNNvestigate itself does not mix neurons, nor look for the largest one anew

    def __init__(self, model: Any, *args: Any, neuron_selection_mode: str = "max_activation", **kwargs: Any) -> None:
        if neuron_selection_mode not in MODES:
            raise InvalidArgument(f"is one of {', '.join(MODES)}; got {neuron_selection_mode!r}", "method", "neuron_selection_mode")
        self._neuron_selection_mode = neuron_selection_mode
        super().__init__(model, *args, **kwargs)  # type: ignore[call-arg]
        if configure().semantics == "signxai":
            computing: Any = getattr(self, "_subanalyzer", self)
            computing._semantics = self._reference_semantics

    def _selection(self, X: Any, neuron_selection: Any) -> Any:
        mode = self._neuron_selection_mode
        if (neuron_selection is None) == (mode == "index"):
            told = "expects" if mode == "index" else "takes no"
            raise InvalidArgument(f"neuron_selection_mode {mode!r} {told} neuron_selection", "target", "neuron_selection")
        if mode == "all":
            return "all"
        model = getattr(self, "_model")
        inputs = as_inputs(X, native(model))
        if mode == "max_activation":
            return [int(k) for k in outputs_of(model, inputs).reshape(len(inputs[0]), -1).argmax(axis=1)]
        indices = np.asarray(neuron_selection).ravel()
        return indices[0] if indices.size == 1 else indices

    def analyze(self, X: Any, neuron_selection: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Relevance of a batch (samples, ...), of its shape; a list of arrays for several inputs.

        neuron_selection: in the mode "index" an integer or one per sample, else not allowed (ValueError). Further
        arguments are those of the embedded analyzers."""
        selection = self._selection(X, neuron_selection)
        maps: Maps = super().analyze(X, *args, neuron_selection=selection, **kwargs)  # type: ignore[misc]
        arrays = list(maps.values())
        return arrays if len(arrays) > 1 else arrays[0]


class AnalyzerNetworkBase(AnalyzerBase, base.AnalyzerNetworkBase):
    """Base of the analyzers that the engine computes in one call."""


class ReverseAnalyzerBase(AnalyzerNetworkBase):
    """Base of the analyzers that walk the network backwards."""


class WrapperBase(AnalyzerBase, gradients.WrapperBase):
    """Base of what is built around another analyzer."""


class AugmentReduceBase(AnalyzerBase, gradients.AugmentReduceBase):
    """Mean of the analyses of `augment_by_n` copies of the input, which subclasses change."""


class GaussianSmoother(AnalyzerBase, gradients.GaussianSmoother):
    """Mean analysis of inputs with Gaussian noise of standard deviation `noise_scale`."""


class PathIntegrator(AnalyzerBase, gradients.PathIntegrator):
    """(x - x0) times the mean analysis of `steps` points on the line from x0 = `reference_inputs` to x."""


class IntegratedGradients(AnalyzerBase, gradients.IntegratedGradients):
    """Integrated gradients (Sundararajan et al. 2017)."""

    def __init__(self, model: Any, steps: int = 64, neuron_selection_mode: str = "max_activation", **kwargs: Any) -> None:
        super().__init__(model, steps=steps, neuron_selection_mode=neuron_selection_mode, **kwargs)


class SmoothGrad(AnalyzerBase, gradients.SmoothGrad):
    """SmoothGrad (Smilkov et al. 2017); the noise is NumPy's."""

    def __init__(self, model: Any, augment_by_n: int = 64, neuron_selection_mode: str = "max_activation", **kwargs: Any) -> None:
        super().__init__(model, augment_by_n=augment_by_n, neuron_selection_mode=neuron_selection_mode, **kwargs)


def _adapted(name: str, inner: Type[Any], **fixed: Any) -> Type[Any]:
    """A class of the embedded copy with this interface."""

    def __init__(self: Any, model: Any, *args: Any, **kwargs: Any) -> None:
        if "until_layer_rule" in kwargs:
            kwargs["until_index_rule"] = kwargs.pop("until_layer_rule")
        AnalyzerBase.__init__(self, model, *args, **{**fixed, **kwargs})

    body = {"__init__": __init__, "__doc__": inner.__doc__, "__module__": __name__, "__qualname__": name}
    return type(name, (AnalyzerBase, inner), body)


Gradient = _adapted("Gradient", gradients.Gradient)
BaselineGradient = _adapted("BaselineGradient", gradients.Gradient)
InputTimesGradient = _adapted("InputTimesGradient", gradients.InputTimesGradient)
GuidedBackprop = _adapted("GuidedBackprop", gradients.GuidedBackprop)
Deconvnet = _adapted("Deconvnet", gradients.Deconvnet)
Input = _adapted("Input", others.Input)
Random = _adapted("Random", others.Random)
LRP = _adapted("LRP", lrp.LRP)
LRPZ = _adapted("LRPZ", lrp.LRPZ)
BaselineLRPZ = _adapted("BaselineLRPZ", gradients.InputTimesGradient)
LRPEpsilon = _adapted("LRPEpsilon", lrp.LRPEpsilon)
LRPWSquare = _adapted("LRPWSquare", lrp.LRPWSquare)
LRPFlat = _adapted("LRPFlat", lrp.LRPFlat)
LRPAlphaBeta = _adapted("LRPAlphaBeta", lrp.LRPAlphaBeta)
LRPAlpha2Beta1 = _adapted("LRPAlpha2Beta1", lrp.LRPAlpha2Beta1)
LRPAlpha2Beta1IgnoreBias = _adapted("LRPAlpha2Beta1IgnoreBias", lrp.LRPAlpha2Beta1IgnoreBias)
LRPAlpha1Beta0 = _adapted("LRPAlpha1Beta0", lrp.LRPAlpha1Beta0)
LRPAlpha1Beta0IgnoreBias = _adapted("LRPAlpha1Beta0IgnoreBias", lrp.LRPAlpha1Beta0IgnoreBias)
LRPZPlus = _adapted("LRPZPlus", lrp.LRPZPlus)
LRPZPlusFast = _adapted("LRPZPlusFast", lrp.LRPZPlusFast)
LRPSequentialPresetA = _adapted("LRPSequentialPresetA", lrp.LRPSequentialCompositeA)
LRPSequentialPresetB = _adapted("LRPSequentialPresetB", lrp.LRPSequentialCompositeB)
LRPSequentialPresetAFlat = _adapted("LRPSequentialPresetAFlat", lrp.LRPSequentialCompositeAFlat)
LRPSequentialPresetBFlat = _adapted("LRPSequentialPresetBFlat", lrp.LRPSequentialCompositeBFlat)
LRPSequentialPresetBFlatUntilIdx = _adapted("LRPSequentialPresetBFlatUntilIdx", lrp.LRPSequentialCompositeBFlat, until_index_rule="Flat")
DeepTaylor = _adapted("DeepTaylor", others.DeepTaylor)
BoundedDeepTaylor = _adapted("BoundedDeepTaylor", others.BoundedDeepTaylor)

analyzers: Dict[str, Type[Any]] = {
    "input": Input,
    "random": Random,
    "gradient": Gradient,
    "gradient.baseline": BaselineGradient,
    "input_t_gradient": InputTimesGradient,
    "deconvnet": Deconvnet,
    "guided_backprop": GuidedBackprop,
    "integrated_gradients": IntegratedGradients,
    "smoothgrad": SmoothGrad,
    "lrp": LRP,
    "lrp.z": LRPZ,
    "lrp.epsilon": LRPEpsilon,
    "lrp.w_square": LRPWSquare,
    "lrp.flat": LRPFlat,
    "lrp.alpha_beta": LRPAlphaBeta,
    "lrp.alpha_2_beta_1": LRPAlpha2Beta1,
    "lrp.alpha_2_beta_1_IB": LRPAlpha2Beta1IgnoreBias,
    "lrp.alpha_1_beta_0": LRPAlpha1Beta0,
    "lrp.alpha_1_beta_0_IB": LRPAlpha1Beta0IgnoreBias,
    "lrp.z_plus": LRPZPlus,
    "lrp.z_plus_fast": LRPZPlusFast,
    "lrp.sequential_preset_a": LRPSequentialPresetA,
    "lrp.sequential_preset_b": LRPSequentialPresetB,
    "lrp.sequential_preset_a_flat": LRPSequentialPresetAFlat,
    "lrp.sequential_preset_b_flat": LRPSequentialPresetBFlat,
    "lrp.sequential_preset_b_flat_until_idx": LRPSequentialPresetBFlatUntilIdx,
    "deep_taylor": DeepTaylor,
    "deep_taylor.bounded": BoundedDeepTaylor,
}


def create_analyzer(name: str, model: Any, **kwargs: Any) -> Any:
    """The analyzer of that name for a model. Raises KeyError for unknown names."""
    if name not in analyzers:
        raise KeyError(f"there is no analyzer named {name!r}; known are {', '.join(analyzers)}")
    return analyzers[name](model, **kwargs)


__all__ = sorted(
    ["AnalyzerBase", "AnalyzerNetworkBase", "AugmentReduceBase", "GaussianSmoother", "PathIntegrator", "ReverseAnalyzerBase",
     "BaselineLRPZ", "WrapperBase", "analyzers", "create_analyzer", *{cls.__name__ for cls in analyzers.values()}]
)  # fmt: skip
