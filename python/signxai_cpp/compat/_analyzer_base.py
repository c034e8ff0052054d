"""What all analyzers share: checks of the model, and how a call becomes one of the engine."""

from __future__ import annotations

import warnings
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np

from .._model import Model
from ..errors import Unsupported
from . import _checks
from ._engine import Array, Maps, as_inputs, input_keys, native, parameter_names, result_type, run, target_of
from ._graph import model_contains

__all__ = [
    "AnalyzerBase", "AnalyzerNetworkBase", "NotAnalyzeableModelException", "OneEpochTrainerMixin", "ReverseAnalyzerBase",
    "TrainerMixin",
]  # fmt: skip

# What the reference's constructors take and drop; everything else that no one knows is worth a warning.
_DROPPED = frozenset(("alpha", "beta", "gamma", "delta", "epsilon", "stdfactor", "bias", "low", "high", "mu", "mask", "vlow",
                      "vhigh", "bn_layer_rule", "bn_layer_fuse_mode", "input_layer_rule", "postprocess", "seed"))  # fmt: skip


class NotAnalyzeableModelException(Exception):
    """The model holds a layer that an analyzer does not allow: a softmax, a Lambda layer."""


class AnalyzerBase:
    """Base of the analyzers: keeps the model and checks it.

    model: a live Keras model, a :class:`signxai_cpp.Model`, or the path of a file. Of the latter two the softmax at the
    end is left out by the engine, so it is no reason to refuse them.
    disable_model_checks: do not raise NotAnalyzeableModelException. The engine then leaves a softmax at the end out."""

    _no_softmax = False

    def __init__(self, model: Any, disable_model_checks: bool = False, **kwargs: Any) -> None:
        self._model = model
        self._disable_model_checks = disable_model_checks
        self._keywords = kwargs
        self._semantics: Optional[str] = None
        self._do_model_checks()

    def _add_model_check(self, check: Callable[[Any], bool], message: str, check_type: str = "exception") -> None:
        self.__dict__.setdefault("_model_checks", []).append((check, message, check_type))

    def _do_model_checks(self) -> None:
        if self._disable_model_checks:
            return
        for check, message, kind in self.__dict__.get("_model_checks", []):
            layers = self._checked_layers(check)
            if layers and kind == "exception":
                names = ", ".join(getattr(layer, "name", "?") for layer in layers)
                raise NotAnalyzeableModelException(f"{message}\nFound in: {names}. disable_model_checks=True goes on nevertheless.")
            if layers:
                warnings.warn(message, stacklevel=2)

    def _checked_layers(self, check: Callable[[Any], bool]) -> List[Any]:
        if isinstance(self._model, str):
            return []
        if isinstance(self._model, Model):  # the engine leaves the last function out itself
            return [layer for layer in self._model.layers[:-1] if check(layer)]
        found: List[Any] = model_contains(self._model, check)
        return found

    def fit(self, *args: Any, **kwargs: Any) -> None:
        """Does nothing but warn: no analyzer is trained."""
        if not kwargs.pop("disable_no_training_warning", False):
            warnings.warn("this analyzer does not need to be trained; fit() does nothing", RuntimeWarning, stacklevel=2)

    def fit_generator(self, *args: Any, **kwargs: Any) -> None:
        """As :meth:`fit`."""
        self.fit(*args, **kwargs)

    def analyze(self, X: Any) -> Any:
        """Analyses a batch; what comes back depends on the analyzer."""
        raise NotImplementedError


class TrainerMixin:
    """For analyzers that learn from data; none here does."""

    def fit(self, X: Any = None, batch_size: int = 32, **kwargs: Any) -> None:
        """Not available. Raises Unsupported."""
        raise Unsupported("no analyzer of this package is trained", "explain", type(self).__name__)

    def fit_generator(self, *args: Any, **kwargs: Any) -> None:
        """Not available. Raises Unsupported."""
        self.fit()


class OneEpochTrainerMixin(TrainerMixin):
    """As :class:`TrainerMixin`."""

    def fit(self, *args: Any, **kwargs: Any) -> None:
        """Not available. Raises Unsupported."""
        super().fit()


def _names(value: Any, parameter: str, everything: bool) -> Any:
    """A list of layer names, None, or "all" where that is allowed. Raises AttributeError, as the reference does."""
    if value is None or (everything and isinstance(value, str) and value == "all"):
        return value
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return value
    allowed = "None, 'all', or a list of names" if everything else "None or a list of names"
    raise AttributeError(f"parameter {parameter} has to be {allowed}; got {value!r}")


