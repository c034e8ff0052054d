#!/usr/bin/env python3
"""Writes reference.json: signatures, and what drawing and picture helpers of the reference return.

Run it where signxai==1.1.9.2 is installed (tools/setup.sh parity makes such a place: .deps/parity-tf/bin/python)."""

import inspect
import json
import pathlib
import warnings

warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
from innvestigate import analyzer as standalone  # noqa: E402
from signxai.methods import grad_cam, guided_backprop, signed, wrappers  # noqa: E402
from signxai.methods.innvestigate import analyzer as embedded  # noqa: E402
from signxai.methods.innvestigate import utils as images  # noqa: E402
from signxai.methods.innvestigate.utils import visualizations  # noqa: E402
from signxai.methods.innvestigate.utils.keras import checks  # noqa: E402
from signxai.utils import utils  # noqa: E402

MODULES = {
    "methods.wrappers": wrappers, "methods.grad_cam": grad_cam, "methods.guided_backprop": guided_backprop,
    "methods.signed": signed, "utils.utils": utils, "methods.innvestigate.utils": images,
    "methods.innvestigate.utils.visualizations": visualizations, "methods.innvestigate.utils.keras.checks": checks,
}  # fmt: skip
CLASSES = {"methods.innvestigate.analyzer": embedded, "innvestigate.analyzer": standalone}


def parameters(function):
    """Names of the parameters, "*" and "**" in front where they take the rest, and "=" behind where there is a default."""
    marks = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return [marks.get(p.kind, "") + p.name + ("" if p.default is p.empty else "=") for p in inspect.signature(function).parameters.values()]


def functions(module):
    own = {name: value for name, value in vars(module).items() if inspect.isfunction(value) and not name.startswith("_")}
    return {name: parameters(value) for name, value in sorted(own.items()) if value.__module__ == module.__name__}


def drawings():
    """Calls of the drawing helpers: name, input, keywords, result."""
    random = np.random.RandomState(3)
    batch = np.round(random.normal(0, 1, (1, 3, 4, 3)), 3)
    flat = np.round(random.normal(0, 2, (1, 7)), 3)
    calls = [
        ("project", flat, {}), ("project", flat, {"output_range": [-1, 3]}), ("project", flat, {"absmax": 1.5}),
        ("project", np.abs(flat), {"input_is_positive_only": True}), ("project", flat * 0, {}),
        ("heatmap", batch, {}), ("heatmap", batch, {"reduce_op": "absmax"}), ("heatmap", batch, {"cmap_type": "viridis"}),
        ("heatmap", batch, {"alpha_cmap": True}), ("graymap", batch, {}), ("gamma", flat, {}), ("gamma", flat, {"gamma": 2.0}),
        ("gamma", flat, {"minamp": 0.5, "maxamp": 3.0}), ("clip_quantile", flat, {}), ("clip_quantile", flat, {"quantile": [10, 80]}),
    ]  # fmt: skip
    rows = []
    for name, x, keywords in calls:
        result = getattr(visualizations, name)(np.array(x), **keywords)
        rows.append({"name": name, "x": x.tolist(), "keywords": keywords, "result": np.round(np.asarray(result, float), 7).tolist()})
    return rows


def main():
    reference = {
        "functions": {place: functions(module) for place, module in MODULES.items()},
        "analyzers": {place: sorted(module.analyzers) for place, module in CLASSES.items()},
        "classes": {
            place: {name: parameters(value) for name, value in sorted(vars(module).items())
                    if inspect.isclass(value) and not issubclass(value, Exception)
                    and value.__module__.startswith(("signxai", "innvestigate"))}
            for place, module in CLASSES.items()
        },
        "rules": sorted(embedded.relevance_based.relevance_analyzer.LRP_RULES),
        "drawings": drawings(),
    }
    text = json.dumps(reference, indent=None, separators=(",", ":"), sort_keys=True)
    pathlib.Path(__file__).with_name("reference.json").write_text(text.replace("},", "},\n") + "\n")


if __name__ == "__main__":
    main()
