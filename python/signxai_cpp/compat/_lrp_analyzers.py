"""Layer-wise relevance propagation (Bach et al. 2015): one class per rule, and the composites."""

from __future__ import annotations

import inspect
import json
from typing import Any, Dict, List, Optional, Tuple, Type

from ..errors import InvalidArgument, Unsupported
from . import _checks
from ._analyzer_base import ReverseAnalyzerBase
from ._engine import is_live, native, parameter_names
from ._rules import FlatRule, is_rule, rule_terms

__all__ = [
    "LRP", "LRPAlpha1Beta0", "LRPAlpha1Beta0IgnoreBias", "LRPAlpha2Beta1", "LRPAlpha2Beta1IgnoreBias", "LRPAlphaBeta",
    "LRPEpsilon", "LRPEpsilonIgnoreBias", "LRPFlat", "LRPGamma", "LRPRuleUntilIndex", "LRPSequentialCompositeA",
    "LRPSequentialCompositeAFlat", "LRPSequentialCompositeB", "LRPSequentialCompositeBFlat", "LRPStdxEpsilon", "LRPWSquare",
    "LRPZ", "LRPZIgnoreBias", "LRPZPlus", "LRPZPlusFast", "assert_infer_lrp_alpha_beta_param", "assert_lrp_epsilon_param",
]  # fmt: skip

_TOLERANCE = 1e-6  # of alpha - beta = 1


def assert_lrp_epsilon_param(epsilon: float, caller: Any) -> float:
    """Returns epsilon; raises ValueError unless it is above 0."""
    if not epsilon > 0:
        raise InvalidArgument(f"must be greater than 0; got {epsilon}", "method", "epsilon")
    return epsilon


def assert_infer_lrp_alpha_beta_param(alpha: Optional[float], beta: Optional[float], caller: Any) -> Tuple[float, float]:
    """Both parameters; a missing one follows from alpha - beta = 1. Raises ValueError where that does not hold, or for
    alpha < 1, beta < 0, or none of the two."""
    if alpha is None and beta is None:
        raise InvalidArgument("alpha, beta or both must be given", "method", "alpha")
    alpha = 1 + beta if alpha is None and beta is not None else alpha
    assert alpha is not None
    beta = alpha - 1 if beta is None else beta
    if alpha < 1 or beta < 0 or abs(alpha - beta - 1) > _TOLERANCE:
        raise InvalidArgument(f"expected alpha >= 1, beta >= 0, alpha - beta = 1; got {alpha} and {beta}", "method", "alpha")
    return alpha, beta


def _layer_name(key: Any) -> Any:
    return key.__name__ if inspect.isclass(key) else key


def _map_entry(entry: Any) -> Any:
    """The entry of a layer map, with a rule's class by its name and parameters."""
    if not inspect.isclass(entry):
        return entry
    name, terms = rule_terms(entry)
    return {"rule": name, **terms}


