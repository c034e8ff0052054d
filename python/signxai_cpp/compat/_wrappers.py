"""One function per method name: ``lrp_epsilon_0_1(model, x, **kwargs)`` and 151 others, made when they are asked for
from the engine's table of methods. Names with other numbers in them (``lrp_epsilon_0_033``) work as well."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any, Callable, Dict, List, Tuple

import numpy as np
from numpy.typing import NDArray

from .._requests import describe, methods
from ..errors import InvalidArgument
from ._grad_cam import calculate_grad_cam_relevancemap as calculate_grad_cam_relevancemap
from ._grad_cam import calculate_grad_cam_relevancemap_timeseries as calculate_grad_cam_relevancemap_timeseries
from ._grad_cam import guided_backprop_on_guided_model as guided_backprop_on_guided_model
from ._grad_cam import guided_grad_cam
from ._sign import calculate_sign_mu as calculate_sign_mu
from ._sign import sign
from ._utils import calculate_explanation_innvestigate as calculate_explanation_innvestigate

Array = NDArray[Any]
Wrapper = Callable[..., Array]
MODULE = "signxai_cpp.compat.methods.wrappers"

_FIXED: Dict[str, Dict[str, Any]] = {
    "smoothgrad": {"augment_by_n": 50, "noise_scale": 0.2},
    "vargrad": {"augment_by_n": 50, "noise_scale": 0.2},
    "integrated_gradients": {"steps": 50, "reference_inputs": 0.0},
}
_PRODUCT = re.compile(r"(.+?)_x_(input_x_sign|input|sign_mu(?:_.+)?|sign)")
_SINGLE_RULES = {
    "Z": "lrp.z", "ZIgnoreBias": "lrp.z_IB", "Epsilon": "lrp.epsilon", "EpsilonIgnoreBias": "lrp.epsilon_IB",
    "StdxEpsilon": "lrp.stdxepsilon", "WSquare": "lrp.w_square", "Flat": "lrp.flat", "Gamma": "lrp.gamma",
    "AlphaBeta": "lrp.alpha_beta", "ZPlus": "lrp.z_plus", "ZPlusFast": "lrp.z_plus_fast",
}  # fmt: skip
HEAT = ("grad_cam", "grad_cam_timeseries", "guided_grad_cam")
_NOT_FUNCTIONS = ("lrp", "guided_grad_cam")
_OWN = ["calculate_relevancemap", "calculate_relevancemaps"]
_ALSO = ["calculate_explanation_innvestigate", "calculate_grad_cam_relevancemap", "calculate_grad_cam_relevancemap_timeseries",
         "calculate_sign_mu", "guided_backprop_on_guided_model"]  # fmt: skip


def names() -> List[str]:
    """The method names that are functions here, in the engine's order."""
    return [name for name in methods() if name.isidentifier() and name not in _NOT_FUNCTIONS]


def _split(name: str) -> Tuple[str, str]:
    """The method whose map is multiplied, and what it is multiplied with: "", "input", "sign" ... in the name's words."""
    match = _PRODUCT.fullmatch(name)
    if match is None:
        return name, ""
    base, factor = match.groups()
    return base, "sign_mu" if factor.startswith("sign_mu") else factor


def _refuse_fixed(name: str, fixed: Any, given: Mapping[str, Any]) -> None:
    for key in fixed:
        if key in given:
            raise TypeError(f"{name}() got multiple values for keyword argument {key!r}: the name decides it")


def _random_uniform(model: Any, x: Any, **kwargs: Any) -> Array:
    height, width, channels = np.shape(x)[:3]
    plane = np.random.RandomState(1).uniform(low=-1, high=1, size=(height, width))
    return np.repeat(plane[:, :, np.newaxis], channels, axis=2)


