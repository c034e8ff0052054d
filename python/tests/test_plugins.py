"""``python -m signxai_cpp --plugin FILE.py``: names of a file on the command line."""

import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest

import signxai_cpp
from conftest import DIGITS, ROOT

DIGIT = str(ROOT / "examples/digits/digit_3_0.png")
EXPLAIN = ["explain", str(DIGITS), DIGIT, "--preprocess", "unit"]
PLUGIN = '''
import signxai_cpp
from beside import WEIGHT

@signxai_cpp.method("agreement")
def agreement(call, weight=WEIGHT):
    """Where gradient x input and LRP agree."""
    maps = call(["gradient_x_input", "lrp_z"])
    return weight * maps["gradient_x_input"] + (1 - weight) * maps["lrp_z"]

@signxai_cpp.method("failing")
def failing(call):
    return [][0]

@signxai_cpp.method("refused")
def refused(call):
    return call("lrp_y")

@signxai_cpp.rule("MyEpsilon")
def my_epsilon(epsilon=0.1):
    return {"shares": [{"terms": [{"bias": "all"}], "epsilon": epsilon}]}

@signxai_cpp.rule("Failing")
def failing_rule():
    return {}["shares"]

@signxai_cpp.composite("my_composite")
def my_composite(epsilon=0.1):
    return [{"match": "any", "rule": "MyEpsilon", "epsilon": epsilon}]
'''


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plugin")
    (folder / "beside.py").write_text("WEIGHT = 0.5\n")
    (folder / "mine.py").write_text(PLUGIN)
    return str(folder / "mine.py")


def run(*arguments):
    return subprocess.run([sys.executable, "-m", "signxai_cpp", *arguments], capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("place", ["before", "behind", "equals"])
def test_methods_are_listed(plugin, place):
    arguments = {"before": ["--plugin", plugin, "methods", "agreement"], "behind": ["methods", "agreement", "--plugin", plugin],
                 "equals": ["methods", f"--plugin={plugin}", "agreement"]}[place]  # fmt: skip
    done = run(*arguments)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert "Where gradient x input and LRP agree." in done.stdout and "weight  0.5" in done.stdout


def test_the_table_has_them(plugin):
    listed = [entry["name"] for entry in json.loads(run("methods", "--json", "--plugin", plugin).stdout)]
    assert {"agreement", "lrp.my_composite", "lrp_z"} <= set(listed)
    assert "agreement" not in [entry["name"] for entry in json.loads(run("methods", "--json").stdout)]


def test_maps_go_to_every_output(plugin, tmp_path):
    raw, picture = tmp_path / "maps.npz", tmp_path / "panel.png"
    done = run(*EXPLAIN, "-m", "agreement,lrp_z,gradient_x_input,lrp.my_composite", "--param", "weight=0.25", "--raw", str(raw),
               "-o", str(picture), "--json", "--plugin", plugin)  # fmt: skip
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    with np.load(raw) as maps:
        mixture = 0.25 * maps["gradient_x_input"] + 0.75 * maps["lrp_z"]
        assert np.allclose(maps["agreement"], mixture, atol=1e-5) and "lrp.my_composite" in maps
        assert json.loads(maps["provenance.json"]) == document["provenance"]
    assert picture.read_bytes().startswith(b"\x89PNG") and b"agreement" in picture.read_bytes()
    assert set(document["samples"][0]["maps"]) == {"agreement", "lrp_z", "gradient_x_input", "lrp.my_composite"}
    made = document["provenance"]
    with open(plugin, "rb") as file:
        assert made["plugins"] == [{"file": plugin, "sha256": hashlib.sha256(file.read()).hexdigest()}]
    entries = {entry["name"]: entry for entry in made["methods"]}
    assert entries["agreement"]["parameters"] == {"weight": 0.25}
    assert entries["lrp.my_composite"]["rules"]["conv2d"] == "MyEpsilon(epsilon=0.1) (composite entry 1 'any')"


def test_rules_and_composites(plugin):
    rules = run("inspect", str(DIGITS), "-m", "lrp_z", "--layer-map", '{"dense": "MyEpsilon"}', "--plugin", plugin)
    assert rules.returncode == 0 and "MyEpsilon(epsilon=0.1) (layer_map dense)" in rules.stdout, rules.stderr
    composite = run("inspect", str(DIGITS), "-m", "lrp", "--composite", "my_composite", "--param", "epsilon=2", "--plugin", plugin)
    assert composite.returncode == 0 and "MyEpsilon(epsilon=2) (composite entry 1 'any')" in composite.stdout, composite.stderr
    unknown = run("inspect", str(DIGITS), "-m", "lrp_z", "--layer-map", '{"dense": "MyEpsilon"}')
    assert unknown.returncode == 2 and "is not a relevance rule" in unknown.stderr


@pytest.mark.parametrize("method, message", [
    ("failing", "[method] failing: fails in line 13 of {}: IndexError: list index out of range"),
    ("refused", "[method] lrp_y: there is no method of this name"), ("agreemnt", "did you mean agreement?"),
    ("bench", "no compiled steps")])
def test_failures_are_one_line(plugin, method, message):
    if method == "bench":
        done = run("inspect", str(DIGITS), "-m", "agreement", "--stage", "plan", "--plugin", plugin)
        assert done.returncode == 4
    else:
        done = run(*EXPLAIN, "-m", method, "--plugin", plugin)
        assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith("signxai: error: ") and message.format(plugin) in last and "Traceback" not in done.stderr


def test_a_failing_rule_is_one_line(plugin):
    done = run("inspect", str(DIGITS), "-m", "lrp", "--param", "rule=Failing", "--plugin", plugin)
    assert done.returncode == 2 and "[rule] Failing: fails in line 25 of" in done.stderr and "KeyError" in done.stderr


@pytest.mark.parametrize("text, code, message", [
    ("def f(:\n", 2, "fails in line 1: SyntaxError: invalid syntax"), ("\nraise ValueError('a\\nb')\n", 2, "fails in line 2: ValueError: a b"),
    ("import no_such_module\n", 2, "ModuleNotFoundError"), ("raise SystemExit(0)\n", 2, "SystemExit: 0"), ("\0", 2, "null bytes"),
    ("import signxai_cpp\n@signxai_cpp.method('lrp_z')\ndef f(call): pass\n", 2, ": InvalidArgument: [method] lrp_z: is the name"),
    (None, 3, "there is no such file")])
def test_files_that_fail(tmp_path, text, code, message):
    file = tmp_path / "broken.py"
    if text is not None:
        file.write_text(text)
    done = run("methods", "--plugin", str(file))
    assert done.returncode == code and done.stdout == ""
    assert done.stderr.count("\n") == 1 and done.stderr.startswith(f"signxai: error: [plugin] {file}: ") and message in done.stderr


def test_usage(plugin, tmp_path):
    assert run("methods", "--plugin").returncode == 2
    assert run("methods", "--plugin", str(tmp_path)).returncode == 7
    other = tmp_path / "other.py"
    other.write_text("import signxai_cpp\n@signxai_cpp.method('second')\ndef second(call):\n    return call.x\n")
    done = run("--plugin", plugin, "methods", "--plugin", str(other), "--plugin", plugin, "--json")
    assert {"agreement", "second"} <= {entry["name"] for entry in json.loads(done.stdout)}


def test_loading_in_python(plugin):
    from signxai_cpp._plugins import split_plugins

    assert split_plugins(["a", "--plugin", "x.py", "--", "--plugin", "y.py"]) == (["x.py"], ["a", "--", "--plugin", "y.py"])
    assert "agreement" not in signxai_cpp.methods()
