"""The functions of signxai2. Names mean what they mean in signxai 1.1.9.2; its models are Keras models here."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

import numpy as np
from numpy.typing import NDArray

from .._requests import describe, methods
from ..errors import InvalidArgument, Unsupported
from ._engine import as_inputs, native, outputs_of
from ._grad_cam import calculate_grad_cam_relevancemap, calculate_grad_cam_relevancemap_timeseries
from ._utils import calculate_explanation_innvestigate, remove_softmax
from ._wrappers import wrapper_of

__all__ = ["METHOD_PRESETS", "calculate_relevancemap", "explain", "explain_with_preset", "get_method_info", "list_methods"]

Array = NDArray[Any]

_ALIASES = {
    "integratedgradients": "integrated_gradients", "integrated_gradient": "integrated_gradients", "gradcam": "grad_cam",
    "gradients": "gradient", "guidedbackprop": "guided_backprop", "guided_backpropagation": "guided_backprop",
    "deconv": "deconvnet", "deconvolution": "deconvnet", "gradient_times_input": "gradient_x_input",
}  # fmt: skip
_PARAMETERS = {"num_samples": "augment_by_n", "noise_level": "noise_scale", "layer_name": "last_conv_layer_name"}
_DEFAULTS: Dict[str, Dict[str, Any]] = {
    "smoothgrad": {"augment_by_n": 50, "noise_scale": 0.2},
    "vargrad": {"augment_by_n": 50, "noise_scale": 0.2},
    "integrated_gradients": {"steps": 50},
    "lrp.epsilon": {"epsilon": 0.1},
}
METHOD_PRESETS: Dict[str, Dict[str, Dict[str, Any]]] = {
    "smoothgrad": {"fast": {"augment_by_n": 10}, "default": {}, "high_quality": {"augment_by_n": 100}},
    "integrated_gradients": {"fast": {"steps": 20}, "default": {}, "high_quality": {"steps": 200}},
}


def _renamed(keywords: Dict[str, Any]) -> Dict[str, Any]:
    return {_PARAMETERS.get(name, name): value for name, value in keywords.items()}


def _last_convolution(model: Any, rank: int) -> str:
    layers = [layer.name for layer in native(model).layers if layer.class_name == f"Conv{rank}D"]
    if not layers:
        raise InvalidArgument(f"the model has no Conv{rank}D layer; name one: layer_name=...", "method", "grad_cam")
    return layers[-1]


def _cam(model: Any, x: Array, target: Any, keywords: Dict[str, Any]) -> Array:
    series = x.ndim == 3
    layer = keywords.pop("last_conv_layer_name", None) or _last_convolution(model, 1 if series else 2)
    function = calculate_grad_cam_relevancemap_timeseries if series else calculate_grad_cam_relevancemap
    return function(x, model, layer, target, resize=True)


def _map(name: str, model: Any, x: Array, target: Any, keywords: Dict[str, Any]) -> Array:
    """The map of a batch. Parameters that a name fixes may be given again here, and count."""
    if name in _DEFAULTS or "." in name:
        given = {**_DEFAULTS.get(name, {}), **keywords}
        return calculate_explanation_innvestigate(model, x, name, target, True, **given)
    if name in ("grad_cam", "grad_cam_timeseries"):
        return _cam(model, x, target, keywords)
    fixed = describe(name).fixed
    free = {key: value for key, value in keywords.items() if key not in fixed}
    return wrapper_of(name)(model, x, neuron_selection=target, batchmode=True, **free)


def explain(
    model: Any, x: Any, method_name: str, target_class: Optional[int] = None, framework: Optional[str] = None, **kwargs: Any
) -> Array:
    """The map of a batch `x` (samples, ...) by the method named. The softmax of a Keras model is removed in place.

    target_class: an index; None explains what the model answers for the first sample. framework: None or "tensorflow".
    kwargs: parameters of the method (also num_samples, noise_level, layer_name). A batch of one sample comes back without
    the batch axis, unless its map was multiplied by the input or a sign, as in signxai2.

    Raises ValueError for unknown methods and what does not fit, Unsupported for PyTorch models."""
    if framework not in (None, "tensorflow"):
        raise Unsupported("this package explains Keras models", "explain", f"framework {framework}")
    x = np.asarray(x.detach().cpu() if hasattr(x, "detach") else x)
    remove_softmax(model)
    target = int(np.argmax(outputs_of(model, as_inputs(x, native(model)))[0])) if target_class is None else int(target_class)
    name = _ALIASES.get(method_name, method_name)
    try:
        relevance = _map(name, model, x, target, _renamed(kwargs))
    except (NameError, KeyError) as error:
        raise InvalidArgument(str(error), "method", method_name) from None
    multiplied = "_x_input" in name or "_x_sign" in name
    return relevance[0] if len(x) == 1 and relevance.ndim == x.ndim and not multiplied else relevance


def calculate_relevancemap(method: str, x: Any, model: Any, neuron_selection: Any = None, **kwargs: Any) -> Array:
    """The map of one sample, or of a batch, by the method or analyzer named; the shape of `x`. Raises ValueError for
    unknown methods and what does not fit."""
    x = np.asarray(x)
    single = x.ndim == len(native(model).inputs[0].shape)
    try:
        relevance = _map(_ALIASES.get(method, method), model, x[np.newaxis] if single else x, neuron_selection, _renamed(kwargs))
    except (NameError, KeyError) as error:
        raise InvalidArgument(str(error), "method", method) from None
    return relevance[0] if single and relevance.ndim == x.ndim + 1 else relevance


def list_methods(framework: Optional[str] = None) -> Dict[str, List[str]]:
    """The method names, as ``{"tensorflow": [...]}``."""
    return {"tensorflow": methods()} if framework in (None, "tensorflow") else {}


def get_method_info(method_name: str, framework: Optional[str] = None) -> Dict[str, Any]:
    """Name, description, parameters (with defaults) and what the name decides. Raises ValueError for unknown names."""
    info = describe(_ALIASES.get(method_name, method_name))
    parameters = {parameter.name: parameter.default for parameter in info.parameters}
    return {"name": info.name, "description": info.description, "parameters": parameters, "fixed": dict(info.fixed)}


def explain_with_preset(model: Any, x: Any, method_name: str, preset: str = "default", **override_kwargs: Any) -> Array:
    """:func:`explain` with the parameters of a preset: "fast", "default", "high_quality". Raises ValueError for others."""
    presets = METHOD_PRESETS.get(method_name, {"default": {}})
    if preset not in presets:
        raise InvalidArgument(f"has the presets {', '.join(presets)}; got {preset!r}", "method", method_name)
    return explain(model, x, method_name, **{**presets[preset], **override_kwargs})