class LRP(ReverseAnalyzerBase):
    """Relevance propagation with the rule or rules given.

    rule: a rule (name or class) for every layer with a kernel; a list of pairs (condition on the Keras layer, rule) of
    which the first that holds counts; or a list with one rule for each, the last of which belongs to the first layer.
    input_layer_rule: the rule of the first layer, or (low, high) of the bounded rule.
    until_layer_idx, until_index_rule: a rule for all layers up to that depth.
    layer_map: layers (class, name or pattern) and the rules or parameters that they get.

    Raises ValueError without a rule, NotAnalyzeableModelException for a model with softmax."""

    _method = "lrp"

    def __init__(self, model: Any, *args: Any, **kwargs: Any) -> None:
        if self._method != "lrp" and "rule" in kwargs:
            raise TypeError(f"{type(self).__name__}() got multiple values for keyword argument 'rule': the class decides it")
        self._rule = kwargs.pop("rule", None)
        self._input_layer_rule = kwargs.pop("input_layer_rule", None)
        self._until_layer_idx = kwargs.pop("until_layer_idx", None)
        self._until_index_rule = kwargs.pop("until_index_rule", None)
        self._own: Dict[str, Any] = kwargs.pop("own", {})
        kwargs.pop("bn_layer_rule", None)
        fuse_mode = kwargs.pop("bn_layer_fuse_mode", "one_linear")
        assert fuse_mode in ("one_linear", "two_linear"), f"bn_layer_fuse_mode is one_linear or two_linear; got {fuse_mode}"
        if self._method == "lrp" and not self._rule:
            raise InvalidArgument("needs a rule or rules", "method", "rule")
        self._add_model_softmax_check()
        self._add_model_check(
            lambda layer: not _checks.is_convnet_layer(layer), "LRP is only tested for convolutional neural networks.", "warning"
        )
        super().__init__(model, *args, **kwargs)

    def create_rule_mapping(self, layer: Any) -> Any:
        """The rule of a Keras layer with a kernel, where there are conditions; else the rule of all."""
        if not isinstance(self._rule, list):
            return self._rule
        for condition, rule in self._rule:
            if condition(layer):
                return rule
        raise Unsupported("no rule applies", "rule", getattr(layer, "name", "layer"))

    def _request(self, keywords: Dict[str, Any]) -> Tuple[str, Dict[str, Any]]:
        parameters = dict(self._own)
        if self._method == "lrp":
            parameters.update(self._rule_parameters())
        if self._input_layer_rule is not None:
            self._add_rule(parameters, "input_layer_rule", self._input_layer_rule)
        if self._until_layer_idx is not None and self._until_index_rule is not None:
            parameters["until_layer_idx"] = self._until_layer_idx
            self._add_rule(parameters, "until_index_rule", self._until_index_rule)
        skipped = ("rule", "input_layer_rule", "until_layer_idx", "until_index_rule", "default_rule_configuration")
        known = self._known(self._method, parameters, {k: v for k, v in keywords.items() if k not in skipped})
        if isinstance(known.get("layer_map"), dict):
            known["layer_map"] = {_layer_name(key): _map_entry(entry) for key, entry in known["layer_map"].items()}
        return self._method, known

    def _add_rule(self, parameters: Dict[str, Any], key: str, rule: Any) -> None:
        name, terms = rule_terms(rule)
        for term, value in terms.items():
            if parameters.setdefault(term, value) != value:
                raise Unsupported(
                    f"{term} is {parameters[term]} for the other layers and {value} for {name}; one value serves both; "
                    "try a composite, signxai_cpp.explain(..., composite=...)", "rule", key
                )  # fmt: skip
        parameters[key] = name

    def _rule_parameters(self) -> Dict[str, Any]:
        if is_rule(self._rule):
            name, terms = rule_terms(self._rule)
            return {"rule": name, **terms}
        rules = self._per_layer()
        if "composite" not in parameter_names("lrp"):
            raise Unsupported("this build of the engine takes one rule for all layers", "rule", "rule")
        return {"composite": json.dumps([{"match": f"name:{layer}", "rule": name, **terms} for layer, name, terms in rules])}

    def _per_layer(self) -> List[Tuple[str, str, Dict[str, Any]]]:
        """Name, rule and its parameters of every layer with a kernel."""
        layers = self._model.layers if is_live(self._model) else native(self._model).layers
        kernels = [layer for layer in layers if _checks.contains_kernel(layer)]
        if isinstance(self._rule[0], tuple):
            chosen = [self.create_rule_mapping(layer) for layer in kernels]
        elif len(self._rule) < len(kernels):
            raise InvalidArgument(f"has {len(self._rule)} rules for {len(kernels)} layers with a kernel", "rule", "rule")
        else:
            chosen = list(reversed(self._rule))[: len(kernels)]
        return [(layer.name, *rule_terms(rule, layer)) for layer, rule in zip(kernels, chosen)]


class _LRPFixedParams(LRP):
    """LRP whose rule is decided by the class."""


def _fixed(name: str, base: Type[LRP], method: str, text: str) -> Type[LRP]:
    def __init__(self: Any, model: Any, *args: Any, **kwargs: Any) -> None:
        LRP.__init__(self, model, *args, **kwargs)

    body = {"__init__": __init__, "__doc__": text, "__module__": __name__, "__qualname__": name, "_method": method}
    return type(name, (base,), body)


LRPZ = _fixed("LRPZ", _LRPFixedParams, "lrp.z", "LRP with the Z rule.")
LRPZIgnoreBias = _fixed("LRPZIgnoreBias", _LRPFixedParams, "lrp.z_IB", "LRP with the Z rule without bias.")
LRPWSquare = _fixed("LRPWSquare", _LRPFixedParams, "lrp.w_square", "LRP with the w-square rule.")
LRPFlat = _fixed("LRPFlat", _LRPFixedParams, "lrp.flat", "LRP with the flat rule.")
LRPZPlusFast = _fixed("LRPZPlusFast", _LRPFixedParams, "lrp.z_plus_fast", "LRP with the z-plus rule for inputs from 0 on.")


class LRPEpsilon(_LRPFixedParams):
    """LRP with the epsilon rule. Raises ValueError unless epsilon > 0."""

    _method = "lrp.epsilon"

    def __init__(self, model: Any, epsilon: float = 1e-7, bias: bool = True, *args: Any, **kwargs: Any) -> None:
        self._epsilon = assert_lrp_epsilon_param(epsilon, self)
        super().__init__(model, *args, own={"epsilon": epsilon, "bias": bias}, **kwargs)


class LRPStdxEpsilon(_LRPFixedParams):
    """LRP with the epsilon rule, epsilon = stdfactor * std(x) of each layer's input; `epsilon` itself is not used."""

    _method = "lrp.stdxepsilon"

    def __init__(
        self, model: Any, epsilon: float = 1e-7, stdfactor: float = 0.25, bias: bool = True, *args: Any, **kwargs: Any
    ) -> None:
        self._epsilon = assert_lrp_epsilon_param(epsilon, self)
        self._stdfactor = stdfactor
        super().__init__(model, *args, own={"stdfactor": stdfactor, "bias": bias}, **kwargs)


