"""Questions about single layers, as iNNvestigate's checks ask them. They look at class names and attributes only, so
layers of any Keras work, and those of a :class:`signxai_cpp.Model` as well."""

from __future__ import annotations

from typing import Any, Callable, Iterable, List, Optional, Set, Tuple, Union

__all__ = [
    "contains_activation", "contains_bias", "contains_kernel", "get_activation_search_safe_layers", "get_known_activations",
    "get_known_layers", "is_add_layer", "is_average_pooling", "is_batch_normalization_layer", "is_conv_layer",
    "is_convnet_layer", "is_dense_layer", "is_input_layer", "is_layer_at_idx", "is_max_pooling", "is_network",
    "is_relu_convnet_layer", "isInstanceOf", "only_relu_activation",
]  # fmt: skip

_ACTIVATIONS = ("ReLU", "LeakyReLU", "PReLU", "ThresholdedReLU", "ELU", "Softmax", "Activation")
_CONVOLUTIONS = ("Conv1D", "Conv2D", "Conv2DTranspose", "Conv3D", "Conv3DTranspose", "SeparableConv1D", "SeparableConv2D",
                 "DepthwiseConv2D")  # fmt: skip
_AVERAGE = tuple(f"{kind}AveragePooling{rank}D" for kind in ("", "Global") for rank in (1, 2, 3))
_MAXIMUM = tuple(f"{kind}MaxPooling{rank}D" for kind in ("", "Global") for rank in (1, 2, 3))
_SHAPES = ("Flatten", "Permute", "Reshape")
_PADDING = tuple(f"ZeroPadding{rank}D" for rank in (1, 2, 3))
_MERGES = ("Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract")
_CONVNET = (
    *_ACTIVATIONS, *_CONVOLUTIONS, *_AVERAGE, *_MAXIMUM, *_SHAPES, *_PADDING, *_MERGES, "InputLayer", "Dense", "Dropout",
    "Embedding", "LocallyConnected1D", "LocallyConnected2D", "RepeatVector", "Masking", "Lambda", "ActivityRegularization",
    "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "BatchNormalization", "GaussianNoise", "GaussianDropout",
    "AlphaDropout", *(f"Cropping{rank}D" for rank in (1, 2, 3)), *(f"UpSampling{rank}D" for rank in (1, 2, 3)),
)  # fmt: skip
_OTHERS = ("ConvLSTM2D", "RNN", "SimpleRNN", "GRU", "LSTM", "SimpleRNNCell", "GRUCell", "LSTMCell", "StackedRNNCells",
           "TimeDistributed", "Bidirectional")  # fmt: skip
_WITH_KERNEL = (*_CONVOLUTIONS, "Dense", "DepthwiseConv1D", "EinsumDense", "LocallyConnected1D", "LocallyConnected2D")


def class_of(layer: Any) -> str:
    """The class of a layer, of Keras or of a :class:`signxai_cpp.Model`."""
    return getattr(layer, "class_name", None) or type(layer).__name__


def isInstanceOf(obj: Any, valid: Union[str, List[str], Tuple[str, ...]]) -> bool:
    """Is the object's own class (not a base of it) one of these names? Raises TypeError for other kinds of `valid`."""
    if isinstance(valid, str):
        return class_of(obj) == valid
    if isinstance(valid, (list, tuple)):
        return class_of(obj) in valid
    raise TypeError(f"isInstanceOf expects a class name or a list of them; got {type(valid).__name__}")


def contains_activation(layer: Any, activation: Optional[str] = None) -> bool:
    """Has the layer an activation; with a name: one whose printed form contains it ("relu" finds leaky_relu too)?"""
    if hasattr(layer, "class_name") or not hasattr(layer, "activation"):
        text = class_of(layer) + getattr(layer, "activation", "")
        has = bool(getattr(layer, "activation", "")) or isInstanceOf(layer, _ACTIVATIONS)
        return has and (activation is None or activation.lower() in text.lower())
    return activation is None or activation.lower() in str(layer.activation).lower()


def contains_kernel(layer: Any) -> bool:
    """Has the layer a kernel, so that LRP applies a rule to it?"""
    if hasattr(layer, "class_name"):
        return class_of(layer) in _WITH_KERNEL
    return any(hasattr(layer, name) for name in ("kernel", "depthwise_kernel", "pointwise_kernel"))


