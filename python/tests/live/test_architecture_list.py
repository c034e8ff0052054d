"""docs/architectures.md has a row for every network of keras.applications of the Keras that is installed, made of what was measured."""

import importlib.util
import pathlib

import pytest

pytest.importorskip("tensorflow")
ROOT = pathlib.Path(__file__).parents[3]
spec = importlib.util.spec_from_file_location("architecture_page", ROOT / "tools/docs/architectures.py")
page = importlib.util.module_from_spec(spec)
spec.loader.exec_module(page)


def test_the_page_is_made_of_the_rows():
    assert page.PAGE.read_text() == page.page()


def test_every_constructor_has_a_row():
    rows = page.stored()
    assert page.version() in (page.KERAS2, page.KERAS3)
    assert sorted(rows[page.version()]) == page.constructors()


@pytest.mark.parametrize("version", [page.KERAS2, page.KERAS3])
def test_no_cell_fails(version):
    for name, row in page.stored()[version].items():
        assert {"parameters", "input", "logits", "gradient"} <= set(row), name
        for key in page.CELLS:
            assert row.get(key, {"verdict": "ok"})["verdict"] != "FAILS", f"{name}: {key}"
        for key in ("logits", "gradient"):
            assert row[key]["verdict"] == "Keras rounds" or row[key]["deviation"] <= 1e-4, f"{name}: {key}"