def _heat(name: str, base: str, fixed: Dict[str, Any]) -> Wrapper:
    """Grad-CAM and its relatives."""
    function: Wrapper = {
        "grad_cam": lambda x, model, **kw: calculate_grad_cam_relevancemap(x, model, resize=True, **kw),
        "grad_cam_timeseries": lambda x, model, **kw: calculate_grad_cam_relevancemap_timeseries(x, model, resize=True, **kw),
        "guided_grad_cam": lambda x, model, **kw: guided_grad_cam(x, model, **kw),
    }[base]

    def compute(model: Any, x: Any, batchmode: bool = False, **kwargs: Any) -> Array:
        _refuse_fixed(name, (*fixed, "resize"), kwargs)
        if batchmode:
            return np.array([function(np.asarray([each]), model, **fixed, **kwargs) for each in x])
        return function(np.asarray([x]), model, **fixed, **kwargs)

    return compute


def _analyzer_of(name: str, base: str, fixed: Dict[str, Any]) -> Tuple[str, Dict[str, Any]]:
    """The analyzer behind a name, and its parameters."""
    if base in _FIXED:
        return base, dict(_FIXED[base])
    parameters = {key: value for key, value in fixed.items() if key != "rule"}
    if base != "lrp":
        return base, parameters
    rule = fixed["rule"]
    if rule == "AlphaBeta":  # the wrappers' analyzers have these numbers in their names
        alpha, beta = parameters["alpha"], parameters["beta"]
        own = f"lrp.alpha_{alpha:g}_beta_{beta:g}"
        if own in ("lrp.alpha_1_beta_0", "lrp.alpha_2_beta_1"):
            return own, {key: value for key, value in parameters.items() if key not in ("alpha", "beta")}
    return _SINGLE_RULES[str(rule)], parameters


def _explanation(name: str, base: str, fixed: Dict[str, Any]) -> Wrapper:
    """A map by an analyzer."""
    analyzer, parameters = _analyzer_of(name, base, fixed)

    def compute(model: Any, x: Any, **kwargs: Any) -> Array:
        _refuse_fixed(name, (*parameters, "method", "model"), kwargs)
        if analyzer.startswith("lrp.alpha_") and analyzer != "lrp.alpha_beta":
            _refuse_fixed(name, ("alpha", "beta", "bias"), kwargs)
        return calculate_explanation_innvestigate(model, x, method=analyzer, **parameters, **kwargs)

    return compute


def _times(name: str, factor: str, compute: Wrapper, mu: Any) -> Wrapper:
    """The product of a map with the input or a sign of it, in NumPy's element types as the reference has them."""

    def multiplied(model: Any, x: Any, **kwargs: Any) -> Array:
        if factor == "sign_mu":
            if mu is not None:
                _refuse_fixed(name, ("mu",), kwargs)
            threshold = kwargs.pop("mu") if mu is None else mu
            values = {key: kwargs.pop(key) for key in ("vlow", "vhigh") if key in kwargs}
            return np.asarray(compute(model, x, **kwargs) * calculate_sign_mu(x, threshold, **values))
        x = np.asarray(x)
        relevance = compute(model, x, **kwargs)
        if factor.startswith("input"):
            relevance = relevance * x
        return np.asarray(relevance * sign(x) if factor.endswith("sign") else relevance)

    return multiplied


def _implementation(name: str) -> Wrapper:
    info = describe(name)
    base, factor = (name, "") if info.base == name else _split(name)
    fixed = dict(info.fixed)
    if info.base == "random_uniform":
        return _random_uniform
    if info.base in HEAT:
        return _heat(name, info.base, fixed)
    mu = fixed.get("mu") if factor == "sign_mu" else None
    own = {key: value for key, value in fixed.items() if not (key == "mu" and factor == "sign_mu")}
    compute = _explanation(base if factor else name, info.base, own)
    return _times(name, factor, compute, mu) if factor else compute


def _signature(name: str) -> inspect.Signature:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter("model_no_softmax", kind), inspect.Parameter("x", kind)]
    if name.endswith("_x_sign_mu"):
        parameters.append(inspect.Parameter("mu", kind))
    if name.endswith(("_x_sign_mu", "_MNISTCNN")):
        parameters.append(inspect.Parameter("batchmode", kind, default=False))
    parameters.append(inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD))
    return inspect.Signature(parameters)


