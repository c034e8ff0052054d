"""docs/architectures.md: every network of keras.applications of two versions of Keras, and how far what is computed here is
from Keras. tools/parity/architectures.py measures and keeps the rows in architectures.json beside it.

    python tools/docs/architectures.py     # writes the page anew
"""

from __future__ import annotations

import fcntl
import importlib.metadata
import json
import os
import pathlib
from typing import Any, Dict, List

ROOT = pathlib.Path(__file__).parents[2]
ROWS = ROOT / "tools/parity/architectures.json"
PAGE = ROOT / "docs/architectures.md"
KERAS2, KERAS3 = "TF 2.12", "Keras 3.15"
CELLS = {"logits": "logits", "gradient": "gradient", "epsilon": "ε-LRP", "alpha1beta0": "α1β0"}
Row = Dict[str, Any]

_HEAD = """# Architectures

Every network of `keras.applications` in Keras 3.15 and in TensorFlow 2.12, at its smallest input, with random weights in
which activations keep their size, statistics of BatchNormalization that were measured and then moved, blocks that add a tenth of
what they would by their size, as deep networks else enlarge rounding a thousandfold, and without softmax.
Each is saved (`.keras` by Keras 3, `.h5` by TensorFlow 2.12), loaded here, and compared:

- **logits** of eight samples with Keras on TensorFlow: the largest difference by the largest value, at most 1e-4. *Keras rounds*:
  more, and compared with Keras in double precision what is computed here is no worse.
- **gradient** of one logit, likewise, sample by sample. Next to a kink of a rectifier a gradient has two values, and of the hundred
  thousands of units of a deep network some are so near to zero that rounding decides which one it is; `5/8` counts the samples that agree within
  1e-4. At least a quarter has to. *8/8 in float64*: fewer, and computed here (`--backend reference`) and by Keras in double precision
  so many agree.
- **ε-LRP** (`lrp_epsilon_0_1`) and **α1β0** (`lrp_alpha_1_beta_0`) with SignXAI 1.1.9.2, which is for tf.keras 2. `ok` is at most
  1e-4, or 20 times what the map itself changes by when weights and input move by one unit in the last place (at most 2e-2). *noise*:
  that change is above 5e-2, so that sizes alone were compared. Of four samples one has to agree: next to a zero of a denominator a rule
  has two values as well. *finite*: not compared, for the reason that is given; the map is there
  and finite. Of networks that join branches in an order that matters, or hold models inside, the reference explains another network
  ([semantics](semantics.md)).

`make architectures` fills in rows that are missing, `make architectures AGAIN=1` makes all of them anew; `make parity` draws a sample.
The layers that `keras.applications` defines itself, `LayerScale` and `StochasticDepth` of ConvNeXt and `CustomScaleLayer` of
InceptionResNetV2, are read like Keras's own. `raises TypeError`: the reference does not take operations on tensors, with which
TensorFlow 2.12 builds these networks.

"""


def version() -> str:
    """Of the Keras that is installed."""
    keras = importlib.metadata.version("keras")
    if keras.startswith("3."):
        return "Keras " + ".".join(keras.split(".")[:2])
    return "TF " + ".".join((_version_of_tensorflow()).split(".")[:2])


def _version_of_tensorflow() -> str:
    for name in ("tensorflow", "tensorflow-cpu"):
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            pass
    raise ModuleNotFoundError("tensorflow")


def constructors() -> List[str]:
    """The networks of the installed Keras, in alphabetical order."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import tensorflow

    applications = tensorflow.keras.applications
    return sorted(name for name in dir(applications) if name[0].isupper() and callable(getattr(applications, name)))


def stored() -> Dict[str, Dict[str, Row]]:
    return json.loads(ROWS.read_text() or "{}") if ROWS.exists() else {}


def keep(of: str, name: str, row: Row) -> None:
    """Adds a row, also where other processes do so, and makes the page anew."""
    with open(ROWS, "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        versions = stored()
        versions.setdefault(of, {})[name] = row
        ROWS.write_text(json.dumps(versions, indent=1, sort_keys=True) + "\n")
        PAGE.write_text(page())


def whole(row: Row, without_maps: bool = False) -> bool:
    """Is everything there, and nothing failed?"""
    wanted = [key for key in CELLS if not without_maps or key in ("logits", "gradient")]
    return all(key in row and row[key]["verdict"] != "FAILS" for key in wanted)


def text_of(cell: Row) -> str:
    """A cell of the table."""
    if "reason" in cell:
        return f"{cell['verdict']}; {cell['reason']}"
    distance = f"{cell['deviation']:.0e}".replace("e-0", "e-")
    if "samples" in cell:
        distance += f" {cell['samples']}/{cell['of']}"
    return distance if cell["verdict"] == "ok" else f"{distance}, {cell['verdict']}"


def page() -> str:
    parts = [_HEAD]
    for of, rows in sorted(stored().items()):
        parts += [f"## {of}\n\n", "| network | parameters | input | " + " | ".join(CELLS.values()) + " | |\n", "| --- | --: | --- |" + " --- |" * len(CELLS) + " --- |\n"]
        for name, row in sorted(rows.items()):
            cells = [text_of(row[key]) if key in row else "" for key in CELLS]
            failed = any(row[key]["verdict"] == "FAILS" for key in CELLS if key in row)
            count = f"{row['parameters']:,}" if "parameters" in row else ""
            parts.append("| " + " | ".join([name, count, row.get("input", ""), *cells, "FAILS" if failed else "ok"]) + " |\n")
        parts.append("\n")
    return "".join(parts)[:-1]


if __name__ == "__main__":
    PAGE.write_text(page())
