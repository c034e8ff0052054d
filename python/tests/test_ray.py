"""explain() on Ray Data, on a local Ray with two CPUs. Needs Ray: the tests are left out where it is not installed."""

import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import pytest

import signxai_cpp as sx
import signxai_cpp.ray
from conftest import DIGITS, ROOT

METHODS = ["gradient", "lrp_z"]


@pytest.fixture(scope="module")
def ray():
    """A cluster of this machine, in a folder of its own, whose processes end with the tests."""
    os.environ.update(RAY_USAGE_STATS_ENABLED="0", RAY_memory_monitor_refresh_ms="0")
    ray = pytest.importorskip("ray")
    pytest.importorskip("ray.data")
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        try:
            ray.init(num_cpus=2, object_store_memory=100 << 20, include_dashboard=False, log_to_driver=False, logging_level="error", _temp_dir=folder)
        except Exception as error:  # noqa: BLE001: a machine that forbids what Ray's own servers need
            pytest.skip(f"no local Ray can be started here: {error}")
        ray.data.DataContext.get_current().enable_progress_bars = False
        yield ray
        ray.shutdown()
        deadline = time.monotonic() + 20
        while processes_of(folder) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert processes_of(folder) == []


def processes_of(folder):
    """Command lines that name the folder."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                if folder.encode() in file.read() and int(entry) != os.getpid():
                    found.append(entry)
        except OSError:
            continue
    return found


@pytest.fixture(scope="module")
def samples():
    return np.random.default_rng(4).random((24, 28, 28, 1), np.float32)


def rows_of(dataset):
    """Rows in the order of their ids."""
    return sorted(dataset.take_all(), key=lambda row: row["id"])


def columns(rows, name):
    return np.stack([row[name] for row in rows])


@pytest.fixture(scope="module")
def dataset(ray, samples):
    return ray.data.from_items([{"id": i, "x": sample, "label": i % 10} for i, sample in enumerate(samples)], override_num_blocks=6)


def test_equals_one_process(dataset, samples, tmp_path):
    """Two workers; batches of one row are the same batches wherever they are computed."""
    explained = signxai_cpp.ray.explain(dataset, DIGITS, METHODS, column="x", batch_size=1, concurrency=2)
    rows = rows_of(explained)
    alone = sx.explain_dataset(DIGITS, samples, METHODS, tmp_path, shard_size=1, threads=1)
    for name in (*METHODS, "targets", "scores"):
        assert np.array_equal(columns(rows, name), alone.load(name)), name
    assert [row["label"] for row in rows] == [i % 10 for i in range(24)] and np.array_equal(columns(rows, "x"), samples)
    assert rows[0]["lrp_z"].dtype == np.float32
    whole = sx.explain(DIGITS, samples, METHODS)
    batches = rows_of(signxai_cpp.ray.explain(dataset, DIGITS, METHODS, column="x", batch_size=5))
    for name in METHODS:
        np.testing.assert_allclose(columns(batches, name), whole.maps[name], rtol=0, atol=1e-6 * np.abs(whole.maps[name]).max())


def test_the_model_is_loaded_once_per_worker(dataset, tmp_path, monkeypatch):
    class Worker(signxai_cpp.ray._Worker):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            (tmp_path / f"{os.getpid()}-{time.time_ns()}").touch()

        def __call__(self, batch):
            return {**super().__call__(batch), "process": np.array([os.getpid()] * len(batch["id"]))}

    monkeypatch.setattr(signxai_cpp.ray, "_Worker", Worker)
    rows = rows_of(signxai_cpp.ray.explain(dataset, DIGITS, METHODS, column="x", batch_size=1, concurrency=2))
    loaded = [int(path.name.split("-")[0]) for path in tmp_path.iterdir()]
    # A worker that comes up late finds nothing left to do and may be stopped before it has loaded anything.
    assert len(rows) == 24 and len(loaded) == len(set(loaded)) and 1 <= len(loaded) <= 2
    assert {row["process"] for row in rows} <= set(loaded) - {os.getpid()}


def test_targets_and_parameters(dataset, samples):
    by_row = rows_of(signxai_cpp.ray.explain(dataset, str(DIGITS), "integrated_gradients", column="x", target_column="label", steps=3, batch_size=24))
    expected = sx.explain(DIGITS, samples, "integrated_gradients", np.arange(24) % 10, steps=3)
    assert columns(by_row, "targets").tolist() == [i % 10 for i in range(24)]
    np.testing.assert_allclose(columns(by_row, "integrated_gradients"), expected, rtol=0, atol=1e-6 * np.abs(np.asarray(expected)).max())
    top = rows_of(signxai_cpp.ray.explain(dataset, sx.Explainer(DIGITS, semantics="sound"), "gradient", column={"conv2d_input": "x"}, target="top:2"))
    assert top[0]["gradient"].shape == (2, 28, 28, 1) and top[0]["targets"].shape == (2,)


def test_live_models(dataset, digits, samples):
    from test_live import FakeKeras

    live = FakeKeras(DIGITS)
    rows = rows_of(signxai_cpp.ray.explain(dataset, live, "lrp_z", column="x", batch_size=24, concurrency=1))
    expected = sx.explain(digits, samples, "lrp_z")
    np.testing.assert_allclose(columns(rows, "lrp_z"), expected, rtol=0, atol=1e-6 * np.abs(np.asarray(expected)).max())
    with pytest.raises(NotImplementedError, match="from memory.*pass the Keras model itself"):
        signxai_cpp.ray.explain(dataset, sx.from_keras(live), "lrp_z", column="x")


def test_pictures(ray, tmp_path):
    pictures = ray.data.read_images(str(ROOT / "examples/digits"), include_paths=True, file_extensions=["png"])
    rows = signxai_cpp.ray.explain(pictures, DIGITS, "lrp_z", column="image", preprocess="unit", batch_size=1).take_all()
    alone = sx.explain_dataset(DIGITS, ROOT / "examples/digits", "lrp_z", tmp_path, preprocess="unit", shard_size=1, threads=1)
    by_name = {os.path.basename(row["path"]): row["lrp_z"] for row in rows}
    assert list(sorted(by_name)) == [os.path.basename(name) for name in alone.names]
    assert np.array_equal(np.stack([by_name[name] for name in sorted(by_name)]), alone.load("lrp_z"))


def test_several_inputs(ray, tmp_path):
    path = ROOT / "tests/golden/data/multi_input/model.h5"
    rng = np.random.default_rng(0)
    x = {port.name: rng.random((4, *port.shape), np.float32) for port in sx.load(path).inputs}
    rows = rows_of(signxai_cpp.ray.explain(
        ray.data.from_items([{"id": i, **{name: array[i] for name, array in x.items()}} for i in range(4)]), path, "gradient", batch_size=1))
    expected = sx.explain_dataset(path, x, "gradient", tmp_path, shard_size=1)
    for name in x:
        assert np.array_equal(columns(rows, f"gradient/{name}"), expected.load(f"gradient/{name}"))


def test_what_is_refused(ray, dataset, samples):
    for options, message in [
        ({}, "columns.*'x'.*inputs.*conv2d_input"), ({"column": "y"}, "'y'"), ({"column": "x", "methods": "lrp_zz"}, "lrp_z"),
        ({"column": "x", "target": [1] * 24}, "target_column"), ({"column": "x", "target_column": "no"}, "'no'"),
        ({"column": "x", "target": 3, "target_column": "label"}, "target_column"), ({"column": "x", "no_such": 1}, "no_such"),
        ({"column": "x", "max_memory": "much"}, "max_memory"), ({"column": "x", "semantics": "none"}, "semantics"),
    ]:
        with pytest.raises(ValueError, match=message):
            signxai_cpp.ray.explain(dataset, DIGITS, **options)
    with pytest.raises(ValueError, match="already"):
        signxai_cpp.ray.explain(dataset.rename_columns({"label": "scores"}), DIGITS, column="x")
    bad = ray.data.from_items([{"x": samples[0] * np.nan}])
    with pytest.raises(Exception, match="NaN"):
        signxai_cpp.ray.explain(bad, DIGITS, "gradient").take_all()


def test_a_changed_file_is_noticed(dataset, tmp_path):
    path = tmp_path / "model.h5"
    path.write_bytes(DIGITS.read_bytes())
    explained = signxai_cpp.ray.explain(dataset, path, "gradient", column="x")
    path.write_bytes((ROOT / "examples/digits/digits_resnet.h5").read_bytes())
    with pytest.raises(Exception, match="same content"):
        explained.take_all()


def test_without_ray():
    code = "import sys; sys.modules['ray'] = sys.modules['ray.data'] = None\nimport signxai_cpp.ray as r\ntry:\n    r.explain(None, 'x')\nexcept ImportError as e:\n    print(e)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install signxai-cpp[ray]" in done.stdout
