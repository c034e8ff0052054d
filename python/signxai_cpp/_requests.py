"""Method names, parameters and targets, as the compiled part takes them."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Iterable, Mapping
from typing import Any, Dict, List, Tuple, Union

import numpy as np

from . import _native
from ._registry import ADDITIONS
from .errors import InvalidArgument

Value = Union[float, str, List[float], List[str]]
Request = Tuple[str, Dict[str, Value]]
MethodArgument = Union[str, Iterable[str], Mapping[str, Mapping[str, Any]]]


def methods() -> List[str]:
    """The names of the methods, also of your own. Names with other numbers in them, such as ``lrp_epsilon_0_033``, work as well.

    >>> import signxai_cpp
    >>> "lrpsign_z" in signxai_cpp.methods()
    True
    """
    return [info.name for info in ADDITIONS.method_table()]


def describe(method: str) -> _native.MethodInfo:
    """What a name stands for: ``name``, ``base``, ``fixed`` (what the name decides), ``parameters`` (what a caller may
    give; each with ``name``, ``default`` and ``description``) and ``description`` (formula and paper).

    Raises InvalidArgument, with the nearest names, where there is no such method.

    >>> import signxai_cpp
    >>> signxai_cpp.describe("lrp_epsilon_0_25").fixed["epsilon"]
    0.25
    """
    return ADDITIONS.describe_method(method)


def value_of(name: str, value: Any) -> Value:
    """A parameter as number (switches: 0 and 1), text or list; dicts and nested lists travel as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        value = value.item()
    if isinstance(value, (bool, int, float)):
        return float(value)
    if isinstance(value, np.ndarray):
        value = value.ravel().tolist()  # one value per element of an input
    if isinstance(value, (list, tuple)):
        plain = [item.item() if isinstance(item, np.generic) else item for item in value]
        if name == "rule":  # rules may be stated in place of their names
            plain = [json.dumps(item) if isinstance(item, dict) else item for item in plain]
        if all(isinstance(item, str) for item in plain):
            return [str(item) for item in plain]
        if all(isinstance(item, (bool, int, float)) for item in plain):
            return [float(item) for item in plain]
    try:
        return json.dumps(value)
    except (TypeError, ValueError) as error:
        raise InvalidArgument(f"is a {type(value).__name__}; expected a number, a text, or a list", "method", name) from error


def requests_of(method: MethodArgument, parameters: Mapping[str, Any]) -> List[Request]:
    """One request per method. A parameter goes to the methods that take it; one that no method takes is an error."""
    if isinstance(method, str):
        method = [method]
    own = method if isinstance(method, Mapping) else {name: {} for name in method}
    requests = [
        (name, {key: value_of(key, value) for key, value in given.items() if value is not None}) for name, given in own.items()
    ]
    if not requests:
        raise InvalidArgument("none was named; `signxai_cpp.methods()` lists them", "method")
    shared = {key: value_of(key, value) for key, value in parameters.items() if value is not None}
    if shared:
        _distribute(requests, shared)
    return requests


def _distribute(requests: List[Request], shared: Dict[str, Value]) -> None:
    infos = [ADDITIONS.describe_method(name) for name, _ in requests]
    takes = [{parameter.name for parameter in info.parameters} for info in infos]
    for key, value in shared.items():
        if not any(key in names for names in takes):
            raise InvalidArgument(_refusal(key, infos), "method", key)
        for (_, parameters), names in zip(requests, takes):
            if key in names:
                parameters.setdefault(key, value)


def _refusal(key: str, infos: List[_native.MethodInfo]) -> str:
    reasons = []
    for info in infos:
        taken = ", ".join(parameter.name for parameter in info.parameters) or "none"
        reasons.append(f"the name {info.name} decides it" if key in info.fixed else f"{info.name} takes {taken}")
    return "is a parameter of none of the methods; " + "; ".join(reasons)


def is_mask(target: Any) -> bool:
    """Booleans and floats are weights of the outputs; integers are indices of some."""
    return not isinstance(target, str) and np.ndim(target) > 0 and np.asarray(target).dtype.kind in "bf"


def target_of(target: Any, outputs: List[str]) -> _native.Target:
    """None (the largest output), an index, one index per sample, an array of weights of the outputs, {output: weights}, or a text
    as the command line takes it."""
    if target is None:
        return _native.Target.max()
    if isinstance(target, str):
        return _native.Target.parse(target, outputs)
    if isinstance(target, Mapping):
        if len(target) != 1 or not is_mask(next(iter(target.values()))):
            raise InvalidArgument(f"got {target!r}; expected one output with an array of booleans or floats", "target")
        output, weights = next(iter(target.items()))
        return _native.Target.weighted(np.require(weights, np.float32, "C"), output)
    if is_mask(target):
        return _native.Target.weighted(np.require(target, np.float32, "C"), "")
    try:
        if np.ndim(target) == 0:
            return _native.Target.per_sample([operator.index(target)])
        return _native.Target.per_sample([operator.index(index) for index in np.asarray(target).reshape(-1)])
    except TypeError as error:
        raise InvalidArgument(f"got {target!r}; expected None, an index, one per sample, weights, or a text", "target") from error


def bytes_of(size: Union[None, int, str]) -> int:
    """A number of bytes from a number, or a text such as "512M"; 0 for None."""
    if size is None:
        return 0
    if isinstance(size, str):
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?\s*", size, re.IGNORECASE)
        if not found:
            raise InvalidArgument(f"is {size!r}; expected bytes, as a number or as in 512M or 2G", "explain", "max_memory")
        return int(float(found[1]) * 1024 ** " KMGT".index(found[2].upper() or " "))
    number = operator.index(size)
    if number <= 0:
        raise InvalidArgument(f"is {number}; expected a positive number of bytes, or None", "explain", "max_memory")
    return number