class AnalyzerNetworkBase(AnalyzerBase):
    """Base of the analyzers that the engine computes in one call.

    allow_lambda_layers: accepted; the engine refuses Lambda layers in any case, since they are code."""

    def __init__(self, model: Any, allow_lambda_layers: bool = False, **kwargs: Any) -> None:
        self._allow_lambda_layers = allow_lambda_layers
        self._last: Optional[Tuple[Any, Any, Any, Any, Dict[str, Any]]] = None
        self._add_model_check(
            lambda layer: not allow_lambda_layers and _checks.isInstanceOf(layer, "Lambda"),
            "Lambda layers are not allowed; allow_lambda_layers=True accepts them.",
        )
        super().__init__(model, **kwargs)

    def _add_model_softmax_check(self) -> None:
        self._add_model_check(
            lambda layer: _checks.contains_activation(layer, "softmax"),
            "This analysis method does not support softmax layers; remove_softmax(model) takes the last one away.",
        )

    def create_analyzer_model(self, **kwargs: Any) -> None:
        """Prepares the model for :meth:`analyze`, which else does it itself."""
        native(self._model)

    def _request(self, keywords: Dict[str, Any]) -> Tuple[str, Dict[str, Any]]:
        """Method and parameters of the engine, for a call with these further keywords."""
        raise NotImplementedError

    def _result_type(self, batch: Array) -> Any:
        return np.float32

    def _known(self, method: str, parameters: Dict[str, Any], keywords: Dict[str, Any]) -> Dict[str, Any]:
        """The parameters, with what the method takes of the keywords; the others are named in a warning."""
        names = parameter_names(method)
        known = {key: value for key, value in keywords.items() if key in names and value is not None}
        unknown = sorted(set(keywords) - set(names) - _DROPPED)
        if unknown:
            warnings.warn(f"{type(self).__name__} knows no parameter {', '.join(unknown)}: ignored", stacklevel=4)
        return {**known, **parameters}

    def _maps(self, X: Any, selection: Any, layers: Any, stops: Any, extra: Dict[str, Any]) -> Maps:
        engine_model = native(self._model)
        inputs = as_inputs(X, engine_model)
        target = target_of(selection, len(inputs[0]))
        method, parameters = self._request({**self._keywords, **extra})
        parameters = {**parameters, "explained_layer_names": layers, "stop_mapping_at_layers": stops}
        maps = run(self._model, inputs, method, parameters, target, self._semantics, engine_model)
        dtype = self._result_type(inputs[0])
        return {name: values.astype(dtype, copy=False) for name, values in maps.items()}

    def analyze(
        self, X: Any, neuron_selection: Any = "max_activation", explained_layer_names: Any = None,
        stop_mapping_at_layers: Any = None, r_init: Any = None, f_init: Any = None, **kwargs: Any,
    ) -> Maps:  # fmt: skip
        """Relevance of a batch, ``{layer name: array}``: of the inputs, or at the inputs of the layers that are named.

        X: (samples, ...), or a list of samples; for several inputs a list of batches or a dict.
        neuron_selection: "max_activation", None or "all" (all outputs together), an integer, or one integer per sample.
        explained_layer_names: None, "all", or a list of names. stop_mapping_at_layers: layers to explain as if the
        network ended there. r_init: the signal at every explained neuron in place of the method's own.

        Raises ValueError for inputs and selections that do not fit, AttributeError for wrong kinds of layer names,
        Unsupported for `f_init`."""
        if f_init is not None:
            raise Unsupported("is not available; only r_init is", "explain", "f_init")
        layers = _names(explained_layer_names, "explained_layer_names", True) or None
        stops = _names(stop_mapping_at_layers, "stop_mapping_at_layers", False) or None
        extra = {**kwargs, **({} if r_init is None else {"r_init": r_init})}
        self._last = (X, neuron_selection, layers, stops, extra)
        return self._maps(X, neuron_selection, layers, stops, extra)

    def get_explanations(self, explained_layer_names: Optional[Sequence[str]] = None) -> Maps:
        """The relevance of the last call at the inputs of other layers. Raises AttributeError before any call."""
        names = _names(explained_layer_names, "explained_layer_names", True) or None
        if self._last is None:
            raise AttributeError("analyze has to be called before there are results to get")
        X, selection, _, stops, extra = self._last
        return self._maps(X, selection, names, stops, extra)

    def _input_keys(self) -> List[str]:
        return input_keys(self._model, native(self._model))


class ReverseAnalyzerBase(AnalyzerNetworkBase):
    """Base of the analyzers that walk the network backwards."""

    def __init__(self, model: Any, **kwargs: Any) -> None:
        super().__init__(model, **kwargs)


def gradient_type(batch: Array) -> Any:
    """The element type of gradients; see `signxai_cpp.compat._engine.result_type`."""
    return result_type(batch)
