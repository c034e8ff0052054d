"""The tree of modules: names, signatures, installation under the reference's names, scripts, stubs."""

import doctest
import importlib
import inspect
import json
import pathlib
import pickle
import pkgutil
import subprocess
import sys

import pytest
from conftest import DIGITS, ROOT

from signxai_cpp import compat
from signxai_cpp.compat._tree import TREE
from signxai_cpp.compat.methods import wrappers

HERE = pathlib.Path(__file__).parent
REFERENCE = json.loads((HERE / "reference.json").read_text())
TABLE = json.loads((ROOT / "tests/methods/data/methods.json").read_text())
NAMES = [row["name"] for row in TABLE]
# An inner helper, and one that hands its arguments on to a function of the same name.
ABSENT = {"get_kgraph", "model_wo_softmax"}


@pytest.fixture
def installed():
    compat.install()
    yield
    compat.uninstall()


def marked(function):
    marks = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    parameters = inspect.signature(function).parameters.values()
    return [marks.get(p.kind, "") + p.name + ("" if p.default is p.empty else "=") for p in parameters]


def test_all_names_of_the_reference_are_there():
    assert len(NAMES) == 152
    assert set(NAMES) <= set(wrappers.__all__)
    assert set(NAMES) <= set(dir(wrappers))
    for name in NAMES:
        function = getattr(wrappers, name)
        assert function.__name__ == name and function.__doc__ and function.__module__ == "signxai_cpp.compat.methods.wrappers"
        assert pickle.loads(pickle.dumps(function)) is function


@pytest.mark.parametrize("place", sorted(REFERENCE["functions"]))
def test_functions_have_the_reference_s_signatures(place):
    module = importlib.import_module(f"signxai_cpp.compat.{place}")
    for name, parameters in REFERENCE["functions"][place].items():
        if name in ABSENT:
            continue
        function = getattr(module, name)
        assert marked(function) == parameters, name
        assert function.__doc__, name


@pytest.mark.parametrize("place", sorted(REFERENCE["classes"]))
def test_analyzers_take_what_the_reference_s_take(place):
    module = importlib.import_module(f"signxai_cpp.compat.{place}")
    assert set(REFERENCE["analyzers"][place]) <= set(module.analyzers)
    for name, parameters in REFERENCE["classes"][place].items():
        own = marked(getattr(module, name))
        named = [parameter for parameter in parameters if not parameter.startswith(("*", "_"))]
        takes_any = "**kwargs" in own
        assert all(parameter in own for parameter in named) or takes_any, (name, own, parameters)
        assert getattr(module, name).__doc__, name


def test_rules():
    from signxai_cpp.compat.methods.innvestigate.analyzer.relevance_based import relevance_rule_base
    from signxai_cpp.compat.methods.innvestigate.analyzer.relevance_based.relevance_analyzer import LRP_RULES

    assert set(REFERENCE["rules"]) <= set(LRP_RULES)
    assert relevance_rule_base.EpsilonRule is LRP_RULES["Epsilon"]


def test_every_module_can_be_imported_and_listed():
    for place in TREE:
        module = importlib.import_module(f"signxai_cpp.compat{place}")
        for name in module.__all__:
            getattr(module, name)
        assert set(module.__all__) <= set(dir(module))
    with pytest.raises(ModuleNotFoundError, match="signxai_cpp.compat.methods.missing"):
        importlib.import_module("signxai_cpp.compat.methods.missing")
    with pytest.raises(AttributeError, match="missing"):
        compat.missing  # noqa: B018
    with pytest.raises(ImportError, match="missing"):
        from signxai_cpp.compat.utils.utils import missing  # noqa: F401


def test_installed_names_are_the_same_objects(installed):
    import innvestigate.utils.visualizations as visualizations
    import signxai.methods.wrappers
    from signxai.methods.innvestigate.analyzer.gradient_based import Gradient
    from signxai.utils.utils import normalize_heatmap

    assert signxai.methods.wrappers.lrp_z is wrappers.lrp_z
    assert Gradient is compat.methods.innvestigate.analyzer.Gradient
    assert normalize_heatmap is compat.utils.utils.normalize_heatmap
    assert visualizations is compat.innvestigate.utils.visualizations
    assert compat.methods.wrappers.__spec__.name == "signxai_cpp.compat.methods.wrappers"
    names = {}
    exec("from signxai.methods.wrappers import *", names)
    assert set(NAMES) <= set(names)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("signxai.missing")


def test_uninstall(installed):
    import signxai  # noqa: F401

    compat.uninstall()
    assert "signxai" not in sys.modules
    compat.install()


def test_a_real_package_is_not_covered(monkeypatch):
    monkeypatch.setitem(sys.modules, "signxai", type(sys)("signxai"))
    with pytest.raises(ValueError, match="imported already"):
        compat.install()


SCRIPT = """
import sys
import numpy as np
from signxai.methods.wrappers import calculate_relevancemap
from signxai.utils.utils import normalize_heatmap
import innvestigate
from helper import sample

R = calculate_relevancemap("lrpsign_z", sample, sys.argv[1], neuron_selection=3)
A = innvestigate.create_analyzer("lrp.z", sys.argv[1]).analyze(np.stack([sample, sample]))
print(normalize_heatmap(R).shape, A.shape, sys.argv[0].endswith("script.py"), __name__)
"""


def run(*arguments):
    return subprocess.run([sys.executable, "-m", "signxai_cpp.compat", *arguments], capture_output=True, text=True, check=False)


def test_unmodified_scripts_run(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "helper.py").write_text("import numpy\nsample = numpy.ones((28, 28, 1), 'f')\n")
    done = run(str(tmp_path / "script.py"), str(DIGITS))
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[0] == "(28, 28, 1) (2, 28, 28, 1) True __main__"
    assert run().returncode == 2 and "usage" in run().stderr
    assert run("--help").returncode == 0
    assert "No such file" in run(str(tmp_path / "none.py")).stderr


@pytest.mark.parametrize("name", ["", *(f".{info.name}" for info in pkgutil.iter_modules(compat.__path__) if info.name[1:2] != "_")])
def test_examples_of_docstrings(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    failed, _ = doctest.testmod(importlib.import_module(f"signxai_cpp.compat{name}"))
    assert failed == 0


def test_import_is_light():
    code = "import sys, signxai_cpp.compat as c; c.install(); import signxai.methods.wrappers; print(any(m in sys.modules for m in " \
           "('matplotlib', 'PIL', 'tensorflow', 'keras')))"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_stubs_are_up_to_date():
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import make_compat_stubs
    finally:
        sys.path.pop(0)
    folder = ROOT / "python/signxai_cpp/compat"
    expected = make_compat_stubs.stubs()
    for path, text in expected.items():
        assert (folder / path).read_text() == text, f"{path}: run tools/make_compat_stubs.py"
    kept = {path.relative_to(folder).as_posix() for path in folder.rglob("*.pyi")}
    assert kept == set(expected)