class LRPEpsilonIgnoreBias(LRPEpsilon):
    """LRP with the epsilon rule without bias."""

    def __init__(self, model: Any, epsilon: float = 1e-7, *args: Any, **kwargs: Any) -> None:
        super().__init__(model, epsilon, False, *args, **kwargs)


class LRPAlphaBeta(LRP):
    """LRP with the alpha-beta rule; alpha - beta = 1, so that one of the two may be left out."""

    _method = "lrp.alpha_beta"

    def __init__(
        self, model: Any, alpha: Optional[float] = None, beta: Optional[float] = None, bias: bool = True, *args: Any, **kwargs: Any
    ) -> None:
        self._alpha, self._beta = assert_infer_lrp_alpha_beta_param(alpha, beta, self)
        self._bias = bias
        kwargs.pop("epsilon", None)
        super().__init__(model, *args, own={"alpha": self._alpha, "beta": self._beta, "bias": bias}, **kwargs)


def _alpha_beta(name: str, alpha: int, beta: int, bias: bool, base: Type[LRPAlphaBeta], text: str) -> Type[LRPAlphaBeta]:
    def __init__(self: Any, model: Any, *args: Any, **kwargs: Any) -> None:
        LRPAlphaBeta.__init__(self, model, alpha, beta, bias, *args, **kwargs)

    body = {"__init__": __init__, "__doc__": text, "__module__": __name__, "__qualname__": name}
    return type(name, (base,), body)


LRPAlpha2Beta1 = _alpha_beta("LRPAlpha2Beta1", 2, 1, True, LRPAlphaBeta, "LRP with alpha 2 and beta 1.")
LRPAlpha2Beta1IgnoreBias = _alpha_beta("LRPAlpha2Beta1IgnoreBias", 2, 1, False, LRPAlphaBeta, "The same without bias.")
LRPAlpha1Beta0 = _alpha_beta("LRPAlpha1Beta0", 1, 0, True, LRPAlphaBeta, "LRP with alpha 1 and beta 0.")
LRPAlpha1Beta0IgnoreBias = _alpha_beta("LRPAlpha1Beta0IgnoreBias", 1, 0, False, LRPAlphaBeta, "The same without bias.")
LRPZPlus = _alpha_beta("LRPZPlus", 1, 0, False, LRPAlpha1Beta0IgnoreBias, "LRP with alpha 1 and beta 0, without bias.")


class LRPGamma(LRP):
    """LRP with the gamma rule, as the reference has it."""

    _method = "lrp.gamma"

    def __init__(self, model: Any, *args: Any, gamma: float = 0.5, bias: bool = True, **kwargs: Any) -> None:
        self._gamma, self._bias = gamma, bias
        super().__init__(model, *args, own={"gamma": gamma, "bias": bias}, **kwargs)


class LRPSequentialCompositeA(_LRPFixedParams):
    """LRP with epsilon in dense layers and alpha 1, beta 0 in convolutions (Kohlbrenner et al. 2020)."""

    _method = "lrp.sequential_composite_a"

    def __init__(self, model: Any, epsilon: float = 1e-1, *args: Any, **kwargs: Any) -> None:
        super().__init__(model, *args, own={"epsilon": epsilon}, **kwargs)


class LRPSequentialCompositeB(_LRPFixedParams):
    """LRP with epsilon in dense layers and alpha 2, beta 1 in convolutions (Kohlbrenner et al. 2020)."""

    _method = "lrp.sequential_composite_b"

    def __init__(self, model: Any, epsilon: float = 1e-1, *args: Any, **kwargs: Any) -> None:
        super().__init__(model, *args, own={"epsilon": epsilon}, **kwargs)


class LRPSequentialCompositeAFlat(LRPSequentialCompositeA):
    """Composite A with the flat rule at the input."""

    def __init__(self, model: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(model, *args, input_layer_rule="Flat", **kwargs)


class LRPSequentialCompositeBFlat(LRPSequentialCompositeB):
    """Composite B with the flat rule at the input."""

    def __init__(self, model: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(model, *args, input_layer_rule="Flat", **kwargs)


class LRPRuleUntilIndex:
    """One rule up to a depth, and above it the rules of another analyzer class (default: composite B, flat at the input).

    until_layer_idx: the depth, counted from the input; until_index_rule: the rule; default_rule_configuration: the class."""

    def __init__(self, model: Any, *args: Any, **kwargs: Any) -> None:
        configuration = kwargs.pop("default_rule_configuration", LRPSequentialCompositeBFlat)
        if not inspect.isclass(configuration):
            raise InvalidArgument(f"expected an analyzer class; got {configuration!r}", "method", "default_rule_configuration")
        kwargs.setdefault("until_layer_idx", 0)
        kwargs.setdefault("until_index_rule", FlatRule)
        self.default_rule_configuration = configuration(model, *args, **kwargs)

    def analyze(self, *args: Any, **kwargs: Any) -> Any:
        """As :meth:`LRP.analyze`."""
        return self.default_rule_configuration.analyze(*args, **kwargs)
