"""The gradient family and what is built on an analyzer of many points: smoothing and integration along a path."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy as np

from ..errors import InvalidArgument
from ._analyzer_base import AnalyzerBase, AnalyzerNetworkBase, ReverseAnalyzerBase, gradient_type
from ._engine import Array, Maps, as_inputs, native, target_of

__all__ = [
    "AugmentReduceBase", "Deconvnet", "GaussianSmoother", "Gradient", "GuidedBackprop", "InputTimesGradient",
    "IntegratedGradients", "PathIntegrator", "SmoothGrad", "VarGrad", "VariationalAugmentReduceBase", "VariationalSmoother",
    "WrapperBase",
]  # fmt: skip

_ELEMENTS = 1 << 23  # of all points that are computed together
Point = List[Array]  # one batch per input


class _GradientFamily(ReverseAnalyzerBase):
    _method = "gradient"

    def __init__(self, model: Any, **kwargs: Any) -> None:
        self._add_model_softmax_check()
        super().__init__(model, **kwargs)

    def _request(self, keywords: Dict[str, Any]) -> Tuple[str, Dict[str, Any]]:
        return self._method, self._known(self._method, {}, keywords)

    def _result_type(self, batch: Array) -> Any:
        return gradient_type(batch)


class Gradient(_GradientFamily):
    """df/dx (Simonyan et al. 2014). postprocess: None, "abs" or "square", applied to each element; else ValueError."""

    def __init__(self, model: Any, postprocess: Optional[str] = None, **kwargs: Any) -> None:
        if postprocess not in (None, "abs", "square"):
            raise InvalidArgument(f"must be None, 'abs' or 'square'; got {postprocess!r}", "method", "postprocess")
        super().__init__(model, postprocess=postprocess, **kwargs)
        self._postprocess = postprocess


class InputTimesGradient(Gradient):
    """x * df/dx (Shrikumar et al. 2016)."""

    _method = "input_t_gradient"

    def __init__(self, model: Any, **kwargs: Any) -> None:
        super().__init__(model, **kwargs)


class GuidedBackprop(_GradientFamily):
    """The gradient that keeps only positive signals at rectifiers (Springenberg et al. 2015), beginning with f."""

    _method = "guided_backprop"

    def __init__(self, model: Any, **kwargs: Any) -> None:
        super().__init__(model, **kwargs)


class Deconvnet(_GradientFamily):
    """The transposed network that rectifies signals instead of activations (Zeiler and Fergus 2014), beginning with f."""

    _method = "deconvnet"

    def __init__(self, model: Any, **kwargs: Any) -> None:
        super().__init__(model, **kwargs)


class WrapperBase(AnalyzerBase):
    """Base of what is built around another analyzer."""

    def __init__(self, subanalyzer: AnalyzerBase, *args: Any, **kwargs: Any) -> None:
        if not isinstance(subanalyzer, AnalyzerNetworkBase):
            raise NotImplementedError(f"needs an analyzer of a network; got {type(subanalyzer).__name__}")
        self._subanalyzer: AnalyzerNetworkBase = subanalyzer
        super().__init__(subanalyzer._model, *args, **kwargs)

    def analyze(self, *args: Any, **kwargs: Any) -> Any:
        """As the inner analyzer's."""
        return self._subanalyzer.analyze(*args, **kwargs)


def _tiled(selection: Any, samples: int, times: int) -> Any:
    """The selection of a batch, for several copies of it one behind the other."""
    target = target_of(selection, samples)
    return target * times if isinstance(target, list) else selection


