"""Methods, rules and composites that users write in Python, by name: known to every explainer, and to the command line."""

from __future__ import annotations

import hashlib
import inspect
import json
import marshal
import re
import traceback
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Tuple, TypeVar

import numpy as np

from . import _native
from .errors import Error, InvalidArgument

Function = TypeVar("Function", bound=Callable[..., Any])

ADDITIONS = _native.Extensions()
COMMAND_LINE = False  # set by it: it tells failures itself, without a traceback

_functions: Dict[Tuple[str, str], Callable[..., Any]] = {}


def method(name: str) -> Callable[[Function], Function]:
    """Makes a function a method of that name, known wherever methods are named: ``explain``, ``describe``, ``methods``,
    :mod:`signxai_cpp.compat`, and the command line (``--plugin FILE.py``).

    The function gets a :class:`~signxai_cpp._call.Call`, which computes maps by other methods, and its parameters by
    keyword; defaults are theirs, a parameter without one must be given. It returns an array of the shape of ``call.x``
    (also without the channels, or of the shape of a map that it asked for); with several inputs a dict of them. Its
    docstring describes the method.

    It is called with as many samples as are computed together, so the map of one sample must not depend on the others.
    Raises InvalidArgument for a name that is built in or that another function has; the same function may be defined anew.

    >>> import numpy as np, signxai_cpp
    >>> @signxai_cpp.method("doc_mean_of_two")
    ... def mean_of_two(call, weight=0.5):
    ...     "Weighted mean of gradient x input and LRP-z."
    ...     maps = call(["gradient_x_input", "lrp_z"])
    ...     return weight * maps["gradient_x_input"] + (1 - weight) * maps["lrp_z"]
    >>> model = signxai_cpp.load("examples/digits/digits_cnn.h5")
    >>> signxai_cpp.explain(model, np.ones((2, 28, 28, 1)), "doc_mean_of_two", weight=0.25).shape
    (2, 28, 28, 1)
    """
    return _decorator("method", name, 1)


def rule(name: str) -> Callable[[Function], Function]:
    """Makes a function a rule of that name, which may then stand wherever a rule is named: in ``layer_map``, ``composite``,
    ``rule``, ``input_layer_rule``, ``until_index_rule``. The function gets the parameters that stand beside the name and
    returns the rule's statement, ``{"shares": [...]}``, as docs/composites.md describes; the engine compiles it.

    Raises InvalidArgument as :func:`method` does.

    >>> import numpy as np, signxai_cpp
    >>> @signxai_cpp.rule("DocEpsilon")
    ... def doc_epsilon(epsilon=0.1):
    ...     return {"shares": [{"terms": [{"bias": "all"}], "epsilon": epsilon}]}
    >>> model = signxai_cpp.load("examples/digits/digits_cnn.h5")
    >>> x = np.linspace(0, 1, 784).reshape(28, 28, 1)
    >>> own = signxai_cpp.explain(model, x, "lrp", rule="DocEpsilon")
    >>> bool(np.allclose(own, signxai_cpp.explain(model, x, "lrp_epsilon_0_1"), atol=1e-4 * np.abs(own).max()))
    True
    """
    return _decorator("rule", name, 0)


def composite(name: str) -> Callable[[Function], Function]:
    """Makes a function a composite of that name, for the parameter ``composite`` of the method ``lrp``; ``lrp.NAME`` is the
    method with that composite. The function gets the parameters that stand beside the name and returns the list of entries
    that docs/composites.md describes; rules of :func:`rule` may be among them.

    Raises InvalidArgument as :func:`method` does.

    >>> import numpy as np, signxai_cpp
    >>> @signxai_cpp.composite("doc_flat_first")
    ... def doc_flat_first(epsilon=0.1):
    ...     return [{"match": "first", "rule": "Flat"}, {"match": "any", "epsilon": epsilon}]
    >>> model = signxai_cpp.load("examples/digits/digits_cnn.h5")
    >>> signxai_cpp.explain(model, np.ones((28, 28, 1)), "lrp.doc_flat_first", epsilon=0.2).shape
    (28, 28, 1)
    """
    return _decorator("composite", name, 0)


def is_registered(kind: str, name: str) -> bool:
    """Is there a method, rule or composite of the user's of that name?"""
    return (kind, name) in _functions


def digests_for(text: str) -> Dict[str, str]:
    """SHA-256 of the users' functions by kind and name, if `text` names one of them: of all, as one may ask for another."""
    if not any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) for _, name in _functions):
        return {}
    return {f"{kind} {name}": _digest(function) for (kind, name), function in sorted(_functions.items())}


def _digest(function: Callable[..., Any]) -> str:
    """Of its source; of its code where that is not kept, as in an interactive session."""
    try:
        text = inspect.getsource(function).encode()
    except (OSError, TypeError):
        code = getattr(function, "__code__", None)
        text = marshal.dumps(code) if code is not None else repr(type(function)).encode()
    return hashlib.sha256(text).hexdigest()