def contains_bias(layer: Any) -> bool:
    """Has the layer an attribute for a bias?"""
    return contains_kernel(layer) if hasattr(layer, "class_name") else hasattr(layer, "bias")


def only_relu_activation(layer: Any) -> bool:
    """True for every layer, as in the reference, whose test always holds."""
    return True


def is_network(layer: Any) -> bool:
    """Is the layer a model of the plain class Model?"""
    return isInstanceOf(layer, "Model")


def is_conv_layer(layer: Any, *args: Any, **kwargs: Any) -> bool:
    """Is it a convolution, as the composites understand it?"""
    return isInstanceOf(layer, _CONVOLUTIONS)


def is_batch_normalization_layer(layer: Any, *args: Any, **kwargs: Any) -> bool:
    """Is it a batch normalisation?"""
    return isInstanceOf(layer, ("BatchNormalization", "BatchNorm"))


def is_add_layer(layer: Any, *args: Any, **kwargs: Any) -> bool:
    """Is it an Add layer?"""
    return isInstanceOf(layer, "Add")


def is_dense_layer(layer: Any, *args: Any, **kwargs: Any) -> bool:
    """Is it a Dense layer?"""
    return isInstanceOf(layer, "Dense")


def is_convnet_layer(layer: Any) -> bool:
    """Is it a layer that convolutional networks are made of?"""
    return isInstanceOf(layer, _CONVNET)


def is_relu_convnet_layer(layer: Any) -> bool:
    """The same as :func:`is_convnet_layer`, since :func:`only_relu_activation` holds for all."""
    return is_convnet_layer(layer)


def is_average_pooling(layer: Any) -> bool:
    """Is it an average pooling, global or not?"""
    return isInstanceOf(layer, _AVERAGE)


def is_max_pooling(layer: Any) -> bool:
    """Is it a maximum pooling, global or not?"""
    return isInstanceOf(layer, _MAXIMUM)


def _below(layers: Iterable[Any], skipped: Tuple[str, ...]) -> Set[Any]:
    """The layers with those of the classes `skipped` replaced by what feeds them."""
    from ._graph import get_input_layers

    found = set(layers)
    while any(isInstanceOf(layer, skipped) for layer in found):
        found = {feeder for layer in found
                 for feeder in (get_input_layers(layer) if isInstanceOf(layer, skipped) else [layer])}  # fmt: skip
    return found


def is_input_layer(layer: Any, ignore_reshape_layers: bool = True) -> bool:
    """Do only input layers feed this Keras layer, reshaping and zero padding in between not counted?"""
    from ._graph import get_input_layers

    feeders = _below(get_input_layers(layer), (*_SHAPES, *_PADDING) if ignore_reshape_layers else ())
    return all("InputLayer" in class_of(feeder) for feeder in feeders)


def is_layer_at_idx(layer: Any, index: int, ignore_reshape_layers: bool = True) -> bool:
    """Does the Keras layer stand `index` layers above the input (0: :func:`is_input_layer`)?"""
    from ._graph import get_input_layers

    layers: Set[Any] = {layer}
    for _ in range(index):
        layers = _below(layers, _SHAPES if ignore_reshape_layers else ())
        layers = {feeder for each in layers for feeder in get_input_layers(each)}
        if any(isInstanceOf(each, "InputLayer") for each in layers):
            return False
    return all(is_input_layer(each, ignore_reshape_layers) for each in layers)


def get_known_layers() -> Tuple[str, ...]:
    """Names of the layer classes that are known."""
    return tuple(dict.fromkeys((*_CONVNET, *_OTHERS)))


def get_known_activations(lowercase: bool = False) -> Tuple[str, ...]:
    """Names of the layer classes that only apply an activation."""
    return tuple(name.lower() for name in _ACTIVATIONS) if lowercase else _ACTIVATIONS


def get_activation_search_safe_layers() -> Tuple[str, ...]:
    """Names of layer classes whose activation, or absence of one, is known."""
    return get_known_layers()


Condition = Callable[[Any], bool]
