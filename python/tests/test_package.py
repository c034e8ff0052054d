"""The package as a package: stubs, types, documentation, what importing it does."""

import doctest
import importlib
import os
import pathlib
import pkgutil
import re
import subprocess
import sys

import pytest

import signxai_cpp
from conftest import ROOT

SOURCE = ROOT / "python/signxai_cpp"


def modules():
    return [signxai_cpp.__name__] + [
        f"{signxai_cpp.__name__}.{info.name}" for info in pkgutil.iter_modules(signxai_cpp.__path__) if info.name not in ("_native", "__main__")
    ]


@pytest.mark.parametrize("name", modules())
def test_examples_of_docstrings(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder()
    examples = sum(len(test.examples) for name in modules() for test in finder.find(importlib.import_module(name)))
    assert examples > 20


def test_stubs_are_those_of_the_extension(tmp_path):
    """`make stubs` writes them anew."""
    pytest.importorskip("nanobind")
    out = tmp_path / "_native.pyi"
    subprocess.run([sys.executable, "-m", "nanobind.stubgen", "-q", "-m", "signxai_cpp._native", "-o", str(out)], check=True)
    assert out.read_text() == (SOURCE / "_native.pyi").read_text()


def test_types():
    pytest.importorskip("mypy")
    folder = pathlib.Path(signxai_cpp.__file__).parent
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", os.devnull, str(folder)],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_importing_needs_numpy_only():
    code = "import sys, signxai_cpp; print(sorted(n for n in sys.modules if n.split('.')[0] in {'keras','tensorflow','torch','jax','matplotlib','tqdm','PIL','h5py'}))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_version_is_that_of_the_project():
    declared = re.search(r"project\(signxai VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
    assert signxai_cpp.__version__ == declared
