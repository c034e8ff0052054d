"""The pages of docs/ are true: their examples run, their numbers are counted again, their links lead somewhere."""

import doctest
import importlib.util
import re
import subprocess
import sys
import traceback

import numpy as np
import pytest

import signxai_cpp as sx
from conftest import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.ipynb"))
MADE = {"reference/methods.md", "reference/headers.md"}  # by tools/docs/hooks.py
LARGEST_NOTEBOOK = 500_000


def tool(name):
    """A module of tools/docs."""
    spec = importlib.util.spec_from_file_location(name, ROOT / f"tools/docs/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_layers_are_listed_anew():
    """docs/layers.md is what tools/docs/layers.py writes; python/tests/live compares it with Keras."""
    assert (DOCS / "layers.md").read_text() == tool("layers").page()


# -- examples ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [page for page in PAGES if ">>> " in page.read_text()], ids=lambda page: page.stem)
def test_examples(page, monkeypatch):
    monkeypatch.chdir(ROOT)
    failed, attempted = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert failed == 0 and attempted > 0


def test_there_are_examples():
    assert {"python", "which-method", "coming-from-signxai", "coming-from-innvestigate"} <= {
        page.stem for page in PAGES if ">>> " in page.read_text()
    }


@pytest.mark.parametrize("page", [page for page in PAGES if "```python run" in page.read_text()], ids=lambda page: page.stem)
def test_pages_with_pictures(page):
    pytest.importorskip("matplotlib")
    pictures = {}
    markdown = page.read_text()
    made = tool("gallery").render(markdown, page.stem, pictures.__setitem__)
    assert "```python run" not in made
    assert len(pictures) >= markdown.count(".plot(") and all(picture.startswith(b"\x89PNG") for picture in pictures.values())
    assert set(re.findall(r"\]\((\S+\.png)\)", made)) == set(pictures)


def test_an_example_that_fails_is_named():
    pytest.importorskip("matplotlib")
    with pytest.raises(ZeroDivisionError) as caught:
        tool("gallery").render("# Page\n\n```python run\nx = 0\n1 / x\n```\n", "page", dict().__setitem__)
    place = traceback.extract_tb(caught.tb)[-1]
    assert (place.filename, place.lineno) == ("page.md", 5)


@pytest.mark.parametrize("name", sx.__all__)
def test_reference(name):
    assert f"::: signxai_cpp.{name}\n" in (DOCS / "reference/python.md").read_text()


# -- the table of methods ---------------------------------------------------------------------------------------------

KERNELS = {"digits/digits_cnn.h5": 4, "digits/digits_resnet.h5": 8, "ecg/st_elevation.h5": 7}
LAST_CONVOLUTION = {"digits/digits_cnn.h5": "conv2d_1", "digits/digits_resnet.h5": "b1_conv2"}
POINTS = {"integrated_gradients": "steps", "smoothgrad": "augment_by_n", "vargrad": "augment_by_n"}


def table():
    """(methods, passes) of each row."""
    rows = re.findall(r"^\| (`[^|]+`) \| ([\d.]+) \|", (DOCS / "which-method.md").read_text(), re.MULTILINE)
    return [(name, float(passes)) for names, passes in rows for name in re.findall(r"`([^`]+)`", names)]


def counted_passes(method, model):
    """Kernel operations of the compiled explanation by kernels of the network, times the points it is computed at."""
    parameters = [f"last_conv_layer_name={LAST_CONVOLUTION[model]}"] if "grad_cam" in method else []
    parameters += ["low=-1", "high=1"] if "box" in method else []
    command = [sys.executable, "-m", "signxai_cpp", "inspect", f"{ROOT}/examples/{model}", "-m", method, "--stage", "plan"]
    plan = subprocess.run(command + [word for each in parameters for word in ("--param", each)], capture_output=True, text=True, check=True)
    kernels = len(re.findall(r"^%\d+ = (?:conv|conv_backward_data|matmul) ", plan.stdout, re.MULTILINE))
    points = {parameter.name: parameter.default for parameter in sx.describe(method).parameters}.get(POINTS.get(method), 1)
    return kernels / KERNELS[model] * float(points)


def test_the_table_is_whole():
    assert len(table()) > 20
    assert all(sx.describe(name) for name, _ in table())


@pytest.mark.parametrize("method, passes", table())
def test_passes(method, passes):
    counts = [counted_passes(method, model) for model in (LAST_CONVOLUTION if "grad_cam" in method else KERNELS)]
    assert np.mean(counts) == pytest.approx(passes, abs=0.15)


# -- links ------------------------------------------------------------------------------------------------------------


def links(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if not re.match(r"\w+://", target):
            yield target.partition("#")


@pytest.mark.parametrize("page", PAGES + [ROOT / "README.md"], ids=lambda page: page.stem)
def test_links(page):
    for path, _, anchor in links(page):
        target = (page.parent / path).resolve() if path else page
        assert target.exists() or (target.is_relative_to(DOCS) and str(target.relative_to(DOCS)) in MADE), path
        if anchor and target.suffix == ".md" and target.exists():
            headings = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}, (path, anchor)


@pytest.mark.parametrize("page", [*PAGES, *NOTEBOOKS], ids=lambda page: page.stem)
def test_menu(page):
    """`make docs` takes no page that the menu leaves out."""
    assert f": {page.relative_to(DOCS)}\n" in (ROOT / "mkdocs.yml").read_text()


# -- notebooks --------------------------------------------------------------------------------------------------------

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def texts(notebook):
    """What each cell printed or returned; pictures only count."""
    for cell in notebook.cells:
        outputs = cell.get("outputs", [])
        printed = "".join(output.text for output in outputs if output.output_type == "stream" and output.name == "stdout")
        returned = [output.data for output in outputs if "data" in output]
        yield printed + "".join(data["text/plain"] for data in returned if "image/png" not in data), sum("image/png" in data for data in returned)


def assert_same_text(found, stored):
    """The same words, and numbers that agree but for two units of the last digit."""
    assert NUMBER.sub("#", found.replace("-", "")).split() == NUMBER.sub("#", stored.replace("-", "")).split()
    for ours, theirs in zip(NUMBER.findall(found), NUMBER.findall(stored)):
        unit = 10.0 ** -len(theirs.partition(".")[2]) if "." in theirs else 0
        assert float(ours) == pytest.approx(float(theirs), abs=2.01 * unit), (found, stored)


def test_texts_are_compared():
    assert_same_text("a -0.000 b 1.25", "a 0.000 b 1.26")
    for found in ("a 1.00 b 7", "a 1.00", "b 1.00 c 8", "a 1.03 b 8", "a -1.00 b 8"):
        with pytest.raises(AssertionError):
            assert_same_text(found, "a 1.00 b 8")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks(path):
    """`make notebooks` runs and stores them anew."""
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    stored = nbformat.read(path, as_version=4)
    assert path.stat().st_size < LARGEST_NOTEBOOK
    assert all(cell.execution_count for cell in stored.cells if cell.cell_type == "code")
    found = list(texts(tool("notebooks").run(path)))
    assert sum(pictures for _, pictures in found) > 1
    for (ours, our_pictures), (theirs, their_pictures) in zip(found, texts(stored)):
        assert our_pictures == their_pictures
        assert_same_text(ours, theirs)


def test_there_are_notebooks():
    assert {path.stem for path in NOTEBOOKS} >= {"digits", "ecg"}