def _decorator(kind: str, name: str, positional: int) -> Callable[[Function], Function]:
    if not isinstance(name, str):
        raise InvalidArgument(f'is used as @signxai_cpp.{kind}("name")', kind, getattr(name, "__name__", repr(name)))

    def register(function: Function) -> Function:
        infos = _parameters_of(kind, name, function, positional)
        origin = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', type(function).__name__)}"
        description = re.sub(r"\s+", " ", inspect.getdoc(function) or f"{kind.capitalize()} of {origin}.")
        ADDITIONS.add(kind, name, infos, description, origin)
        _functions[kind, name] = function
        return function

    return register


def _parameters_of(kind: str, name: str, function: Any, positional: int) -> List[Tuple[str, str, str]]:
    """Name, default as text ("": none) and description of each parameter behind the first `positional` ones."""
    if not callable(function):
        raise InvalidArgument(f"is a {type(function).__name__}; expected a function", kind, name)
    parameters = list(inspect.signature(function).parameters.values())
    by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if len(parameters) < positional or any(each.kind not in by_place for each in parameters[:positional]):
        raise InvalidArgument("must take the call as its first argument: def function(call, ...)", kind, name)
    for each in parameters[positional:]:
        if each.kind not in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY):
            raise InvalidArgument(f"takes {str(each)!r}; expected parameters with names, such as gamma=0.25", kind, name)
    return [(each.name, _text_of(each.default), "") for each in parameters[positional:]]


def _text_of(default: Any) -> str:
    """A default as the command line would be given it."""
    if default is inspect.Parameter.empty:
        return ""
    if isinstance(default, str) and default:
        try:
            json.loads(default)
        except ValueError:
            return default
    return "none" if default is None else json.dumps(default, default=_plain)


def _plain(value: Any) -> Any:
    """What JSON does not know."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    if isinstance(value, (set, frozenset, range)):
        return list(value)
    return repr(value)


def _arguments(function: Callable[..., Any], given: Dict[str, Any]) -> Dict[str, Any]:
    """Given parameters in the types of their defaults: the engine knows numbers, texts and lists."""
    parameters = inspect.signature(function).parameters
    return {key: _typed(value, parameters[key].default) for key, value in given.items()}


def _typed(value: Any, default: Any) -> Any:
    if isinstance(default, bool):
        return bool(value)
    if isinstance(value, float):
        return int(value) if value.is_integer() and not isinstance(default, float) else value
    if isinstance(value, list):
        return [_typed(item, 0) for item in value]
    if isinstance(value, str) and not isinstance(default, str):
        try:
            return json.loads(value)  # dicts and nested lists travel as JSON
        except ValueError:
            return value
    return value


# -- called by the compiled part --------------------------------------------------------------------------------------


def run_method(name: str, native: _native.MethodCall) -> List[np.ndarray[Any, np.dtype[np.float32]]]:
    """The maps of a method, one per input of the model."""
    from ._call import Call, maps_of

    function = _functions["method", name]
    with _telling("method", name):
        call = Call(native)
        return maps_of(name, function(call, **_arguments(function, native.parameters)), call)


def state(kind: str, name: str, given: Dict[str, Any]) -> str:
    """What a rule or composite states, as JSON."""
    function = _functions[kind, name]
    with _telling(kind, name):
        returned = function(**_arguments(function, given))
    if isinstance(returned, str):
        return returned
    expected = dict if kind == "rule" else list
    if not isinstance(returned, (dict, list, tuple)) or (kind == "rule") != isinstance(returned, dict):
        raise InvalidArgument(f"returned a {type(returned).__name__}; expected a {expected.__name__}", kind, name)
    try:
        return json.dumps(returned, default=_number, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidArgument(f"returned what is no JSON: {error}", kind, name) from error


def _number(value: Any) -> Any:
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} {value!r}")


@contextmanager
def _telling(kind: str, name: str) -> Iterator[None]:
    """Lets exceptions of a user's function pass; the command line tells them in one line, with their place in its file."""
    try:
        yield
    except Error:
        raise
    except BaseException as error:
        if not COMMAND_LINE:
            raise
        source = inspect.unwrap(_functions[kind, name])
        file = getattr(getattr(source, "__code__", None), "co_filename", "")
        line = line_in(error, file)
        place = f" in line {line} of {file}" if line else ""
        raise InvalidArgument(f"fails{place}: {line_of(error)}", kind, name) from error


def line_of(error: BaseException) -> str:
    """An exception in one line."""
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {' '.join(text.split())}".rstrip(": ")


def line_in(error: BaseException, file: str) -> int:
    """The line of a file that an exception comes from; 0: none."""
    if isinstance(error, SyntaxError) and error.filename == file:
        return error.lineno or 0
    return next((step.lineno or 0 for step in reversed(traceback.extract_tb(error.__traceback__)) if step.filename == file), 0)
