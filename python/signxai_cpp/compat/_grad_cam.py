"""Grad-CAM (Selvaraju et al. 2017) and guided back-propagation, as functions."""

from __future__ import annotations

import warnings
from typing import Any, Dict, Optional, Tuple

import numpy as np

from ..errors import InvalidArgument, Unsupported
from . import _checks
from ._engine import Array, as_inputs, is_live, native, run

__all__ = [
    "build_guided_model", "calculate_grad_cam_relevancemap", "calculate_grad_cam_relevancemap_timeseries",
    "guided_backprop_on_guided_model", "guided_grad_cam",
]  # fmt: skip


def _class_target(model: Any, selection: Any) -> Any:
    """The explained class. Warns where a live model still ends in a softmax: there the reference includes its derivative."""
    if selection is not None and (isinstance(selection, str) or np.ndim(selection) > 0):
        raise InvalidArgument(f"got {selection!r}; expected None or an integer", "target", "neuron_selection")
    if is_live(model) and _checks.contains_activation(model.layers[-1], "softmax"):
        warnings.warn("the softmax at the end is left out: Grad-CAM explains the logit, not the probability", stacklevel=4)
    return None if selection is None else int(np.asarray(selection))


def _cam(x: Any, model: Any, method: str, parameters: Dict[str, Any], selection: Any) -> Tuple[Array, Array]:
    """The map of the first sample, and the batch."""
    engine_model = native(model)
    inputs = [batch[:1] for batch in as_inputs(x, engine_model)]
    maps = run(model, inputs, method, parameters, _class_target(model, selection), engine_model=engine_model)
    return next(iter(maps.values()))[0], inputs[0]


def calculate_grad_cam_relevancemap(
    x: Any, model: Any, last_conv_layer_name: str, neuron_selection: Optional[int] = None, resize: bool = False, **kwargs: Any
) -> Array:
    """Grad-CAM of the first sample of a batch of images: max(0, sum_k alpha_k A_k), A the output of the layer and alpha_k
    the mean of df/dA_k, scaled to a maximum of 1; (h, w), float32. With `resize` as the reference has it: 8 bits, 0 to
    255, resized to (width, height, channels). Zeros where nothing is positive. Further keywords are ignored.

    A softmax at the end is left out, with a warning for live models: the reference includes its derivative.

    Raises NotFound (a KeyError) for an unknown layer, ValueError for other selections than None and an integer."""
    parameters = {"last_conv_layer_name": last_conv_layer_name, "resize": int(resize is True)}
    heat, _ = _cam(x, model, "grad_cam", parameters, neuron_selection)
    return heat if resize is True else np.squeeze(heat)


def calculate_grad_cam_relevancemap_timeseries(
    x: Any, model: Any, last_conv_layer_name: str, neuron_selection: Optional[int] = None, resize: bool = True
) -> Array:
    """Grad-CAM over time of the first sample of a batch of series, values 0 to 1: (time, channels), float64, interpolated
    to the input's length and the same for all channels; without `resize` (length of the layer's output,), float32.

    Raises NotFound (a KeyError) for an unknown layer, ValueError for other selections than None and an integer."""
    parameters = {"last_conv_layer_name": last_conv_layer_name, "resize": 0}
    heat, batch = _cam(x, model, "grad_cam_timeseries", parameters, neuron_selection)
    if resize is not True:
        return heat
    if heat.ndim > 1:
        return _resized_by_engine(x, model, last_conv_layer_name, neuron_selection)
    series = np.interp(np.linspace(0, len(heat) - 1, num=batch.shape[1]), np.arange(len(heat)), heat)
    return np.array(np.repeat(series[:, np.newaxis], batch.shape[2], axis=1))


def _resized_by_engine(x: Any, model: Any, layer: str, selection: Any) -> Array:
    heat, _ = _cam(x, model, "grad_cam_timeseries", {"last_conv_layer_name": layer, "resize": 1}, selection)
    return heat.astype(np.float64)


def guided_grad_cam(x: Any, model: Any, last_conv_layer_name: str, neuron_selection: Optional[int] = None) -> Array:
    """Grad-CAM of the first sample, resized, times guided back-propagation of the sum of the layer's outputs."""
    heat, _ = _cam(x, model, "guided_grad_cam", {"last_conv_layer_name": last_conv_layer_name}, neuron_selection)
    return heat


def guided_backprop_on_guided_model(model_no_softmax: Any, img: Any, layer_name: str) -> Array:
    """Guided back-propagation of the sum of a layer's outputs to the first sample of a batch; the sample's shape, float32."""
    engine_model = native(model_no_softmax)
    inputs = [batch[:1] for batch in as_inputs(img, engine_model)]
    parameters = {"stop_mapping_at_layers": [layer_name], "r_init": 1.0}
    maps = run(model_no_softmax, inputs, "guided_backprop", parameters, "all", engine_model=engine_model)
    return np.asarray(next(iter(maps.values()))[0])


def build_guided_model(model: Any) -> Any:
    """Not available: it would be a TensorFlow model with other gradients. Raises Unsupported."""
    raise Unsupported("would be a TensorFlow model; try guided_backprop_on_guided_model or guided_backprop", "explain", "build_guided_model")