def _document(name: str) -> str:
    info = describe(name)
    decided = ", ".join(f"{key}={value}" for key, value in {**_FIXED.get(info.base, {}), **info.fixed}.items())
    needed = ", ".join(f"{parameter.name} ({parameter.description})" for parameter in info.parameters if not parameter.default)
    lines = [info.description, ""]
    lines += [f"The name decides {decided}."] if decided else []
    lines += [f"The caller has to give {needed}."] if needed else []
    lines += ["The result has the shape of the sample `x`; further keywords: neuron_selection, batchmode, and what the",
              f"method takes (``signxai_cpp.describe({name!r})``)."]  # fmt: skip
    return "\n".join(lines)


def _make(name: str) -> Wrapper:
    signature = _signature(name)
    compute = _implementation(name)

    def wrapper(*args: Any, **kwargs: Any) -> Array:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{name}() {error}") from None
        arguments = dict(bound.arguments)
        model, x = arguments.pop("model_no_softmax"), arguments.pop("x")
        return compute(model, x, **{**arguments.pop("kwargs", {}), **arguments})

    wrapper.__name__ = wrapper.__qualname__ = name
    wrapper.__module__ = MODULE
    wrapper.__doc__ = _document(name)
    wrapper.__signature__ = signature  # type: ignore[attr-defined]
    return wrapper


_made: Dict[str, Wrapper] = {}


def wrapper_of(name: str) -> Wrapper:
    """The function of a method name. Raises NameError where there is none."""
    if name not in _made:
        known = isinstance(name, str) and name.isidentifier() and name not in _NOT_FUNCTIONS
        try:
            if not known:
                raise InvalidArgument("is no name of a function", "method", str(name))
            describe(name)
        except InvalidArgument as error:
            dotted = isinstance(name, str) and name.startswith("lrp.")
            advice = "; analyzers are called by calculate_explanation_innvestigate(model, x, method=...)" if dotted else ""
            raise NameError(f"name {name!r} is not defined: {error.message}{advice}") from None
        _made[name] = _make(name)
    return _made[name]


def calculate_relevancemap(m: str, x: Any, model_no_softmax: Any, **kwargs: Any) -> Array:
    """The map of one sample `x` (without batch axis) by the method named `m`; the sample's shape.

    Keywords: neuron_selection (None explains the largest output; an integer, "all"), and what the method takes.
    Raises NameError for an unknown name, TypeError for a keyword that the name decides, NotAnalyzeableModelException for
    a Keras model with softmax, ValueError for what does not fit.

    >>> import numpy as np, signxai_cpp
    >>> from signxai_cpp.compat.methods.wrappers import calculate_relevancemap
    >>> model = signxai_cpp.load("examples/digits/digits_cnn.h5")
    >>> calculate_relevancemap("lrpsign_z", np.ones((28, 28, 1), np.float32), model).shape
    (28, 28, 1)
    """
    return wrapper_of(m)(model_no_softmax, x, **kwargs)


def calculate_relevancemaps(m: str, X: Any, model_no_softmax: Any, **kwargs: Any) -> Array:
    """The maps of many samples by the method named `m`, (samples, ...): as :func:`calculate_relevancemap` gives them one
    by one. Methods without random numbers are computed as one batch."""
    function = wrapper_of(m)
    base = describe(m).base
    alone = base in ("smoothgrad", "vargrad", "random_uniform") or base in HEAT or np.ndim(kwargs.get("mu", 0)) > 0
    if alone or kwargs.get("batchmode") or len(X) == 0 or not isinstance(X, np.ndarray):
        return np.array([function(model_no_softmax, x, **kwargs) for x in X])
    selection = kwargs.pop("neuron_selection", None)
    if selection is not None and np.ndim(selection) == 1 and len(selection) == 1:
        selection = int(selection[0])
    elif selection is not None and np.ndim(selection) > 0:
        raise InvalidArgument("every sample is explained alone; expected one integer", "target", "neuron_selection")
    return function(model_no_softmax, X, batchmode=True, neuron_selection=selection, **kwargs)


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return [*names(), *_OWN, *_ALSO]
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return wrapper_of(name)
    except NameError as error:
        raise AttributeError(f"module {MODULE!r} has no attribute {name!r}: {error}") from None


def __dir__() -> List[str]:
    return sorted([*names(), *_OWN, *_ALSO])
