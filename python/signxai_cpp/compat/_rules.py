"""The rules of relevance propagation as classes. They name a rule of the engine and its parameters; the engine computes.

A subclass may fix parameters in its constructor, ``super().__init__(*args, epsilon=0.25, **kwargs)``. One that overrides
how relevance is computed is refused: the engine does not run Python; rules of one's own are stated through
:mod:`signxai_cpp` instead."""

from __future__ import annotations

import inspect
from typing import Any, Dict, Tuple, Type, Union

from .._registry import is_registered
from ..errors import InvalidArgument, Unsupported

PARAMETERS = ("alpha", "beta", "bias", "epsilon", "gamma", "high", "low", "mu", "stdfactor")


class ReplacementLayer:
    """A layer on the way back that hands relevance on as it is; the base of all rules.

    `layer` is the Keras layer that it stands for (None is allowed here); keywords are parameters of the rule."""

    engine_rule = ""

    def __init__(
        self, layer: Any = None, layer_next: Any = (), r_init_constant: Any = None, f_init_constant: Any = None, **kwargs: Any
    ) -> None:
        self.layer_func = layer
        self.layer_next = list(layer_next) if isinstance(layer_next, (list, tuple)) else []
        self.name = getattr(layer, "name", "")
        self.r_init, self.f_init = r_init_constant, f_init_constant
        self.parameters = {key: value for key, value in kwargs.items() if key in PARAMETERS and value is not None}

    def wrap_hook(self, ins: Any, neuron_selection: Any, stop_mapping_at_layers: Any, r_init: Any) -> Any:
        """Not available: the engine computes. Raises Unsupported."""
        raise Unsupported(_REFUSAL, "rule", type(self).__name__)

    def explain_hook(self, ins: Any, reversed_outs: Any, args: Any) -> Any:
        """Not available: the engine computes. Raises Unsupported."""
        raise Unsupported(_REFUSAL, "rule", type(self).__name__)

    def try_explain(self, reversed_outs: Any) -> None:
        """Not available: the engine computes. Raises Unsupported."""
        raise Unsupported(_REFUSAL, "rule", type(self).__name__)

    def try_apply(
        self, ins: Any, callback: Any = None, neuron_selection: Any = None, stop_mapping_at_layers: Any = None,
        r_init: Any = None, f_init: Any = None,
    ) -> None:  # fmt: skip
        """Not available: the engine computes. Raises Unsupported."""
        raise Unsupported(_REFUSAL, "rule", type(self).__name__)


_REFUSAL = (
    "computes in Python, which the engine does not run; expected a rule of signxai or a subclass that only fixes "
    "parameters; try the rules of one's own of signxai_cpp"
)


class GradientReplacementLayer(ReplacementLayer):
    """A layer on the way back through which relevance goes by the layer's derivative."""

    engine_rule = "Gradient"


def _rule(name: str, base: Type[ReplacementLayer], engine_rule: str, text: str, **fixed: Any) -> Type[ReplacementLayer]:
    def __init__(self: Any, layer: Any = None, *args: Any, **kwargs: Any) -> None:
        base.__init__(self, layer, *args, **{**kwargs, **fixed})

    body = {"__init__": __init__, "__doc__": text, "__module__": __name__, "__qualname__": name, "engine_rule": engine_rule}
    return type(name, (base,), body)