class AugmentReduceBase(WrapperBase):
    """Mean of the analyses of `augment_by_n` copies of the input, which subclasses change."""

    def __init__(self, subanalyzer: AnalyzerBase, *args: Any, **kwargs: Any) -> None:
        self._augment_by_n = int(kwargs.pop("augment_by_n", 2))
        if self._augment_by_n < 1:
            raise InvalidArgument(f"must be at least 1; got {self._augment_by_n}", "method", "augment_by_n")
        self._seed = kwargs.pop("seed", None)
        super().__init__(subanalyzer, *args, **kwargs)

    def _points(self, inputs: Point) -> Iterator[Point]:
        for _ in range(self._augment_by_n):
            yield inputs

    def _analyses(self, inputs: Point, selection: Any, keywords: Dict[str, Any]) -> Iterator[Tuple[Maps, int]]:
        """Analyses of all points, (points, samples, ...), as many at a time as fit, with their number."""
        samples = len(inputs[0])
        together = max(1, _ELEMENTS // max(1, sum(array.size for array in inputs)))
        points, remaining = self._points(inputs), self._augment_by_n
        while remaining > 0:
            count = min(together, remaining)
            chunk = [next(points) for _ in range(count)]
            batch = [np.concatenate(arrays) for arrays in zip(*chunk)]
            x = batch if len(batch) > 1 else batch[0]
            chosen = _tiled(selection, samples, count)
            maps = AnalyzerNetworkBase.analyze(self._subanalyzer, x, neuron_selection=chosen, **keywords)
            yield {name: values.reshape(count, samples, *values.shape[1:]) for name, values in maps.items()}, count
            remaining -= count

    def _reduced(self, inputs: Point, selection: Any, keywords: Dict[str, Any]) -> Maps:
        sums: Maps = {}
        for maps, _ in self._analyses(inputs, selection, keywords):
            for name, values in maps.items():
                sums[name] = sums.get(name, 0) + values.sum(axis=0, dtype=np.float64)
        kind = self._result_type(inputs[0])
        return {name: (total / self._augment_by_n).astype(kind, copy=False) for name, total in sums.items()}

    def _result_type(self, batch: Array) -> Any:
        return gradient_type(batch)

    def analyze(self, X: Any, *args: Any, **kwargs: Any) -> Maps:
        """As the inner analyzer's, of all points. `seed` begins the random numbers anew; without it they are those of
        NumPy's global generator (``np.random.seed``), drawn as the reference draws them."""
        selection = args[0] if args else kwargs.pop("neuron_selection", "max_activation")
        self._seed = kwargs.pop("seed", self._seed)
        inputs = as_inputs(X, native(self._model))
        for name in ("augment_by_n", "noise_scale", "steps", "reference_inputs"):
            kwargs.pop(name, None)
        return self._reduced(inputs, selection, kwargs)


class VariationalAugmentReduceBase(AugmentReduceBase):
    """Population variance of the analyses of `augment_by_n` copies of the input, which subclasses change."""

    def _reduced(self, inputs: Point, selection: Any, keywords: Dict[str, Any]) -> Maps:
        means: Maps = {}
        squares: Maps = {}
        seen = 0
        for maps, count in self._analyses(inputs, selection, keywords):
            for name, values in maps.items():
                mean = values.mean(axis=0, dtype=np.float64)
                spread = np.square(values - mean).sum(axis=0)
                step = mean - means.get(name, 0)
                squares[name] = squares.get(name, 0) + spread + np.square(step) * (seen * count / (seen + count))
                means[name] = means.get(name, 0) + step * (count / (seen + count))
            seen += count
        return {name: total / seen for name, total in squares.items()}


def _noisy(smoother: Any, inputs: Point) -> Iterator[Point]:
    random = np.random if smoother._seed is None else np.random.RandomState(smoother._seed)
    for _ in range(smoother._augment_by_n):
        yield [array + random.normal(0, smoother._noise_scale, array.shape) for array in inputs]


class GaussianSmoother(AugmentReduceBase):
    """Mean analysis of inputs with Gaussian noise of standard deviation `noise_scale`, in the unit of the input. Every
    repetition draws noise of its own for the whole batch."""

    def __init__(self, subanalyzer: AnalyzerBase, *args: Any, **kwargs: Any) -> None:
        self._noise_scale = kwargs.pop("noise_scale", 1)
        super().__init__(subanalyzer, *args, **kwargs)

    def _points(self, inputs: Point) -> Iterator[Point]:
        return _noisy(self, inputs)

    def _result_type(self, batch: Array) -> Any:
        return np.float64


class VariationalSmoother(VariationalAugmentReduceBase):
    """Variance of the analysis of inputs with Gaussian noise; see :class:`GaussianSmoother`."""

    def __init__(self, subanalyzer: AnalyzerBase, *args: Any, **kwargs: Any) -> None:
        self._noise_scale = kwargs.pop("noise_scale", 1)
        super().__init__(subanalyzer, *args, **kwargs)

    def _points(self, inputs: Point) -> Iterator[Point]:
        return _noisy(self, inputs)


class PathIntegrator(AugmentReduceBase):
    """(x - x0) times the mean analysis of `steps` points on the line from x0 = `reference_inputs` to x, ends included."""

    def __init__(self, subanalyzer: AnalyzerBase, *args: Any, **kwargs: Any) -> None:
        steps = kwargs.pop("steps", 16)
        reference = kwargs.pop("reference_inputs", 0)
        self._reference_inputs = 0 if reference is None else reference
        super().__init__(subanalyzer, *args, augment_by_n=steps, **kwargs)
        if self._augment_by_n < 2:
            raise InvalidArgument(f"must be at least 2; got {self._augment_by_n}", "method", "steps")

    def _points(self, inputs: Point) -> Iterator[Point]:
        steps = [(array - self._reference_inputs) / (self._augment_by_n - 1) for array in inputs]
        for index in range(self._augment_by_n):
            yield [self._reference_inputs + step * index for step in steps]

    def analyze(self, X: Any, *args: Any, **kwargs: Any) -> Maps:
        """As the inner analyzer's; there are no results at inner layers (ValueError)."""
        if kwargs.pop("explained_layer_names", None):
            raise InvalidArgument("results at inner layers are not defined along a path", "method", "explained_layer_names")
        maps = super().analyze(X, *args, **kwargs)
        inputs = as_inputs(X, native(self._model))
        return {name: (array - self._reference_inputs) * values for (name, values), array in zip(maps.items(), inputs)}


def _inner_gradient(model: Any, keywords: Dict[str, Any]) -> Gradient:
    shared = {key: keywords[key] for key in ("disable_model_checks", "allow_lambda_layers") if key in keywords}
    keywords.pop("allow_lambda_layers", None)
    return Gradient(model, postprocess=keywords.pop("postprocess", None), **shared)


class IntegratedGradients(PathIntegrator):
    """Integrated gradients (Sundararajan et al. 2017)."""

    def __init__(self, model: Any, steps: int = 16, **kwargs: Any) -> None:
        super().__init__(_inner_gradient(model, kwargs), steps=steps, **kwargs)


class SmoothGrad(GaussianSmoother):
    """SmoothGrad (Smilkov et al. 2017)."""

    def __init__(self, model: Any, augment_by_n: int = 16, **kwargs: Any) -> None:
        super().__init__(_inner_gradient(model, kwargs), augment_by_n=augment_by_n, **kwargs)


class VarGrad(VariationalSmoother):
    """VarGrad (Adebayo et al. 2018)."""

    def __init__(self, model: Any, augment_by_n: int = 16, **kwargs: Any) -> None:
        super().__init__(_inner_gradient(model, kwargs), augment_by_n=augment_by_n, **kwargs)