ZRule = _rule("ZRule", ReplacementLayer, "Z", "R_in = x * VJP(W; R / (Wx + b)) (Bach et al. 2015).")
ZIgnoreBiasRule = _rule("ZIgnoreBiasRule", ZRule, "ZIgnoreBias", "The Z rule without bias.")
EpsilonRule = _rule("EpsilonRule", ReplacementLayer, "Epsilon", "R_in = x * VJP(W; R / (z + epsilon sign(z))), z = Wx + b.")
EpsilonIgnoreBiasRule = _rule("EpsilonIgnoreBiasRule", EpsilonRule, "EpsilonIgnoreBias", "The epsilon rule without bias.")
StdxEpsilonRule = _rule("StdxEpsilonRule", ReplacementLayer, "StdxEpsilon", "The epsilon rule with epsilon = stdfactor std(x).")
SIGNRule = _rule("SIGNRule", ReplacementLayer, "SIGN", "R_in = sign(x) * VJP(W; R / (Wx + b)) (Gumpfer et al. 2023).")
SIGNmuRule = _rule("SIGNmuRule", ReplacementLayer, "SIGNmu", "As SIGN, with -1 below mu and +1 from mu on.")
WSquareRule = _rule("WSquareRule", ReplacementLayer, "WSquare", "R_in = VJP(W^2; R / (W^2 1)) (Montavon et al. 2017).")
FlatRule = _rule("FlatRule", WSquareRule, "Flat", "As w-square with every weight 1.")
AlphaBetaRule = _rule("AlphaBetaRule", ReplacementLayer, "AlphaBeta", "alpha times the activating part minus beta times the other.")
AlphaBetaIgnoreBiasRule = _rule("AlphaBetaIgnoreBiasRule", AlphaBetaRule, "AlphaBetaIgnoreBias", "Alpha-beta without bias.")
Alpha2Beta1Rule = _rule("Alpha2Beta1Rule", AlphaBetaRule, "Alpha2Beta1", "Alpha-beta with 2 and 1.")
Alpha2Beta1IgnoreBiasRule = _rule("Alpha2Beta1IgnoreBiasRule", AlphaBetaRule, "Alpha2Beta1IgnoreBias", "The same without bias.")
Alpha1Beta0Rule = _rule("Alpha1Beta0Rule", AlphaBetaRule, "Alpha1Beta0", "Alpha-beta with 1 and 0.")
Alpha1Beta0IgnoreBiasRule = _rule("Alpha1Beta0IgnoreBiasRule", AlphaBetaRule, "Alpha1Beta0IgnoreBias", "The same without bias.")
ZPlusRule = _rule("ZPlusRule", Alpha1Beta0IgnoreBiasRule, "ZPlus", "Alpha-beta with 1 and 0, without bias.")
ZPlusFastRule = _rule("ZPlusFastRule", ReplacementLayer, "ZPlusFast", "R_in = x * VJP(W+; R / W+x), for x >= 0.")
GammaRule = _rule("GammaRule", ReplacementLayer, "Gamma", "The gamma rule as the reference has it; see the table of quirks.")
BoundedRule = _rule("BoundedRule", ReplacementLayer, "Bounded", "z^B: inputs between low and high (Montavon et al. 2017).")

LRP_RULES = {
    rule.engine_rule: rule
    for rule in (
        ZRule, ZIgnoreBiasRule, SIGNRule, SIGNmuRule, EpsilonRule, StdxEpsilonRule, EpsilonIgnoreBiasRule, WSquareRule,
        FlatRule, GammaRule, AlphaBetaRule, AlphaBetaIgnoreBiasRule, Alpha2Beta1Rule, Alpha2Beta1IgnoreBiasRule,
        Alpha1Beta0Rule, Alpha1Beta0IgnoreBiasRule, ZPlusRule, ZPlusFastRule, BoundedRule,
    )
}  # fmt: skip

__all__ = ["LRP_RULES", "GradientReplacementLayer", "ReplacementLayer", *(rule.__name__ for rule in LRP_RULES.values())]
RULE_CLASSES = [rule.__name__ for rule in LRP_RULES.values()]

Rule = Union[str, Type[ReplacementLayer], Tuple[float, float]]


def is_rule(rule: Any) -> bool:
    """Is it one rule, and not a list of them?"""
    return isinstance(rule, str) or (inspect.isclass(rule) and issubclass(rule, ReplacementLayer))


def rule_terms(rule: Any, layer: Any = None) -> Tuple[str, Dict[str, Any]]:
    """The engine's name of a rule, and the parameters that it brings along. A pair of numbers is the bounded rule.

    Raises KeyError for a name that is none, Unsupported for a class that computes itself."""
    if isinstance(rule, tuple):
        low, high = rule
        return "Bounded", {"low": float(low), "high": float(high)}
    if isinstance(rule, str):
        if rule not in LRP_RULES and not is_registered("rule", rule):
            raise KeyError(f"there is no rule {rule!r}; known are {', '.join(LRP_RULES)}")
        return rule, {}
    if not (inspect.isclass(rule) and issubclass(rule, ReplacementLayer)):
        raise InvalidArgument(f"got {rule!r}; expected the name of a rule, its class, or a pair (low, high)", "rule")
    computes = any(getattr(rule, hook) is not getattr(ReplacementLayer, hook) for hook in ("wrap_hook", "explain_hook", "try_explain"))
    if computes or not rule.engine_rule:
        raise Unsupported(_REFUSAL, "rule", rule.__name__)
    return rule.engine_rule, rule(layer).parameters
